#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon ends, another goes on with the same rings: guests do not notice.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

journal_state() { # DOMID VDEV: 0 unused, 1 live, 2 clean
	od -An -tu4 -j20 -N4 "$T/run/journal/vbd-$1-$(devid "$2")" | tr -d ' '
}

daemon_test_begin 1 2
daemon_start
bystander_start

# Without any disk in use.
disk_attach 1 xvda "$(make_image 1a.img 4M)"
disk_attach 2 xvda "$(make_image 2a.img 4M)"
guest 2 xvda info >/dev/null
wait_state 2 xvda 6
before=$(store)
daemon_stop
check_eq "SIGTERM: exit status 0" $? 0
check_eq "xenstore is as it was" "$(store)" "$before"
daemon_start
soon 30 is_serving 9 xvda
check_eq "and with the new daemon too" "$(store)" "$before"
check_serves "a disk that was offered before is served" 1 xvda
check_serves "a disk that was Closed before is served" 2 xvda

# Under load.
load_start one 1 xvda verify --seconds 3600 --depth 16 --ring-order 2 --io-timeout 10
load_start two 2 xvda verify --seconds 3600 --depth 32 --queues 2 --io-timeout 10
soon 30 is_serving 1 xvda
soon 30 is_serving 2 xvda
before=$(store)
bad_exits=0
bad_journals=0
bad_stores=0
for i in {1..10}; do
	daemon_stop blkd "$([ $((i % 2)) = 0 ] && echo TERM || echo INT)" || bad_exits=$((bad_exits + 1))
	for domid in 1 2 9; do
		[ "$(journal_state $domid xvda)" = 2 ] || bad_journals=$((bad_journals + 1))
	done
	[ "$(store)" = "$before" ] || bad_stores=$((bad_stores + 1))
	daemon_start
	soon 30 is_serving 1 xvda
	soon 30 is_serving 2 xvda
	[ "$(store)" = "$before" ] || bad_stores=$((bad_stores + 1))
done
check_eq "10 hand-overs under load: exit status 0 each time" $bad_exits 0
check_eq "the journals were clean each time" $bad_journals 0
check_eq "xenstore was never touched" $bad_stores 0
check_eq "nothing was parked" "$(times_said parked)" 0
for name in one two; do
	load_stop $name
	check_verified "the load of guest $name never noticed" $name
done
check "a disk that was taken up is closed as any other" wait_state 1 xvda 6
check_serves "and served again" 1 xvda

# An idle connection.
load_start idle 1 xvda hold
soon 30 grep -q connected "$(load_out idle)"
wait_state 1 xvda 4
daemon_stop
daemon_start
soon 30 said 'vbd 1/51712: taken up again'
kill -TERM "${load_pid[idle]}"
load_wait idle
check_eq "the guest closes it" $? 0
check "both ends are Closed" wait_state 1 xvda 6

# A guest that goes, and one that comes, while no daemon is there.
load_start leaves 1 xvda hold
soon 30 grep -q connected "$(load_out leaves)"
wait_state 1 xvda 4
daemon_stop
load_kill leaves
load_start comes 1 xvda verify --requests 300 --timeout 20
daemon_start
load_wait comes
check_verified "a guest that started over while no daemon was there" comes
daemon_stop
load_start comes 1 xvda verify --requests 300 --timeout 20
daemon_start
load_wait comes
check_verified "a guest that came while no daemon was there" comes

# A daemon that ends while a guest connects or closes.
failed=0
for i in {1..15}; do
	load_start "connects$i" 1 xvda info --timeout 20
	sleep "0.00$((RANDOM % 10))"
	daemon_stop || failed=$((failed + 1))
	daemon_start
	load_wait "connects$i" || { failed=$((failed + 1)); cat "$(load_out "connects$i")"; }
done
check_eq "15 daemons ended while a guest connected or closed: none failed, no guest was left behind" $failed 0

# Two daemons.
load_start both 1 xvda verify --seconds 3600 --depth 8 --io-timeout 10
soon 30 is_serving 1 xvda
before=$(store)
daemon_launch other
other_leaves_alone() { grep -q "vbd 1/51712: left alone: another daemon (pid ${daemon_pid[blkd]}) serves it" "$(daemon_log other)"; }
check "a second daemon leaves the disks of the first alone and says whose they are" soon 30 other_leaves_alone
check_match "its status says so" "$(ask status other)" '"phase":"claimed by another daemon"'
check_eq "it has touched nothing" "$(store)" "$before"
disk_attach 2 xvdb "$(make_image 2b.img 1M)"
check_serves "a new disk is served by one of them" 2 xvdb
daemon_stop
check_eq "the first ends: exit status 0" $? 0
other_took_over() { [ "$(grep -c 'taken up again' "$(daemon_log other)")" -ge 2 ]; }
check "the second takes its disks over" soon 30 other_took_over
daemon_start
daemon_stop other
check_eq "the second ends: exit status 0" $? 0
soon 30 is_serving 1 xvda
load_stop both
check_verified "the guest's load ran through all that" both
check_serves "the disk attached meanwhile is served by who is left" 2 xvdb

# The same socket.
out=$("$loopxen" run -- "$daemon" --control "$T/run/blkd.sock" 2>&1)
check_eq "a daemon with the socket of another: exit status 1" $? 1
check_match "and it says which" "$out" "$T/run/blkd.sock: another daemon answers there"
check_match "the first one still answers" "$(ask status)" '"ok":true'

daemon_test_end
