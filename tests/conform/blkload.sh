#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The conformance suite against pvring-blkload, which is to pass whatever it does: as a guest of 32 bits that does not
# offer persistent grants, and as it is by default.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/conform/conform.bash

conform_begin
export CONFORM_ENTER="$loopxen run --domid 1 --"
conform_frontend blkload "exec tests/conform/drive-blkload --protocol x86_32-abi --no-persistent" --case '[dr]*'
conform_frontend blkload "exec tests/conform/drive-blkload"
check "nothing is left mapped, granted or bound" "$loopxen" check
done_testing
