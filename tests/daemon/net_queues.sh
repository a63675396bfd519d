#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# A vif of several queues, on two workers: flows are spread, both directions of one stay together, none is lost when the
# number changes, and a daemon with fewer workers takes up what one with more has begun.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
net_test_begin 1 --threads 2

all_have_carried() { # NUMBER: of queues, each of which has carried something both ways
	ask status | grep -q "\"queue_frames\":\[\({\"tx\":[1-9][0-9]*,\"rx\":[1-9][0-9]*},\?\)\{$1\}\]"
}

queues_are() { # NUMBER
	ask status | grep -q "\"queues\":$1[,}]"
}

check "a vif is attached" attach 00:16:3e:00:00:01
check "two queues are offered, as there are two workers" node_is multi-queue-max-queues '^2$'
check_guest_up "a guest connects that would take four" --queues 4
check "it has two" queues_are 2
check_match "pvring status shows so" "$("$pvring" status --control "$T/run/netd.sock" | awk '
	/^DEVICE/ { for (i = 1; i <= NF; i++) if ($i == "QUEUES") column = i + 1 } # the name of a device is two words
	/^vif 1/ { print $column }')" '^2$'
check "packets of every size" pings 10.9.0.2
check "sixteen streams to the guest" streams -c 10.9.0.2 -P 16 -n 50M
check "sixteen streams from the guest" streams -c 10.9.0.2 -P 16 -n 50M -R
check "both queues have carried some of them, both ways" all_have_carried 2

# ---- the workers among this domain's tasks --------------------------------------------------------------------------

workers_are() { # "POLICY NICE", as ps tells them
	[ "$(ps -L -o comm=,cls=,ni= -p "${daemon_pid[netd]}" | awk '/^worker/ { print $2, $3 }' | sort -u)" = "$1" ]
}
check "workers keep the CPU from what they wake, and leave it to what wakes them" workers_are "B -10"

# ---- a daemon with one worker goes on with two queues ---------------------------------------------------------------

ip netns exec guest iperf3 -s -1 >/dev/null 2>&1 &
server=$!
soon 30 in_guest sh -c 'ss -Htln sport = 5201 | grep -q .'
timeout 60 iperf3 -c 10.9.0.2 -P 16 -t 4 >"$T/iperf" 2>&1 &
client=$!
soon 30 eval '[ "$(counted rx frames)" -gt 1000 ]'
daemon_stop
daemon_start --threads 1
soon 30 all_have_carried 2
check_eq "it has both" $? 0
wait $client
check_eq "no stream is interrupted" $? 0
wait "$server"
guest_down
check_guest_up "a guest that comes then" --queues 4
check "is offered one, as there is one worker" node_is multi-queue-max-queues '^1$'
check "and has one" queues_are 1
check "packets of every size" pings 10.9.0.2
guest_down
daemon_stop
renice -n 5 -p $$ >/dev/null
daemon_start --threads 2
renice -n 0 -p $$ >/dev/null
check "whoever starts a daemon with a nice value has decided" workers_are "TS 5"
check_guest_up "a guest has one port for each queue" --queues 2 --no-split
check "of two again" queues_are 2
check "packets of every size" pings 10.9.0.2
dom0 xenstore-write /local/domain/0/backend/vif/1/0/bridge pair:x
daemon_stop
daemon_start --threads 2
check_said "as the end of a pair, which it is to be now, it is not taken up" \
	"vif 1/0: .*has 2 queues: in a pair it can have one"
dom0 xenstore-write /local/domain/0/backend/vif/1/0/bridge br0
daemon_stop
daemon_start --threads 2
check "with its bridge again it is" pings 10.9.0.2
guest_down
check "the vif is detached" detach
check "nothing of its queues is left" soon 30 eval '[ -z "$(ls "$T/run/journal")" ]'
daemon_test_end
