#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 600
# A stick of dom0's given to a guest whose frontend is Linux' own, xen-hcd: a file system on it, and every block verified.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='dom0 has a stick
pvring-usbd starts
a guest starts
the stick is given
the guest has a disk
its descriptors are those that dom0 sees
what is written is read, in requests of every size that xen-hcd takes
a file system of the guest is one of dom0, too
it is unplugged, and plugged in again
the guest is destroyed, dom0 has its stick, and nothing is left'
# shellcheck disable=SC2034
extras=usb
# shellcheck disable=SC2034
guest_extras=xen_hcd
# shellcheck disable=SC2034
stick_size=16M
# shellcheck disable=SC2034
guest_options=front=none

dom0() {
	stick_begin || return
	in_guest g1 prepare
	check "the stick is given" pvring attach usb "$(guest_id g1)" 1-1
	check "the guest has a disk" in_guest g1 stick_there
	in_guest g1 describe
	check_eq "its descriptors are those that dom0 sees" "$(guest_value g1 descriptors)" \
		"$(sha256sum </sys/bus/usb/devices/1-1/descriptors | cut -d' ' -f1)"
	check "what is written is read, in requests of every size that xen-hcd takes" in_guest g1 verify
	in_guest g1 make_files
	check "a file system of the guest is one of dom0, too" files_are_here
	check "it is unplugged, and plugged in again" plugged_again
	check "the guest is destroyed, dom0 has its stick, and nothing is left" stick_is_back
	usbd_stop
}

files_are_here() {
	pvring detach usb "$(guest_id g1)" 1-1 && in_guest g1 stick_gone && wait_until 30 test -b /dev/sda &&
		load_module ext4 && mount -o ro /dev/sda /mnt || return
	(cd /mnt && sha256sum -c sums >/run/check)
	set -- $?
	umount /mnt
	return "$1"
}

plugged_again() {
	pvring attach usb "$(guest_id g1)" 1-1 && in_guest g1 stick_there && in_guest g1 check_files
}

# ---- in the guest ----

prepare() {
	load_module usb-storage && load_module sd_mod && load_module ext4 && load_module xen-hcd
}

# It takes no request of more than 16 pages, and usb-storage sends up to 30.
stick_there() {
	wait_until 90 test -b /dev/sda && echo 128 >/sys/block/sda/device/max_sectors
}

stick_gone() {
	wait_until 30 test ! -b /dev/sda
}

# The controller's only device.
describe() {
	value descriptors "$(sha256sum </sys/bus/usb/devices/1-1/descriptors | cut -d' ' -f1)"
}

verify() {
	local bs
	for bs in 512 4k 60k 64k; do
		run_fio --name=v --filename=/dev/sda --size=2m --io_size=256k --rw=randwrite --bs=$bs --verify=crc32c \
			--iodepth=4 || return 1
	done
}

make_files() {
	mkfs.ext4 -q /dev/sda && mount /dev/sda /mnt && cp /bin/busybox /test/* /mnt &&
		(cd /mnt && sha256sum busybox ./*.sh >sums) && umount /mnt
}

check_files() {
	mount -o ro /dev/sda /mnt || return
	(cd /mnt && sha256sum -c sums >/run/check)
	set -- $?
	umount /mnt
	return "$1"
}
