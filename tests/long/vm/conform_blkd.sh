#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 5400
# files: tests/vm/conform.sh tests/vm/conform.expect tests/conform/expect/pvring-blkd
# The conformance suite in a guest (tests/vm/conform.sh) against pvring-blkd: half of it, or as `make conform-peers` has it all.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-*|beside-*|gone-*|ring-*|gnt-*|takeover-*|node-*|combine-*)'
. "$tests_vm/conform.sh"
