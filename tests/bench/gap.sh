#!/bin/bash
# SPDX-License-Identifier: MIT
# On loopxen: for how long a guest has no answer while its daemon is replaced, which is the longest latency of reads of 4 KiB,
# one at once, that go on all the while. With nothing done, it is what the machine does to such a load by itself.
set -u
daemon_is_plain=1
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/bench/lib.sh

# shellcheck disable=SC2086 # words
start_daemon() {
	daemon_start --log info --guest 1 $BENCH_DAEMON
}

replace_daemon() { # HOW
	case $1 in
	nothing) ;;
	sigterm) daemon_stop && start_daemon ;;
	kill) daemon_kill; start_daemon ;;
	upgrade) daemon_upgrade >/dev/null ;;
	esac
}

measure() { # HOW
	load_start gap 1 xvda bench --json --depth 1 --bs 4K --seconds "$BENCH_SECONDS"
	soon 20 is_serving 1 xvda || give_up "no load"
	replace_daemon "$1" || give_up "$1: the daemon was not replaced"
	! load_is_over gap || give_up "$1: the load was over before: more BENCH_SECONDS"
	load_wait gap || give_up "$1: the load gave up: $(cat "$(load_out gap)")"
	record gap "$1" "$(sed -n 's/.*"max": \([0-9.]*\).*/\1/p' "$(load_out gap)")"
}

daemon_test_begin 1
disk_create 1 xvda "$(make_image xvda.img 16M)"
start_daemon
for ((round = 1; round <= BENCH_ROUNDS; round++)); do
	say "gap: round $round of $BENCH_ROUNDS"
	for how in nothing sigterm kill upgrade; do
		measure $how
	done
done
daemon_stop
