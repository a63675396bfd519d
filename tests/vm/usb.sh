#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# A stick of dom0's, emulated by QEMU, given to a guest by pvring-usbd: our frontend in a process there uses it.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='dom0 has a stick
pvring-usbd starts
a guest starts
what is mounted is not given
what is not there is not given
the stick is given by its port
dom0 has it no more
the guest finds what dom0 has found
the guest writes and reads it
it is taken away, and dom0 has it back
the stick is given by what it is
the guest uses it again
the guest is destroyed, dom0 has its stick, and nothing is left'
# shellcheck disable=SC2034
extras=usb
# shellcheck disable=SC2034
stick_size=8M
# shellcheck disable=SC2034
guest_options=front=none

dom0() {
	stick_begin || return
	check "a guest starts" guest_create g1
	in_guest g1 prepare
	check "what is mounted is not given" mounted_is_refused
	check "what is not there is not given" says 'there is no USB device at that port now' pvring attach usb "$(guest_id g1)" 1-2
	check "the stick is given by its port" says 'port 1: 1-1' pvring attach usb "$(guest_id g1)" 1-1
	check "dom0 has it no more" wait_until 60 test ! -b /dev/sda
	in_guest g1 found
	check_eq "the guest finds what dom0 has found" "$(guest_value g1 descriptors)" \
		"$(od -An -v -tx1 /sys/bus/usb/devices/1-1/descriptors | tr -d ' \n')"
	check "the guest writes and reads it" in_guest g1 use
	check "it is taken away, and dom0 has it back" taken_away
	check "the stick is given by what it is" says 'port 1: 46f4:0001:STICK1' \
		pvring attach usb "$(guest_id g1)" 46f4:0001:STICK1
	check "the guest uses it again" in_guest g1 use
	check "the guest is destroyed, dom0 has its stick, and nothing is left" stick_is_back
	usbd_stop
}

says() { # REGEX COMMAND...: whatever its status
	local regex=$1
	shift
	"$@" >/run/says 2>&1
	grep -qE "$regex" /run/says || { cat /run/says; return 1; }
}

mounted_is_refused() {
	load_module ext4 && mkfs.ext4 -q /dev/sda && mount /dev/sda /mnt || return
	says '1-1: this domain uses it itself: /mnt of /dev/sda' pvring attach usb "$(guest_id g1)" 1-1
	set -- $?
	umount /mnt
	return "$1"
}

taken_away() {
	pvring detach usb "$(guest_id g1)" 1-1 && wait_until 120 test -b /dev/sda
}

# ---- in the guest ----

prepare() {
	local module
	for module in xen-privcmd xen-evtchn xen-gntalloc xenfs; do load_module $module || return 1; done
	mount -t xenfs xenfs /proc/xen
}

# As sysfs has them there: the device's, then its configuration's.
found() {
	pvring-usbload info --timeout 30 >/run/info
	value descriptors "$(sed -n 's/^device: //p; s/^configuration: //p' /run/info | tr -d ' \n')"
}

use() {
	pvring-usbload storage --requests 40 --timeout 30
}
