#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that misbehaves again and again, on all its disks: it is answered each time, and the log stays bounded. What
# comes of each misdeed is in bad_input.table.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

hostile=$(realpath "$O/tests/daemon/hostile")

abuse() { # CASE [VDEV]: what came of it, a line
	wait_state 1 "${2:-xvda}" 6 2 4 >&2 # 4: the one before has vanished
	domu 1 "$hostile" --vdev "${2:-xvda}" "$1" 2>&1 | sort -u | tr '\n' ';'
}

daemon_test_begin 1
daemon_start
bystander_start
# A new connection is no new allowance, nor is another disk. As many lines as fit into the time, with one that was
# already said before it.
for vdev in xvd{a..f}; do disk_attach 1 "$vdev" null:1M; done
log_begin
began=$SECONDS
for _ in {1..8}; do
	for vdev in xvd{a..f}; do abuse operation "$vdev" >/dev/null; done
done
check_match "48 connections later a bad request is still answered" "$(abuse operation)" "^afterwards 0;backend Connected;"
check "and what the log says of it is bounded" \
	[ "$(times_said 'request refused')" -le $((5 * ((SECONDS - began) / 10 + 2))) ]
check "the same for its coming and going, but for the first of each disk" \
	[ "$(times_said ': (connected|disconnected)$')" -le $((5 * ((SECONDS - began) / 10 + 2) + 12)) ]
says_the_rest() { abuse operation >/dev/null && said 'request refused: .*\([0-9]+ more not shown\)'; }
check "and says how much was left out" soon 30 says_the_rest
daemon_test_end
