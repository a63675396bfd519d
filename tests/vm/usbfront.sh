#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/stick.sh tests/vm/every_guest.sh
# A stick of dom0's, and devices in software, given to a guest that has them by our module: used, unplugged, also while in
# use, and plugged in again; rings that are broken; the module unloaded and loaded; the guest destroyed.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/stick.sh"
. "$tests_vm/every_guest.sh"
guests='pvh-6.12'
# shellcheck disable=SC2034
guest_types='pv pvh' guest_extras='pvring_modules usb_drivers usbfs' guest_options=front=none
usbfront=pvring-usbfront
extras='usb spoil'
# shellcheck disable=SC2034
stick_size=16M

verdicts_of_guests() {
	echo "dom0 has a stick"
	echo "pvring-usbd starts"
	of_every_guest 'a guest starts
the stick is given
the guest has a disk
its descriptors are those that dom0 sees
what is written is read, in requests of every size
an index that is impossible ends the controller, which says so once, and begins anew
so does an event of port 0
a file system of the guest is one of dom0, too
it is unplugged, and plugged in again
bulk and interrupt transfers come back as they were sent, or are taken back
so do isochronous packets
a mouse moves
the module is unloaded and loaded again
it is unplugged under load
and plugged in again
the guest is destroyed, dom0 has its stick, and nothing is left'
	echo "pvring-usbd ends well"
}
# shellcheck disable=SC2034
verdicts=$(verdicts_of_guests)
# What a disk's users say when it is taken from under them.
# shellcheck disable=SC2034
expected_lines='^\[g1\] .*(I/O error, dev sda|Buffer I/O error on dev sda)'

dom0() {
	stick_begin || return
	with_every_guest life_of_a_stick
	check "pvring-usbd ends well" usbd_stop
}

life_of_a_stick() {
	check "a guest starts" guest_create g1 || return
	in_guest g1 prepare
	check "the stick is given" give
	check "the guest has a disk" in_guest g1 stick_there || return
	in_guest g1 describe
	check "its descriptors are those that dom0 sees" is_dom0s_stick
	check "what is written is read, in requests of every size" in_guest g1 verify 512:32k 4k:128k 60k:960k 256k:2m
	check "an index that is impossible ends the controller, which says so once, and begins anew" \
		ends_by "a ring's index of responses is impossible" 8 ffffff7f
	check "so does an event of port 0" ends_by "an event is of a port that there is not" 68 01000003 8 02000000
	in_guest g1 make_files
	check "a file system of the guest is one of dom0, too" files_are_here
	check "it is unplugged, and plugged in again" give_again
	check "bulk and interrupt transfers come back as they were sent, or are taken back" software loopback 1-2 usbfs_use
	check "so do isochronous packets" software iso 1-3 usbfs_use
	check "a mouse moves" software mouse 1-4 mouse_moves
	check "the module is unloaded and loaded again" in_guest g1 load_again
	check "it is unplugged under load" unplugged_under_load
	check "and plugged in again" give_again
	check "the guest is destroyed, dom0 has its stick, and nothing is left" stick_is_back
}

# Octets at offsets of the ring of events. The stick's own event was its first.
ends_by() { # WHY OFFSET OCTETS...
	local why=$1 id ref
	shift
	id=$(guest_id g1)
	ref=$(xenstore-read "/local/domain/$id/device/vusb/0/conn-ring-ref")
	while [ $# -gt 0 ]; do
		spoil "$id" "$ref" "$1" "$2" || return
		shift 2
	done
	in_guest g1 ends_once "$why"
}

software() { # KIND DEVICE FUNCTION: at the port that is free next
	pvring attach usb "$(guest_id g1)" "fake:$1" && in_guest g1 "$3" "$2" "$1"
}

unplugged_under_load() {
	local before
	before=$(nr_bulk)
	guest_start g1 read_for_ever
	wait_until 120 nr_bulk_is_over $((before + 50)) && pvring detach usb "$(guest_id g1)" 1-1 && guest_wait g1 600 &&
		wait_until 120 test -b /dev/sda # dom0's again
}

nr_bulk() { # transfers that the stick has answered
	pvring status --json | tr -d ' \n' | grep -o '"bulk":[0-9]*' | head -1 | cut -d: -f2
}

nr_bulk_is_over() { # NUMBER
	[ "$(nr_bulk)" -gt "$1" ]
}

# ---- in the guest ----

# An answer has the driver look at its rings.
ends_once() { # WHY
	local driver=/sys/bus/xen/drivers/pvring-usbfront
	dd if=/dev/sda of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null
	stick_gone && [ "$(dmesg | grep -c "disabled, as the backend is broken: $*")" -eq 1 ] &&
		echo vusb-0 >$driver/unbind && echo vusb-0 >$driver/bind && stick_there
}

usbfs_use() { # DEVICE KIND
	local node
	wait_until 60 test -e "/sys/bus/usb/devices/$1:1.0" || return
	node=$(sed -n 's/^DEVNAME=//p' "/sys/bus/usb/devices/$1/uevent")
	usbfs "/dev/$node" "$2"
}

# The first event is a step to the right: EV_REL, REL_X, 1.
mouse_moves() {
	load_module usbhid && load_module hid-generic && load_module evdev && wait_until 60 test -e /dev/input/event0 &&
		[ "$(timeout 60 head -c 24 /dev/input/event0 | od -An -tx1 -j 16 | tr -d ' \n')" = 0200000001000000 ]
}

load_again() {
	local i
	for i in 1 2 3; do
		rmmod pvring-usbfront && stick_gone && load_module pvring-usbfront && stick_there && check_files || return
	done
}

# Until the stick is gone.
read_for_ever() {
	while dd if=/dev/sda of=/dev/null bs=256k iflag=direct 2>/dev/null; do :; done
	stick_gone
}
