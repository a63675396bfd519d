#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/modes.sh tests/vm/dom0/every_guest.sh
# Every way to move data (tests/vm/modes.sh) for guests of the other types and kernels, one after the other.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

test_of_one_guest=modes.sh
if [ "$VM_SIDE" = host ]; then . tests/vm/dom0/every_guest.sh; else . /test/every_guest.sh; fi
