#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1800
# files: tests/vm/firmware.sh
# The root file system on a disk of our module's, as a guest has it who has installed dist/guest: in a PV guest; in one
# whose module is missing, and one whose kernel refuses it as nobody has signed it, which have the stock driver; and in an HVM
# guest that its firmware boots from the emulated disk.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/firmware.sh"
# shellcheck disable=SC2034
{
	firmware_verdicts=$verdicts
	verdicts="a PV guest has its root on our driver
it stands a verified load
a PV guest without our module has it on the stock driver
so has one whose kernel asks for signed modules
$firmware_verdicts
an HVM guest has its root on our driver"
	guest_types='pv hvm'
	guest_kernels=6.1
	guest_extras=pvring_modules
}

dom0() {
	blkd_start
	guest_type=pv
	boots_on_root ''
	check "a PV guest has its root on our driver" in_guest g1 root_is_on pvring-blkfront
	check "it stands a verified load" in_guest g1 verify_for /verify 5
	guest_destroy g1
	boots_on_root pvring=missing
	check "a PV guest without our module has it on the stock driver" in_guest g1 root_is_on vbd
	guest_destroy g1
	boots_on_root module.sig_enforce=1
	check "so has one whose kernel asks for signed modules" in_guest g1 root_is_on vbd
	guest_destroy g1
	blkd_stop
	guest_type=hvm
	boots_by_firmware
}

boots_on_root() { # WORDS
	words=$1
	guest_create g1 "$(disk xvda "$system")"
}

guest_boots() {
	if [ "$guest_type" = hvm ]; then
		hvm_lines
		echo 'boot = "c"'
		return
	fi
	cat <<-END
		type = "pv"
		kernel = "/boot/vmlinux-6.1"
		ramdisk = "/boot/system-initrd"
		extra = "console=hvc0 quiet loglevel=5 panic=-1 $words"
	END
}

# What firmware.sh looks at last.
look_at_guest() {
	check "an HVM guest has its root on our driver" in_guest g1 root_is_on pvring-blkfront
}

# ---- in the guest ----

root_is_on() { # DRIVER
	local found
	found=$(basename "$(readlink /sys/block/xvda/device/driver)")
	[ "$found" = "$1" ] && grep -q '^/dev/xvda1 / ext4 rw' /proc/mounts && return
	echo "xvda has the driver $found"
	return 1
}
