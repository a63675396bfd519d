#!/bin/bash
# SPDX-License-Identifier: MIT
# The k-th map, copy or bind of the daemon fails, for every k until nothing fails any more, and all of them from the k-th
# on; unmaps that are late.
# shellcheck disable=SC2317,SC2154 # functions are called through check and soon; outcome and bad are sweep.bash's
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/daemon/sweep.bash

hostile=$(realpath "$O/tests/daemon/hostile")
sweep_begin

for mode in "" :persist; do
	for what in map copy bind; do
		sweep $what$mode --grants copy
	done
	sweep map$mode --grants map
	sweep map$mode --grants auto # which does without, all but the ring
	sweep bind$mode --grants map
done

while read -r fault how want; do
	faulty_daemon "$fault" --grants "$how"
	check_eq "$fault, --grants $how: what the guest gets" "$outcome$bad" "$want"
done <<END
map:1 copy refused, served
map:1:persist copy refused, next daemon served
map:2 map answered, served
map:2 auto served, served
map:2:persist auto served, next daemon served
copy:1 copy answered, served
bind:1 copy refused, served
END

# The guest is told, the operator is told.
LOOPXEN_FAIL=map:1 daemon_start
log_begin
live
check_said "a ring that cannot be mapped: the log says it" 'vbd 1/51712: connect: cannot map the ring of 1 page\(s\), first grant [0-9]+ of domain 1'
check_match "and xenstore" "$(node /local/domain/0/error/backend/vbd/1/51712/error)" 'cannot map the ring'
check_serves "the next connection is served" 1 xvda
check_eq "and nothing is left of the error" "$(node /local/domain/0/error/backend/vbd/1/51712/error)" ""
daemon_stop

# A hand-over that does not succeed leaves the ring for the next daemon; a late unmap of the ring is no obstacle to one.
hand_over() { # FAULT REGEX: what the daemon says that takes the ring up
	daemon_start
	load_start over 1 xvda verify --seconds 3600 --depth 4 --io-timeout 20
	soon 30 is_serving 1 xvda
	daemon_stop
	log_begin
	LOOPXEN_FAIL=$1 daemon_start
	check_said "$1 while a ring is taken up" "vbd 1/51712: $2"
	daemon_stop
	check "and it came true ($1)" has_failed
	daemon_start
	check_said "the daemon after that takes it up ($1)" 'vbd 1/51712: taken up again'
	load_stop over
	check_verified "and the guest never noticed ($1)" over
	daemon_stop
}
hand_over map:1 'parked: cannot map'
hand_over bind:1 'taken up again'
hand_over bind:1:persist 'parked: cannot bind'
hand_over unmap:1:persist 'taken up again'

# Late unmaps change no answer: the same requests of good and bad guests, one connection after the other.
answers() { # FAULT
	local case
	LOOPXEN_FAIL=$1 daemon_start --grants map
	for case in same-page-twice gref-unused last-gref write-gref revoked second-bad closed-with-requests-out \
		restart-with-requests-out flap; do
		wait_state 1 xvda 6 2 4 >&2
		echo "$case:"
		domu 1 "$hostile" --vdev xvda "$case" 2>&1 | sort -u
	done
	wait_state 1 xvda 6 2 4 >&2
	guest 1 xvda verify --requests 200 --ring-order 4 2>&1 | cut -d ' ' -f 1
	ask status | grep -o '"errors":{[^}]*}'
	daemon_stop
}
answers "" >"$T/on-time"
log_begin
answers unmap:1:persist >"$T/late"
check_eq "late unmaps: every answer is what it is without them" "$(cat "$T/late")" "$(cat "$T/on-time")"
check_match "which are some" "$(tr '\n' ' ' <"$T/late")" 'status=0 .*status=-1 .*verified "errors"'
check "they were late" has_failed
check_clean "and then nothing is held any more"

daemon_start
daemon_test_end
