#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/blkfront
# What conform_blkfront.sh does, with an HVM guest.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-*|state-*)'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=blkfront guest_vcpus=2 guest_types=hvm guest_type=hvm
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
