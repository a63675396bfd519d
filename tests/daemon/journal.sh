#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon that is killed leaves a record of every request that it took and did not answer, and the next one serves those. If
# the record cannot be right it leaves the ring alone and says why, until the guest starts over.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

journal() { # DOMID VDEV: the file
	echo "$T/run/journal/vbd-$1-$(devid "$2")"
}

dump() { # DOMID VDEV
	dom0 "$O/pvring" journal dump "$(journal "$1" "$2")"
}

count() { # REGEX OF THE LINE'S END DUMP: the number that the line begins with
	sed -nE "s/^([0-9]+) request\\(s\\) $1\$/\\1/p" <<<"$2"
}

# Once the guest has taken all answers that there are, what it waits for is what the ring and the journal say together.
accounts_for() { # DEPTH
	local all
	all=$(dump 1 xvda)
	taken=$(count 'taken and not answered' "$all")
	waiting=$(count 'in the ring and not taken' "$all")
	[ "$((taken + waiting))" = "$1" ]
}

daemon_test_begin 1 2
disk_create 1 xvda "$(make_image 1a.img 16M)"
disk_create 2 xvda "$(make_image 2a.img 4M)"

bad=0
most=0
for i in {1..12}; do
	depth=$((1 << i % 6))
	daemon_start
	load_start "load$i" 1 xvda hold --depth $depth --ring-order $((i % 3))
	soon 30 is_serving 1 xvda
	sleep "0.0$((RANDOM % 50))"
	daemon_kill
	if ! soon 30 accounts_for $depth; then
		bad=$((bad + 1))
		echo "# depth $depth: $(dump 1 xvda | tr '\n' '|')"
	fi
	all=$(dump 1 xvda)
	listed=$(grep -cE '^slot [0-9]+  index [0-9]+ .* read \(0\)  sector [0-9]+  1 segment' <<<"$all")
	distinct=$(sed -nE 's/^slot [0-9]+  index ([0-9]+) .*/\1/p' <<<"$all" | sort -u | wc -l)
	if [ "$listed" != "$taken" ] || [ "$distinct" != "$taken" ]; then
		bad=$((bad + 1))
		echo "# $taken requests, $listed listed, $distinct of them distinct"
	fi
	[ "$taken" -le "$most" ] || most=$taken
	load_kill "load$i"
	rm "$(journal 1 xvda)"
	dom0 xenstore-write "$(front 1 xvda)/state" 6
done
check_eq "12 daemons killed under load: journal and ring account for every request the guest waits for" $bad 0
echo "# at most $most requests were taken and not answered"

# Died when it had written an entry, and not yet that it had taken it: the request still is in the ring.
if daemon_has_steps; then
	PVRING_CRASH_AT=entry-written:3 daemon_start
	load_start between 1 xvda hold --depth 4
	daemon_dies entry-written
	check "a request that was about to be taken is in the ring, and there alone" soon 30 accounts_for 4
	load_kill between
	rm "$(journal 1 xvda)"
	dom0 xenstore-write "$(front 1 xvda)/state" 6
fi

# The next daemon.
spoil() { # HOW: what the file of the journal becomes
	case $1 in
	empty) : >"$(journal 1 xvda)" ;;
	random) head -c 9000 /dev/urandom >"$(journal 1 xvda)" ;;
	missing) rm "$(journal 1 xvda)" ;;
	version) put_byte 8 99 ;;
	entries) printf '\xff\xff\xff\xff' | dd of="$(journal 1 xvda)" bs=1 seek=16 conv=notrunc status=none ;;
	state) put_byte 20 7 ;;
	req_cons) put_byte 24 $((($(od -An -tu1 -j24 -N1 "$(journal 1 xvda)") + 1) % 256)) ;;
	rsp_prod) put_byte 28 $((($(od -An -tu1 -j28 -N1 "$(journal 1 xvda)") + 1) % 256)) ;;
	esac
}

put_byte() { # OFFSET VALUE
	printf '%b' "\\x$(printf %02x "$2")" | dd of="$(journal 1 xvda)" bs=1 seek="$1" conv=notrunc status=none
}

daemon_start
load_start parked 1 xvda hold --depth 16 --io-timeout 120
load_start other 2 xvda hold --depth 4 --io-timeout 120
soon 30 is_serving 1 xvda
soon 30 is_serving 2 xvda
killed=${daemon_pid[blkd]}
daemon_kill
soon 30 accounts_for 16
cp "$(journal 1 xvda)" "$T/kept"
spoil req_cons
before=$(dump 1 xvda)
log_begin
daemon_start
check_said "a record of a daemon that was killed, and it is not what the ring has: the disk is parked" \
	"vbd 1/51712: parked: [0-9]+ requests are unanswered by the ring, [0-9]+ by the journal; its ring is left as it is"
