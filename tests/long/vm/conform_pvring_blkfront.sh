#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/pvring-blkfront
# What conform_blkfront.sh does, with our module.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(state-*|close-*)'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=pvring-blkfront guest_vcpus=2 # several queues, if they are offered
# shellcheck disable=SC2034
guest_options=front=pvring-blkfront guest_extras=pvring_modules
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
