#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 900
# long
# An HVM guest's firmware boots from our image as a disk that its device model emulates; its Linux unplugs that disk and
# goes on over PV. The disk is a SCSI one: SeaBIOS reads IDE without DMA, minutes for a kernel, and QEMU does not unplug
# AHCI.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
{
	verdicts='pvring-blkd starts
the device model locks the image
the firmware boots the guest
the device model has let go of the image
the guest sees no disk but ours
the root file system stands a verified load
the requests were ours
the device model can lock the image beside us
nothing is left of the guest'
	extras=system_disk
	guest_types=hvm
	guest_kernels=''
	guest_seconds=400
}
system=/boot/system.img
vdev=sda

dom0() {
	boots_by_firmware
}

# tests/long/vm/blkfront_root.sh does the same with our driver in the guest.
boots_by_firmware() {
	check "pvring-blkd starts" blkd_start || return
	guest_create g1 "$(disk $vdev $system)" &
	check "the device model locks the image" wait_until 60 device_model_has_lock
	check "the firmware boots the guest" wait $!
	check "the device model has let go of the image" device_model_is_without
	check "the guest sees no disk but ours" in_guest g1 only_xvda
	check "the root file system stands a verified load" in_guest g1 verify_for /verify 5
	check "the requests were ours" has_answered_more g1 $vdev 100
	check "the device model can lock the image beside us" lock_both
	look_at_guest
	guest_destroy g1
	check "nothing is left of the guest" nothing_left
	blkd_stop
}

look_at_guest() {
	:
}

guest_boots() {
	hvm_lines
	echo 'boot = "c"'
}

locked() { # START END: of the system's image, by anyone
	grep -qE ":$(stat -c %i $system) $1 $2\$" /proc/locks
}

device_model_has_lock() {
	locked 100 101
}

ours_is_locked() {
	locked 4611686018427387904 4611686018427387904
}

# A disk that a guest does not unplug stays with its device model.
lock_both() {
	xl qemu-monitor-command g1 "drive_add 0 if=none,id=again,format=raw,file=$system"
	xl qemu-monitor-command g1 "device_add nvme,drive=again,serial=again"
	device_model_has_lock && ours_is_locked
}

device_model_is_without() {
	local fd
	for fd in "/proc/$(pidof xen-qemu-system-i386)/fd/"*; do
		[ "$(readlink "$fd")" != $system ] || return 1
	done
	! device_model_has_lock && ours_is_locked
}

only_xvda() {
	[ "$(ls /sys/block)" = xvda ] && grep -q '^/dev/xvda1 / ext4 rw' /proc/mounts &&
		! cat /sys/bus/pci/devices/*/class | grep '^0x0100'
}
