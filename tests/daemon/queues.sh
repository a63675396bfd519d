#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk of several queues: each has its worker, all have one image, and a daemon with fewer workers takes up what one
# with more has begun.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

queues_are() { # NUMBER: each has taken requests
	device_status 1 xvda | grep -qE "\"queue_requests\":\[([1-9][0-9]*,?){$1}\]"
}

nr_journals() {
	find "$T/run/journal" -name "vbd-1-$(devid xvda)*" | wc -l
}

is_offered() { # NUMBER
	[ "$(node "$(back 1 xvda)/multi-queue-max-queues")" = "$1" ]
}

verify_with() { # NUMBER [ARGUMENT...]: so many queues
	local nr=$1
	shift
	load_start verify 1 xvda verify --seconds 3600 --depth 16 --queues "$nr" --io-timeout 30 "$@"
	soon 30 is_serving 1 xvda # it has read what there was, and writes
	check "$nr queue(s)${*:+, $*}: each of them is used" soon 30 queues_are "$nr"
	load_stop verify
	check_verified "and all of it is as it was written" verify
}

daemon_test_begin 1
daemon_start --threads 4
bystander_start
disk_attach 1 xvda "$(make_image a.img 2M)"
check "as many queues as workers are offered" is_offered 4

# One connection after the other, of another number each.
for nr in 1 2 3 4; do
	verify_with $nr
done
check_eq "each ring has a journal" "$(nr_journals)" 4
verify_with 2 --ring-order 2 --segments 32
verify_with 4 --no-persistent
verify_with 1
check_match "one more than is offered is refused before it is asked for" "$(guest 1 xvda --queues 5 info 2>&1)" \
	'5 queues: the backend offers up to 4'
check_match "pvring status shows how many there are" "$(load_start held 1 xvda hold --queues 3
	soon 30 grep -q connected "$(load_out held)"
	"$(realpath "${O:-build}/pvring")" status --control "$T/run/blkd.sock" | awk '
		/^DEVICE/ { for (i = 1; i <= NF; i++) if ($i == "QUEUES") column = i + 1 } # the name of a device is two words
		/^vbd 1/ { print $column }'
	load_stop held)" '^3$'

# What a frontend that is none of ours writes.
wait_state 1 xvda 6
asks_for() { # NUMBER: of queues; one that does what it likes
	dom0 xenstore-write "$(front 1 xvda)/state" 1
	soon 30 disk_state_is 1 xvda 2 || return
	dom0 xenstore-write "$(front 1 xvda)/multi-queue-num-queues" "$1" "$(front 1 xvda)/state" 3
}
for nr in 0 5 17 4294967297 two; do
	log_begin
	asks_for "$nr"
	check_said "$nr queues: refused, with the node and what was expected" \
		"multi-queue-num-queues: ('$nr' is not a number from 1 to 16|$nr: expected at most 4)"
	wait_state 1 xvda 5 6
	dom0 xenstore-write "$(front 1 xvda)/state" 6
	wait_state 1 xvda 6
done
dom0 xenstore-rm "$(front 1 xvda)/multi-queue-num-queues"
check_serves "and then it is served with one" 1 xvda

# Daemons with fewer workers than queues.
load_start verify 1 xvda verify --seconds 3600 --depth 32 --queues 4 --io-timeout 30
soon 30 is_serving 1 xvda
soon 30 queues_are 4
before=$(store)
for threads in 1 3 2 4; do
	daemon_stop
	daemon_start --threads $threads
	check "a daemon of $threads worker(s) goes on with four queues" soon 30 queues_are 4
done
for threads in 2 4; do
	daemon_kill
	daemon_start --threads $threads
	check "one of $threads after a death, too" soon 30 queues_are 4
done
check_eq "nothing was parked" "$(times_said parked)" 0
check_eq "and xenstore is as it was" "$(store)" "$before"
load_stop verify
check_verified "the guest never noticed" verify
daemon_stop
daemon_start --threads 1
check_serves "a guest that connects anew is served" 1 xvda
check "by what the daemon has that is there" is_offered 1
disk_detach 1 xvda
check_eq "a disk that is gone leaves no journal" "$(nr_journals)" 0
daemon_test_end
