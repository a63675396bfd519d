#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# long
# files: tests/vm/stick.sh
# A stick of dom0's given to a guest whose frontend is Linux' own, xen-hcd: a file system on it, and every block verified.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

. "$tests_vm/stick.sh"

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
guest_extras='xen_hcd usb_drivers'
usbfront=xen-hcd
# shellcheck disable=SC2034
stick_size=16M
# shellcheck disable=SC2034
guest_options=front=none

dom0() {
	stick_begin || return
	check "a guest starts" guest_create g1
	in_guest g1 prepare
	check "the stick is given" give
	check "the guest has a disk" in_guest g1 stick_there
	in_guest g1 describe
	check "its descriptors are those that dom0 sees" is_dom0s_stick
	check "what is written is read, in requests of every size that xen-hcd takes" in_guest g1 verify 512:32k 4k:128k 60k:960k 64k:1m
	in_guest g1 make_files
	check "a file system of the guest is one of dom0, too" files_are_here
	check "it is unplugged, and plugged in again" give_again
	check "the guest is destroyed, dom0 has its stick, and nothing is left" stick_is_back
	usbd_stop
}

# ---- in the guest ----

# It takes no request of more than 16 pages, and usb-storage sends up to 30.
stick_there() {
	wait_until 90 test -b /dev/sda && echo 128 >/sys/block/sda/device/max_sectors
}
