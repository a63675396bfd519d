#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/disk.sh tests/vm/every_guest.sh
# The life of a disk (disk.sh) of a guest that uses it by our module, and what a module has beside that: it is unloaded and
# loaded again, and the stock driver and it take a disk over from each other.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/disk.sh"
. "$tests_vm/every_guest.sh"
guests='pv-6.1'
guest_options=front=pvring-blkfront
guest_extras=pvring_modules

verdicts_of_lives() {
	echo "pvring-blkd starts"
	of_every_guest "$life_verdicts
our driver has both disks
the module is unloaded and loaded again
the stock driver takes a disk over
and we take it back, while it is loaded
so they do again and again"
	echo "pvring-blkd ends well"
}

# shellcheck disable=SC2034
verdicts=$(verdicts_of_lives)

dom0() {
	check "pvring-blkd starts" blkd_start || return
	with_every_guest life_of_a_disk
	check "pvring-blkd ends well" blkd_stop
}

# Part of second_disk: the first disk carries a file system that is not mounted, the second nothing.
verify_second_disk() {
	check "fio verifies on the second disk" in_guest g1 verify_second
	check "our driver has both disks" in_guest g1 has_disks
	check "the module is unloaded and loaded again" in_guest g1 load_again
	check "the stock driver takes a disk over" in_guest g1 hand_over pvring-blkfront vbd
	check "and we take it back, while it is loaded" in_guest g1 hand_over vbd pvring-blkfront
	check "so they do again and again" in_guest g1 hand_over_again
}

# ---- in the guest ----

has_driver() { # VDEV DRIVER
	local number=51712
	[ "$1" = xvda ] || number=51728
	[ "$(basename "$(readlink "/sys/bus/xen/devices/vbd-$number/driver")")" = "$2" ]
}

has_disks() {
	has_driver xvda pvring-blkfront && has_driver xvdb pvring-blkfront
}

load_again() {
	local i
	for i in 1 2 3; do
		rmmod pvring-blkfront && disk_gone xvda && disk_gone xvdb || return
		load_module pvring-blkfront && disk_there xvda && disk_there xvdb && has_disks || return
	done
	fsck.ext4 -fn /dev/xvda && verify_sizes /dev/xvdb
}

hand_over() { # FROM TO
	[ "$2" != vbd ] || load_module xen-blkfront || return
	rebind "$1" "$2" && verify_sizes /dev/xvdb
}

# The next driver is bound at once, when the backend may still have the rings of the one before.
rebind() { # FROM TO
	echo vbd-51728 >"/sys/bus/xen/drivers/$1/unbind" && [ ! -e /sys/block/xvdb ] || return
	echo vbd-51728 >"/sys/bus/xen/drivers/$2/bind" && disk_there xvdb && has_driver xvdb "$2" &&
		dd if=/dev/xvdb of=/dev/null bs=64k iflag=direct 2>/dev/null
}

hand_over_again() {
	local i
	for i in 1 2 3 4 5; do
		rebind pvring-blkfront vbd && rebind vbd pvring-blkfront || { echo "time $i"; return 1; }
	done
}
