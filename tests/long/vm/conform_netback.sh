#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/conform.sh tests/vm/conform.expect tests/conform/expect/netback
# The conformance suite in guests (tests/vm/conform.sh) against the kernel's own backend of networks, whose interfaces a hotplug
# script puts into a bridge of dom0's: its groups that are about networks alone, or about what this backend does otherwise. `make
# conform-peers` runs the whole of it.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
class=net parts=3 extras=netback
# shellcheck disable=SC2034
cases='@(state-!(flaps*|jumps)|send-*|offload-*|node-*|port-*|queue-*|multicast-*|control-*|headroom*)'
. "$tests_vm/conform.sh"

dom0() {
	load_module xen-netback max_queues=4 # without it as many as dom0 has CPUs
	conform netback --script /etc/xen/scripts/vif-peer
}
