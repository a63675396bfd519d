#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/blkfront tests/conform/expect/blkfront-6.12
# What conform_blkfront.sh does, with Linux 6.12.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+'!(mix-*|offer-*)'}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-*|state-*|close-*)'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=blkfront-6.12 guest_vcpus=2 guest_kernels=6.12 guest_kernel=6.12
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
