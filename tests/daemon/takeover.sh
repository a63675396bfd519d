#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 900
# A daemon dies, the next one goes on with its rings: guests do not notice. It dies at random moments, and at each step that a
# request goes through (common/base/crash_point.h; where the daemon was built with a sanitizer).
# shellcheck disable=SC2317,SC2154 # functions are called through check and soon; nr_kills may be the caller's
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

daemon_test_begin 1 2
disk_create 1 xvda "$(make_image 1a.img 4M)"
disk_create 2 xvda "$(make_image 2a.img 4M)"

# ---- at random -----------------------------------------------------------------------------------------------------
loads_start() {
	load_start one 1 xvda verify --seconds 3600 --depth 16 --ring-order 2 --io-timeout 60
	load_start two 2 xvda verify --seconds 3600 --depth 32 --queues 2 --io-timeout 60
	loads_go_on
}

loads_go_on() {
	soon 60 is_serving 1 xvda && soon 60 is_serving 2 xvda
}

loads_never_noticed() { # HOW
	local name
	for name in one two; do
		load_stop $name
		check_verified "$1: guest $name never noticed" $name
	done
}

died_at_random() { # N [DAEMON ARGUMENT...]
	local nr=$1 bad=0 nr_unanswered how
	shift
	how="${*:-by default}"
	daemon_start "$@"
	loads_start
	before=$(store)
	log_begin
	for ((i = 0; i < nr; i++)); do
		sleep "0.0$((RANDOM % 50))"
		daemon_kill
		daemon_start "$@"
		loads_go_on || bad=$((bad + 1))
		[ "$(store)" = "$before" ] || bad=$((bad + 1))
	done
	check_eq "$how: $nr daemons killed: the next one served, and wrote nothing into xenstore" $bad 0
	check_eq "$how: nothing was parked" "$(times_said parked)" 0
	nr_unanswered=$(log_tail | sed -nE 's/.*taken up again, with ([0-9]+) unanswered.*/\1/p' | awk '{ n += $1 } END { print n + 0 }')
	check "$how: there were unanswered requests ($nr_unanswered)" [ "$nr_unanswered" -gt 0 ]
	loads_never_noticed "$how"
	daemon_stop
}
nr_kills=${nr_kills:-24}
died_at_random $((nr_kills / 2))
died_at_random $((nr_kills / 4)) --grants map
died_at_random $((nr_kills / 4)) --grants copy

# ---- at each step --------------------------------------------------------------------------------------------------
died_at() { # STEP N QUEUES [DAEMON ARGUMENT...]: the next one goes on
	local at=$1:$2 queues=$3
	shift 3
	PVRING_CRASH_AT=$at daemon_start --threads 2 "$@"
	load_start step 1 xvda verify --requests 600 --depth 8 --queues "$queues" --io-timeout 60
	daemon_dies "$at"
	log_begin
	daemon_start "$@"
	load_wait step
	check_verified "$at, $queues queue(s)${*:+, $*}: the guest never noticed" step
	check_eq "$at, $queues queue(s)${*:+, $*}: nothing was parked" "$(times_said parked)" 0
	daemon_stop
}

# The next ones die, too, on their way to take the ring up.
died_again_at() { # STEP...
	local at
	PVRING_CRASH_AT=submitted:40 daemon_start --threads 2
	load_start step 1 xvda verify --requests 600 --depth 8 --queues 2 --io-timeout 60
	daemon_dies submitted
	for at; do
		PVRING_CRASH_AT=$at daemon_launch blkd
		daemon_dies "$at"
	done
	daemon_start
	load_wait step
	check_verified "$*, while a ring is taken up: the guest never noticed" step
	daemon_stop
}

# Served again with the others, then alone, then no more; other guests' disks are served all the time.
a_request_that_daemons_die_of() {
	local at
	PVRING_CRASH_AT=submitted:20 daemon_start
	load_start fatal 1 xvda hold --depth 4 --io-timeout 60
	daemon_dies submitted
	for at in replayed:4 replayed:1; do
		PVRING_CRASH_AT=$at daemon_launch blkd
		daemon_dies $at
	done
	log_begin
	daemon_start
	check_said "a request that three daemons died of is refused" 'vbd 1/51712: .*three daemons died' # the guest may close it before we do
	check "and its device is closed" wait_state 1 xvda 6
	check_serves "another guest is served" 2 xvda
	load_wait fatal
	check_serves "the guest starts over: it is served" 1 xvda
	daemon_stop
}

if daemon_has_steps; then
	for step in entry-written consumer-advanced copied submitted completed answer-noted slot-written pushed entry-freed; do
		died_at $step 1 1
		died_at $step 150 1
		died_at $step 150 2
	done
	died_at notified 20 1
	died_at mapped 150 2 --grants map
	died_again_at entry-resumed:2 resumed:1
	died_again_at replayed:2
	a_request_that_daemons_die_of
fi

daemon_start
bystander_start
daemon_test_end
