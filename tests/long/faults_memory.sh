#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 1800
# The daemon's k-th allocation fails; memory ends there for good; it fails once with more threads, with mapped data and
# while an operator asks; it fails while a ring in use is taken up.
# shellcheck disable=SC2317,SC2154 # functions are called by name; bad and outcome are sweep.bash's
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/daemon/sweep.bash

sweep_begin
sweep memory --threads 1
sweep memory:persist --threads 1

# An answer is whole, or an error, or none.
ask_everything() {
	local got
	got=$(ask status 2>/dev/null)
	[[ -z $got || $got = '{"ok":false,'* || $got =~ \"devices\":\[\]|\"in_flight\":.*\"flush\":.*\"flush\":.*\"errors\":\{[^}]*\}.*\
\"max\":.*\"buckets\":\[[^]]*\]\},\"spurious_events\" ]] || bad+=", status: $got"
	got=$(ask metrics 2>/dev/null)
	[[ -z $got || $got = '{"ok":false,'* || $got != *device=* || $got =~ request_seconds_count.*$ ]] || bad+=", metrics: $got"
}
sweep_meanwhile=ask_everything
sweep memory --threads 4 --grants map
sweep_meanwhile=:

taken_up_or_not() {
	said '(taken up again|parked: |the connection is lost)' || ! daemon_is_alive
}
daemon_start
load_start over 1 xvda verify --seconds 3600 --depth 4 --io-timeout 20 --keep-going
soon 10 is_serving 1 xvda
daemon_stop
all_bad=
for ((k = 1; k <= sweep_max_k; k++)); do
	bad=
	log_begin
	LOOPXEN_FAIL=memory:$k daemon_launch blkd --threads 1
	soon 20 daemon_has_begun blkd
	soon 20 taken_up_or_not
	reap_daemon
	has_failed || break
	daemon_start --threads 1
	soon 20 is_serving 1 xvda || bad+=", not served by the next daemon"
	daemon_stop
	[ -z "$bad" ] || all_bad+="memory:$k: ${bad#, }; "
done
check_eq "memory fails while a ring is taken up: that daemon has it, or the next, with k to $((k - 1))" "$all_bad" ""
daemon_start
load_stop over
outcome="$? $(grep -v 'failed: Input/output error$' "$(load_out over)" | tr '\n' '|')"
check_match "and the guest never noticed, but for a request or two that were answered with an error" "$outcome" \
	'^(0 verified [1-9][^|]*|1 NOT verified: [12] errors in [0-9]+ requests)[|]$'
daemon_test_end
