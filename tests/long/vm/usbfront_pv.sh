#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/usbfront.sh tests/vm/stick.sh tests/vm/every_guest.sh
# What tests/vm/usbfront.sh does, with a PV guest of the other kernel.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/usbfront.sh"
# shellcheck disable=SC2034
{
	guests='pv-6.1'
	verdicts=$(verdicts_of_guests)
}
