#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh tests/vm/every_guest.sh tests/vm/streams.sh
# PV guests of each kernel that have two processors, so that their frontend takes up two queues, one for each thread of the
# daemon's.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
. "$tests_vm/every_guest.sh"
. "$tests_vm/streams.sh"
guests='pv-6.1 pv-6.12'
# shellcheck disable=SC2034
guest_vcpus=2
# shellcheck disable=SC2034
verdicts=$(of_every_guest "a guest starts
packets of every size
four streams at once
four flows of datagrams at once
both queues have carried frames, both ways
a hand-over, to a daemon of one thread, interrupts no stream
the guest is destroyed, and nothing is left")

dom0() {
	network
	streams_begin
	with_every_guest two_queues
}

two_queues() {
	netd_start --threads 2 || return
	check "a guest starts" guest_create g1 || return
	in_guest g1 addressed eth0 2 || return
	check "packets of every size" in_guest g1 reaches 10.9.0.1
	check "four streams at once" in_guest g1 streams 4
	check "four flows of datagrams at once" in_guest g1 datagrams 4
	check "both queues have carried frames, both ways" both_carry
	in_guest g1 fetch http://10.9.0.1/file
	in_guest g1 serve
	check "a hand-over, to a daemon of one thread, interrupts no stream" stream_survives netd_stop 1
	check "the guest is destroyed, and nothing is left" destroyed
	netd_stop
}

both_carry() {
	pvring status --json >/log/status
	tr -d ' \n' </log/status | grep -o '"queue_frames":[^]]*' | tee /log/queue_frames
	grep -q ':\[\({"tx":[1-9][0-9]*,"rx":[1-9][0-9]*},\?\)\{2\}$' /log/queue_frames
}
