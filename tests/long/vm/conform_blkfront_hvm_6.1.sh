#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 14400
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/blkfront
# files: tests/conform/expect/blkfront-hvm
# What conform_blkfront.sh does, with an HVM guest, and of one processor: see conform_blkfront_hvm_6.12.sh.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+'!(mix-*|offer-*)'}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-!(says-why)|state-*)'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=blkfront-hvm guest_types=hvm guest_type=hvm
# Its BIOS and kernel run emulated, beside whatever else this machine does.
# shellcheck disable=SC2034
guest_seconds=1200
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
