#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/blkfront.sh tests/vm/disk.sh tests/vm/every_guest.sh
# What tests/vm/blkfront.sh does, with HVM guests of both kernels.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/blkfront.sh"
# shellcheck disable=SC2034
{
	guests='hvm-6.12 hvm-6.1'
	verdicts=$(verdicts_of_lives)
}
