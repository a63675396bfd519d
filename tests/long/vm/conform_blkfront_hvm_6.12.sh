#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 14400
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/blkfront
# files: tests/conform/expect/blkfront-6.12 tests/conform/expect/blkfront-6.12-hvm
# What conform_blkfront.sh does, with an HVM guest and Linux 6.12; of one processor: of several, one may meet an int3 that
# another has taken out of the code already, as QEMU emulates them, and the kernel dies.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+'!(mix-*|offer-*)'}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-!(says-why)|state-*)'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=blkfront-6.12-hvm guest_types=hvm guest_kernels=6.12 guest_type=hvm guest_kernel=6.12
# Its BIOS and kernel run emulated, beside whatever else this machine does.
# shellcheck disable=SC2034
guest_seconds=1200
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
