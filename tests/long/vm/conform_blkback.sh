#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/conform.sh tests/vm/conform.expect tests/conform/expect/blkback
# The conformance suite in a guest (tests/vm/conform.sh) against the kernel's own backend, on a loop device: its groups that are
# about what this backend alone offers, or reads otherwise. `make conform-peers` runs the whole of it.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-*|beside-*|queue-*|state-*|value-*|gnt-persistent*|reject-!(unaligned)|barrier-*|discard*|indirect-!(flicker|before-barrier))'
. "$tests_vm/conform.sh"
# It complains of what the guest has published, and WARNs whenever it cannot connect to a ring: it counts the requests
# that it would have had (xenbus.c, xen_blkif_disconnect()).
# shellcheck disable=SC2034
expected_lines='xen-blkback/xenbus\.c:[0-9]+ xen_blkif_disconnect|^(\[ *[0-9.]+\] )?Call Trace:|vbd vbd-1-[0-9]+: |I/O error, dev loop'

dom0() {
	load_module xen-blkback max_queues=4 # without it as many as dom0 has CPUs
	conform blkback --script /etc/xen/scripts/block-peer
}
