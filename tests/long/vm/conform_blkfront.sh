#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/blkfront
# The conformance suite for frontends against Linux's own, in a PV guest that is made anew whenever it has failed. `make
# conform-peers` runs the whole of it, which takes half an hour.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-*|state-*|close-*|data-*)'
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=blkfront guest_vcpus=2 # two queues, if they are offered
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
