#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 600
# The kernel's own backend serves the guest of the other tests: what fails here is not pvring's.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='pvring-blkd refuses to run beside the kernel
a guest starts with a disk
a file system is made and filled
fio verifies from 512 bytes to 1 MiB
the files are intact
guest and dom0 read the same
the file system is clean
a connected disk shows mapped grants
a disk is attached and detached
the guest reboots
the guest is destroyed under load
nothing is left'

dom0() {
	load_module loop
	load_module xen-blkback
	disk_script=block-peer
	check "pvring-blkd refuses to run beside the kernel" refuses_to_start
	image /img/a.img 64M
	image /img/b.img 16M
	check "a guest starts with a disk" guest_create g1 "$(disk xvda /img/a.img)" || return
	check_file_system g1 xvda /img/a.img
	check "a connected disk shows mapped grants" test "$(grants_mapped g1)" -gt 0
	check "a disk is attached and detached" attach_and_detach
	check "the guest reboots" guest_reboot g1
	check "the guest is destroyed under load" destroy_under_load
	check "nothing is left" nothing_left
}

attach_and_detach() {
	disk_attach g1 xvdb /img/b.img && in_guest g1 disk_there xvdb && disk_detach g1 xvdb
}

destroy_under_load() {
	guest_start g1 load_for_ever /dev/xvda
	load_is_under_way g1 xvda && guest_destroy g1
}

# Two owners of one device would race.
refuses_to_start() {
	local rc
	pvring-blkd 2>/run/refused
	rc=$?
	[ $rc -eq 3 ] && grep -q 'the kernel driver xen-blkback owns backend/vbd' /run/refused && return
	echo "exit status $rc: $(cat /run/refused)"
	return 1
}
