# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A guest that says on a vif's control ring what the test tells it (tests/daemon/net_guest). Source after net.sh:
#
#	raw_guest_up NAME QUEUES; check_ask NAME STATUS DATA TYPE DATA0 DATA1 DATA2; tell LINE; raw_guest_down NAME
# shellcheck disable=SC2154 # variables of loopxen.sh and daemon.sh
net_guest=$(realpath "$O/tests/daemon/net_guest")

has_answered() { # NUMBER: of lines
	[ "$(grep -c '^answer\|^page\|^no answer\|^bad' "$T/guest")" -ge "$1" ]
}

tell() { # LINE: its answer in $told
	local nr
	nr=$(grep -c '^answer\|^page\|^no answer\|^bad' "$T/guest")
	echo "$1" >&"$to_guest"
	soon 25 has_answered $((nr + 1))
	told=$(grep '^answer\|^page\|^no answer\|^bad' "$T/guest" | tail -n +$((nr + 1)))
}

check_ask() { # NAME STATUS DATA TYPE DATA0 DATA1 DATA2
	tell "ask $4 $5 $6 $7"
	check_eq "$1" "$told" "answer $(($4)) $2 $3"
}

raw_guest_up() { # NAME QUEUES
	rm -f "$T/to_guest"
	mkfifo "$T/to_guest"
	ip netns exec guest "$loopxen" run --domid 1 -- "$net_guest" --devid 0 --queues "$2" \
		<"$T/to_guest" >"$T/guest" 2>&1 &
	guest_pid=$!
	loopxen_track $guest_pid
	exec {to_guest}>"$T/to_guest"
	soon 20 grep -q '^connected' "$T/guest"
	check_eq "$1" "$(head -n 1 "$T/guest")" "connected $2"
}

raw_guest_down() { # NAME
	echo leave >&"$to_guest"
	exec {to_guest}>&-
	wait "$guest_pid"
	check_eq "$1" $? 0
}
