#!/bin/bash
# SPDX-License-Identifier: MIT
# A vif whose journals cannot be used: its rings say all there is to know, so an operator loses some frames and nothing else.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/net.sh
net_test_begin 1

is_parked() {
	ask status | grep -q '"device":"vif 1/0"[^}]*"phase":"parked"'
}

recover() { # ARGUMENT...
	dom0 "$O/pvring" recover vif 1/0 "$@" --control "$T/run/netd.sock" 2>&1
}

spoil_and_recover() { # WHEN
	local journal
	for journal in "$T"/run/journal/vif-1-0*; do
		case $journal in
		*-state | *-static) ;;
		*) truncate -s 100 "$journal" ;;
		esac
	done
	daemon_start
	check "$1: parked" soon 30 is_parked
	check_eq "$1: recovered without its journals, with nothing that hangs" "$(recover --replay-nothing)" "vif 1/0: connected"
	check "$1: packets of every size go both ways" pings 10.9.0.2
}

attach 00:16:3e:00:00:01 >/dev/null
check_guest_up "the guest connects"
check "packets go both ways" pings 10.9.0.2
ip netns exec guest ping -q -f -c 100000 -s 4000 10.9.0.1 >/dev/null 2>&1 &
flood=$!
soon 30 eval '[ "$(counted tx frames)" -gt 500 ]'
daemon_kill
spoil_and_recover "killed under a flood"
kill $flood
wait $flood 2>/dev/null
for step in consumer-advanced slot-written pushed; do
	daemon_has_steps || break
	daemon_stop
	PVRING_CRASH_AT=$step:40 daemon_start
	ip netns exec guest ping -q -f -c 200 -W 1 10.9.0.1 >/dev/null 2>&1
	daemon_dies "$step"
	spoil_and_recover "died at $step"
done
daemon_kill
daemon_start
check "the next one takes it up by itself" pings 10.9.0.2

guest_down
check "the vif is detached" detach
daemon_test_end
