#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 1800
# The conformance suite against QEMU's backend for USB controllers, behind which a stand-in for libusb has two devices. Here the
# cases about URBs; all of them take minutes, as QEMU has to be started anew after many.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/daemon/qdisk.bash
. tests/conform/conform.bash
# shellcheck disable=SC2034 # of conform.bash
conform_class=usb
library=$(realpath "${O:-build}/tests/conform/usb_standin")

if ! qdisk_program >/dev/null; then
	skip "QEMU's backend" "no xen-qemu-system-i386 on this machine"
	done_testing
fi
cases='usb-*'
[ -z "${CONFORM_ALL:-}" ] || cases='*'

suite() {
	dom0 xenstore-write /local/domain/0/domid 0
	conform_backend qusb "export LD_LIBRARY_PATH=$library:\$LD_LIBRARY_PATH; exec $(qdisk_command 1)" --kind qusb \
		--usb-device 3-1 --usb-iso-device 3-2 --case "$cases"
}

conform_in_parts 4 suite
done_testing
