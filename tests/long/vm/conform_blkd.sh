#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/conform.sh tests/vm/conform.expect tests/conform/expect/pvring-blkd
# The whole conformance suite in a guest (tests/vm/conform.sh) against pvring-blkd.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='*'
. "$tests_vm/conform.sh"
