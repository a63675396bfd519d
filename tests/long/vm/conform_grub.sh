#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 10800
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/grub
# The conformance suite for frontends against GRUB's, which is Mini-OS's of old: a loader in a PV guest of its own for each
# case. It looks for something to boot on the disk, where nothing is, and reads no other way.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(ring-!(*-index)|event-!(storm*|for-nothing))'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=grub extras=grub_xen each_anew=--renew-each

# It is let go when the suite has given it its disk.
guest_made() {
	printf '%s\n' 'name = "g1"' 'memory = 256' 'type = "pv"' 'kernel = "/boot/grub-x86_64-xen.bin"' >/etc/xen/g1.cfg
	xl create -p /etc/xen/g1.cfg || return
	guest_console_begin g1
}

guest_works() {
	xl unpause g1
	wait_until 60 grep -q 'Minimal BASH-like' /log/g1.console
}
