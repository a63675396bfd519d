# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# A stick of dom0's given to a guest whose kernel has a driver for the controller, $usbfront; sourced by tests. Dom0 has it as
# /dev/sda, and so has the guest.

# shellcheck disable=SC2034
extras=usb

# ---- in dom0 ----

is_dom0s_stick() { # as the guest describes it
	[ "$(guest_value g1 descriptors)" = "$(sha256sum </sys/bus/usb/devices/1-1/descriptors | cut -d' ' -f1)" ]
}

give() {
	pvring attach usb "$(guest_id g1)" 1-1
}

give_again() {
	give && in_guest g1 stick_there && in_guest g1 check_files
}

# The guest's file system, as dom0 finds it.
files_are_here() {
	pvring detach usb "$(guest_id g1)" 1-1 && in_guest g1 stick_gone && wait_until 120 test -b /dev/sda &&
		load_module ext4 && check_files
}

# ---- in the guest ----

prepare() {
	load_module usb-storage && load_module sd_mod && load_module ext4 && load_module "$usbfront"
}

stick_there() {
	wait_until 90 test -b /dev/sda
}

stick_gone() {
	wait_until 120 test ! -b /dev/sda
}

# The controller's only device.
describe() {
	value descriptors "$(sha256sum </sys/bus/usb/devices/1-1/descriptors | cut -d' ' -f1)"
}

verify() { # BS:AMOUNT...
	local what
	for what; do
		run_fio --name=v --filename=/dev/sda --size=2m --io_size="${what#*:}" --rw=randwrite --bs="${what%:*}" \
			--verify=crc32c --iodepth=4 || return 1
	done
}

make_files() {
	mkfs.ext4 -q /dev/sda && mount /dev/sda /mnt && cp /bin/busybox /test/* /mnt &&
		(cd /mnt && sha256sum busybox ./*.sh >sums) && umount /mnt
}

# ---- in both ----

check_files() {
	mount -o ro /dev/sda /mnt || return
	(cd /mnt && sha256sum -c sums >/run/check)
	set -- $?
	umount /mnt
	return "$1"
}
