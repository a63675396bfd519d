#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 900
# files: tests/vm/handover.sh tests/vm/dom0/every_guest.sh
# Hand-overs under load (tests/vm/handover.sh) with guests of the other types and kernels, one after the other.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

test_of_one_guest=handover.sh
if [ "$VM_SIDE" = host ]; then . tests/vm/dom0/every_guest.sh; else . /test/every_guest.sh; fi
