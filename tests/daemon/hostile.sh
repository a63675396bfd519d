#!/bin/bash
# SPDX-License-Identifier: MIT
# A guest that misbehaves on the ring and around it: each time the right answer, or its own device stops; another guest's
# verified load runs on, and nothing is left.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

hostile=$(realpath "$O/tests/daemon/hostile")

abuse() { # CASE [VDEV]: what came of it, a line
	wait_state 1 "${2:-xvda}" 6 2 4 >&2 # 4: the one before has vanished
	domu 1 "$hostile" --vdev "${2:-xvda}" "$1" 2>&1 | sort -u | tr '\n' ';'
}

refused() { # STATUS CASE...: answered with this status, and the device goes on
	local status=$1 case
	shift
	for case; do
		check_match "$case is answered with $status, and the device goes on" "$(abuse "$case")" \
			"^afterwards 0;backend Connected;response operation=[0-9]+ status=$status;\$"
	done
}

ends_in() { # STATE CASE...: that is where the backend goes
	local state=$1 case
	shift
	for case; do
		check_match "$case: the backend is $state" "$(abuse "$case")" "backend $state;"
	done
}

daemon_test_begin 1
daemon_start
bystander_start
disk_attach 1 xvda "$(make_image 1.img 4M)"

refused -2 operation operation-255 indirect discard
refused -1 no-segments segments-12 segments-255 first-after-last last-8 last-255 second-bad gref-unused gref-max \
	last-gref write-gref beyond-end across-end sector-wraps sector-shift-wraps
refused 0 flush-with-segments same-page-twice barrier write-barrier
errors=$(ask status | grep -o '"errors":{[^}]*}' | tr -d '\n')
for reason in "unknown operation" "no segments" "too many segments" "beyond the end of the disk" \
	"a segment ends before it begins" "a segment ends outside its page" "a grant that cannot be used"; do
	check_match "the status counts '$reason'" "$errors" "\"$reason\":[1-9]"
done

ends_in Closing prod-too-far prod-far-off prod-backwards
check_said "an impossible index is said" "stopped: the guest's request index is impossible"
check_match "the same id twice is answered twice" "$(abuse same-id)" "a second response to one request"
check_match "what a guest writes over rsp_prod is not believed" "$(abuse rsp-prod)" \
	"backend Connected;.*rsp_prod 1, one request was sent"
check_match "a ring of slots that nobody filled in is answered" "$(abuse garbage-slots)" "backend Connected;"
check_match "a storm of events is survived" "$(abuse event-storm)" "^afterwards 0;backend Connected;"
check_match "requests changed after they were published do no harm" "$(abuse mutate)" "backend Connected;requests [1-9]"
check_eq "writes whose grants were taken back are errors" "$(abuse revoked)" \
	"backend Connected;response operation=1 status=-1;"
check_match "grants taken back while they are used: served or an error, and the device goes on" "$(abuse revoke)" \
	"^backend Connected;(response operation=1 status=-1;)?(response operation=1 status=0;)?\$"
ends_in Closed closed-with-requests-out flap
ends_in InitWait restart-with-requests-out
ends_in Closing unknown-state
check_serves "after all that the guest is served" 1 xvda

# A new connection is no new allowance, nor is another disk. As many lines as fit into the time, with one that was
# already said before it.
for vdev in xvd{b..f}; do disk_attach 1 "$vdev" null:1M; done
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
