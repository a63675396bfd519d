#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/guest_frontend.sh tests/conform/drive-guest tests/conform/expect/blkfront
# The conformance suite for frontends against Linux's own, in a PV guest that is made anew whenever it has failed. Of its
# cases those that have been seen and looked into; CASES='*' shows the rest.
[ -n "$VM_SIDE" ] || VM_ENV=${CASES:+"CASES=\"$CASES\""} exec tests/vm/boot "$0"

CASES=${CASES:-@(bus-*|state-features-late|state-connected-late|state-found-*|state-by-initialised|state-re*|\
state-out-of-range|state-wraps|close-idle|ring-one-page|response-error|disk-read-only|data-verify)}
. "$tests_vm/guest_frontend.sh"
# shellcheck disable=SC2034
expectation=blkfront
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
