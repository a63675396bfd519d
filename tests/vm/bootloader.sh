#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 900
# long
# Loaders of guests without firmware, none of them ours, read a kernel from a disk of ours: pygrub in domain 0, which gets
# the disk for that, and GRUB in the guest, which hands the disk on to Linux.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
{
	verdicts='pvring-blkd starts
domain 0 reads and writes a disk of its own
domain 0 does so with its own pages mapped
pygrub boots a PV guest
the PV guest of pygrub has its root file system on the disk
nothing is left of the disk in domain 0
GRUB of 32 bits reads its configuration from the disk
GRUB boots a PVH guest
the ring of GRUB of 32 bits is one of 32 bits
the ring of the Linux that it boots is one of 64 bits
the PVH guest of GRUB has its root file system on the disk
GRUB of 64 bits reads its configuration from the disk
GRUB boots a PV guest
the PV guest of GRUB has its root file system on the disk
nothing is left of any guest'
	extras='system_disk grub_xen pygrub'
	guest_kernels=''
}

dom0() {
	local ring
	load_module xen-blkfront
	check "pvring-blkd starts" blkd_start --grants map || return
	check "domain 0 does so with its own pages mapped" disk_of_domain_0
	blkd_restart
	check "domain 0 reads and writes a disk of its own" disk_of_domain_0
	loader=pygrub
	boots "pygrub boots a PV guest"
	has_root "the PV guest of pygrub has its root file system on the disk"
	check "nothing is left of the disk in domain 0" nothing_left_in_domain_0
	loader=grub-i386-xen_pvh
	wait_until 240 ring_is x86_32-abi &
	ring=$!
	boots "GRUB boots a PVH guest"
	check "the ring of GRUB of 32 bits is one of 32 bits" wait $ring
	check "the ring of the Linux that it boots is one of 64 bits" wait_until 120 ring_is x86_64-abi
	check_text "GRUB of 32 bits reads its configuration from the disk" /log/g1.console 'GRUB i386-xen_pvh reads grub.cfg'
	has_root "the PVH guest of GRUB has its root file system on the disk"
	loader=grub-x86_64-xen
	boots "GRUB boots a PV guest"
	check_text "GRUB of 64 bits reads its configuration from the disk" /log/g1.console 'GRUB x86_64-xen reads grub.cfg'
	has_root "the PV guest of GRUB has its root file system on the disk"
	check "nothing is left of any guest" nothing_left
	blkd_stop
}

guest_boots() {
	case $loader in
	pygrub)            echo 'type = "pv"'; echo 'bootloader = "pygrub"'; echo 'bootloader_args = [ "--quiet" ]' ;;
	grub-i386-xen_pvh) echo 'type = "pvh"'; echo "kernel = '/boot/$loader.bin'" ;;
	grub-x86_64-xen)   echo 'type = "pv"'; echo "kernel = '/boot/$loader.bin'" ;;
	esac
}

boots() { # VERDICT
	check "$1" guest_create g1 "$(disk xvda /boot/system.img)"
}

ring_is() { # PROTOCOL
	pvring journal dump /run/pvring/journal/vbd-*-51712 | grep -q ", $1, "
}

has_root() { # VERDICT
	check "$1" in_guest g1 check_root
	guest_destroy g1
}

check_root() {
	grep -q '^/dev/xvda1 / ext4 rw' /proc/mounts && verify_for /verify 3
}

# As libxl attaches a disk for pygrub.
disk_of_domain_0() {
	local sum
	image /img/a.img 16M
	disk_attach 0 xvda /img/a.img && wait_until 120 test -b /dev/xvda || return 1
	dd if=/boot/system.img of=/dev/xvda bs=1M count=16 conv=fsync 2>/run/dd || { cat /run/dd; return 1; }
	echo 3 >/proc/sys/vm/drop_caches
	sum=$(sum_of /dev/xvda)
	disk_detach 0 xvda
	[ "$sum" = "$(sum_of /img/a.img)" ] && [ "$sum" = "$(dd if=/boot/system.img bs=1M count=16 2>/dev/null | sum_of -)" ]
}

nothing_left_in_domain_0() {
	[ ! -e /dev/xvda ] && ! xenstore-exists /local/domain/0/backend/vbd/0 && ! xenstore-exists /local/domain/0/device/vbd
}
