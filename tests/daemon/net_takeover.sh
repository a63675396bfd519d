#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 900
# pvring-netd dies, at random and at each step, and the next one goes on with its rings: streams do, too, and what a guest has
# set stays.
# shellcheck disable=SC2317,SC2154 # functions are called through check and wait_until; nr_kills may be the caller's
. tests/lib/net.sh
net_test_begin 1

stream_start() { # ARGUMENT...: until stream_stop, or for two minutes
	ip netns exec guest iperf3 -s -1 >/dev/null 2>&1 &
	server=$!
	soon 30 in_guest sh -c 'ss -Htln sport = 5201 | grep -q .'
	timeout 170 iperf3 -c 10.9.0.2 -t "$1" --connect-timeout 20000 "${@:2}" >"$T/iperf" 2>&1 &
	client=$!
}

flows() { # DIRECTION: so that the next kill is in the midst of it
	local seen
	seen=$(counted "$1" frames)
	soon 60 has_counted "$1" $((${seen:-0} + 300))
}

has_counted() { # DIRECTION AT-LEAST
	[ "$(counted "$1" frames)" -gt "$2" ]
}

survives() { # DIRECTION WHAT IPERF-ARGUMENT...
	local bad=0
	stream_start 40 "${@:3}"
	log_begin
	for ((i = 0; i < ${nr_kills:-7}; i++)); do
		flows "$1" || bad=$((bad + 1))
		daemon_kill
		daemon_start
	done
	flows "$1" || bad=$((bad + 1))
	check_eq "$2: it flows after each of ${nr_kills:-7} deaths" $bad 0
	check_eq "$2: nothing was parked" "$(times_said parked)" 0
	wait $client
	check_eq "$2: it comes to its end" $? 0
	wait "$server"
}

attach 00:16:3e:00:00:01 >/dev/null
check_guest_up "the guest connects"
survives rx "a stream to the guest"
survives tx "a stream from the guest" -R

stream_start 20 -R
bad=0
for ((i = 0; i < 5; i++)); do
	flows tx || bad=$((bad + 1))
	daemon_upgrade >"$T/said" || { bad=$((bad + 1)); cat "$T/said"; }
done
flows tx || bad=$((bad + 1))
check_eq "5 upgrades under a stream from the guest: it flows after each" $bad 0
wait $client
check_eq "and comes to its end" $? 0
wait "$server"

steps='entry-written consumer-advanced answer-noted slot-written pushed entry-freed'
if daemon_has_steps; then
	for step in $steps; do
		log_begin
		daemon_stop
		PVRING_CRASH_AT=$step:40 daemon_start
		ip netns exec guest ping -q -f -c 200 -W 1 10.9.0.1 >/dev/null 2>&1
		check "$step: the daemon dies" soon 60 daemon_is_dead
		wait "${daemon_pid[netd]}"
		daemon_start
		check "$step: the next one carries packets of every size" pings 10.9.0.2
		check_eq "$step: nothing was parked" "$(times_said parked)" 0
	done
fi

guest_down
check "the vif is detached" detach
check "its interface is gone" eval '! ip link show vif1.0'
daemon_test_end
