#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The conformance suite against pvring-blkd, which is to pass whatever it offers, its cases in any order.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/conform/conform.bash

conform_begin
mkdir "$T/run"
conform_backend pvring-blkd "exec $(realpath "${PVRING_BLKD:-${O:-build}/pvring-blkd}") --control $T/run/blkd.sock --log error" \
	--shuffle
check "nothing is left mapped, granted or bound" "$loopxen" check
done_testing
