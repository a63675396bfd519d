#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/blkfront.sh tests/vm/disk.sh tests/vm/every_guest.sh
# What tests/vm/blkfront.sh does, with PV and PVH guests of both kernels.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/blkfront.sh"
# shellcheck disable=SC2034
{
	guests='pv-6.12 pvh-6.1 pvh-6.12'
	verdicts=$(verdicts_of_lives)
}