check_said "the other disk is taken up" 'vbd 2/51712: taken up again, with [0-4] unanswered'
check_match "status shows it" "$(device_status 1 xvda)" \
	"\"state\":\"Connected\",\"phase\":\"parked\",\"reason\":\"parked: [0-9]+ requests"
daemon_stop
check_eq "the ring and the record are untouched" "$(dump 1 xvda)" "$before"
check_match "which names who died" "$before" "state: live: being served, or its daemon died \(pid $killed\)"
daemon_start
check "the daemon after that one parks it too" soon 30 said 'vbd 1/51712: parked' 2
check_eq "each has said it once" "$(times_said 'vbd 1/51712: parked')" 2
bystander_start
check "the other disks are served meanwhile" is_serving 9 xvda
check_eq "nothing has changed in the ring" "$(dump 1 xvda)" "$before"
check "the guest still waits" kill -0 "${load_pid[parked]}"
daemon_stop
cp "$T/kept" "$(journal 1 xvda)"
log_begin
daemon_start
check_said "with the true one: taken up" "vbd 1/51712: taken up again, with $taken unanswered"
check "and the guest goes on" soon 30 is_serving 1 xvda
daemon_stop
spoil random
daemon_start
soon 30 said 'vbd 1/51712: parked: not a pvring journal'

load_kill parked
check_serves "the guest starts over: its disk is served" 1 xvda
check_match "and status has no reason any more" "$(device_status 1 xvda)" '"reason":""'
disk_ask_to_close 2 xvda
check "the toolstack detaches the other disk: Closed" wait_state 2 xvda 6
load_wait other 2>/dev/null
disk_remove 2 xvda
check "and forgotten" soon 30 disk_is_gone 2 xvda
check "its journal is gone" [ ! -e "$(journal 2 xvda)" ]

# A record that is none.
load_start broken 1 xvda hold
soon 30 grep -q connected "$(load_out broken)"
wait_state 1 xvda 4
load_stop bystander
check_verified "another guest's load was unharmed" bystander
unset 'load_pid[bystander]'
for how in empty random missing version entries state req_cons rsp_prod; do
	daemon_stop
	cp "$(journal 1 xvda)" "$T/kept"
	spoil $how
	log_begin
	daemon_start
	check_said "a journal that is spoilt ($how): parked" 'vbd 1/51712: parked: .*(journal|clean)'
	daemon_stop
	cp "$T/kept" "$(journal 1 xvda)"
	daemon_start
	check_said "with the true one ($how): taken up" 'vbd 1/51712: taken up again'
done
load_stop broken
check_eq "the guest closes it" $? 0

# What no longer agrees with xenstore.
load_start moved 1 xvda hold
soon 30 grep -q connected "$(load_out moved)"
wait_state 1 xvda 4
for node in ring-ref event-channel; do
	daemon_stop
	kept=$(node "$(front 1 xvda)/$node")
	dom0 xenstore-write "$(front 1 xvda)/$node" $((kept + 1))
	log_begin
	daemon_start
	check_said "the guest's $node changed meanwhile: parked" "vbd 1/51712: parked: .*$node differs"
	daemon_stop
	dom0 xenstore-write "$(front 1 xvda)/$node" "$kept"
	daemon_start
	check_said "changed back: taken up" 'vbd 1/51712: taken up again'
done
load_stop moved
load_start away 1 xvda hold
soon 30 grep -q connected "$(load_out away)"
wait_state 1 xvda 4
daemon_stop
mv "$T/1a.img" "$T/away.img"
daemon_start
check_said "the image is missing: parked" "vbd 1/51712: parked: image $T/1a.img: No such file"
load_kill away
out=$(guest 1 xvda info --timeout 1 2>&1)
check_eq "a guest that starts over cannot connect" $? 3
check_match "and the toolstack is told why" "$(node "$(back 1 xvda)/hotplug-error")" "image $T/1a.img: No such file"
mv "$T/away.img" "$T/1a.img"
check_serves "once the image is there again: served" 1 xvda
disk_attach 1 xvdb mem:1M
load_start memory 1 xvdb hold
soon 30 grep -q connected "$(load_out memory)"
wait_state 1 xvdb 4
daemon_stop
daemon_start
check_said "a disk in the memory of the daemon that ended: parked" 'vbd 1/51728: parked: image mem:1M was in the memory'
load_kill memory
check_serves "until the guest starts over" 1 xvdb

daemon_test_end
