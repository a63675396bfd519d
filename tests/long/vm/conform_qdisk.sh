#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/conform.sh tests/vm/conform.expect tests/conform/expect/qdisk tests/conform/expect/qdisk-xen
# The conformance suite in a guest (tests/vm/conform.sh) against QEMU's backend.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(state-!(refuses-other-port|flaps*|jumps)|request-*|reject-!(unaligned))'
. "$tests_vm/conform.sh"
# The guest is a PV one; with the other type dom0 gets its QEMU.
# shellcheck disable=SC2034
guest_types='pv hvm'
# shellcheck disable=SC2034
expected_lines='xen-qemu-system-i386: (read|write) I/O error' # of what it is asked for beyond the disk's end

dom0() {
	# shellcheck disable=SC2016 # for the agent's shell
	conform qdisk-xen --kind qdisk --peer 'exec /usr/libexec/xen-qemu-system-i386 -M xenpv -xen-domid $guest -xen-attach -name g1 \
		-nodefaults -no-user-config -nographic -monitor none -serial none >>/log/qemu 2>&1'
	tail -20 /log/qemu
}
