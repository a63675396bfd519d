#!/bin/bash
# SPDX-License-Identifier: MIT
# A vif with nothing behind it: what its guest sends goes nowhere, and frames come if it is to have any.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
net_test_begin 1 --threads 2
back=/local/domain/0/backend/vif/1

attach_null() { # DEVID BYTES ARGUMENT...
	local devid=$1 bytes=$2
	shift 2
	dom0 "$pvring" attach vif 1 "00:16:3e:00:00:0$devid" --devid "$devid" --bridge "null:$bytes" "$@"
}

of_vif() { # DEVID tx|rx frames|bytes
	ask status | grep -o "\"device\":\"vif 1/$1\".*" | grep -o "\"$2\":{\"frames\":[^}]*" | head -1 |
		grep -o "\"$3\":[0-9]*" | cut -d: -f2
}

has_received() { # DEVID FRAMES
	[ "$(of_vif "$1" rx frames)" -ge "$2" ]
}

guest_on() { # DEVID NETLOAD-ARGUMENT...: in the background
	"$loopxen" run --domid 1 -- "$netload" --devid "$1" --timeout 30 "${@:2}" >"$T/netload" 2>&1 &
	guest_pid=$!
	loopxen_track $guest_pid
}

# ---- it takes ------------------------------------------------------------------------------------------------------

check "a vif on nothing is attached" attach_null 0 ""
check "it has no interface here" eval '! ip link show vif1.0'
check "and none is named" eval '! node $back/0/vifname'
check_match "its status says so" "$(ask status)" '"interface":"","bridge":"null:","pair":""'
guest_on 0 --queues 2 --generate 20000 --sizes 60-1514
wait $guest_pid
check_eq "a guest sends to it" $? 0
check_eq "all of which is counted" "$(of_vif 0 tx frames)" 20000
check_eq "and nothing comes" "$(of_vif 0 rx frames)" 0
guest_on 0 --generate 500 --sizes 20000-65000 --tcp-gso 1448
wait $guest_pid
check_eq "large ones, too" "$?: $(of_vif 0 tx frames)" "0: 20500"
guest_on 0 --generate 4294967295 --sizes 1000-1000
soon 20 eval '[ "$(of_vif 0 tx frames)" -gt 30000 ]'
daemon_stop
daemon_start --threads 2
check "the next daemon goes on with it" soon 20 eval '[ "$(of_vif 0 tx frames)" -gt 10000 ]'
check_eq "nothing is dropped" "$(ask status | grep -o '"drops":{"[^}]*')" ""
kill $guest_pid
wait $guest_pid

# ---- it gives ------------------------------------------------------------------------------------------------------

check "a vif of small frames is attached" attach_null 1 60
guest_on 1 --queues 2 --receive
check "frames come" soon 20 has_received 1 100000
daemon_stop
daemon_start --threads 2
check "from the next daemon, too" soon 20 has_received 1 100000
kill -STOP $guest_pid
stands_still() {
	local before
	before=$(of_vif 1 rx frames)
	[ "$before" = "$(of_vif 1 rx frames)" ]
}
check "a guest that posts no more gets no more" soon 20 stands_still
check_eq "all were of their size" "$(of_vif 1 rx bytes)" $(($(of_vif 1 rx frames) * 60))
kill -CONT $guest_pid
kill $guest_pid
wait $guest_pid
check "one of large frames is attached" attach_null 2 65535 --rate 20Mb/s
guest_on 2 --receive
check "they come, too" soon 20 has_received 2 1000
kill $guest_pid
wait $guest_pid
guest_on 2 --receive --no-sg
check_said "not to a guest that takes no more than a page" \
	"vif 1/2: .*/bridge: 'null:65535': frames of that size are longer than a page, and the guest takes no more at once"
wait $guest_pid
check_match "one of no size is refused" "$(attach_null 3 x 2>&1)" "'null:x': expected null:, or behind it a frame's bytes, 14 to 65535"
for devid in 0 1 2; do
	check "vif $devid is detached" dom0 "$pvring" detach vif 1 $devid
done
daemon_test_end
