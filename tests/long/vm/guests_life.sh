#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/disk.sh tests/vm/every_guest.sh tests/vm/guests.sh
# The life of a disk (tests/vm/guests.sh) with the guests that it leaves out.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/guests.sh"
guests='pv-6.12 pvh-6.12 hvm-6.1'
# shellcheck disable=SC2034
verdicts=$(verdicts_of_lives)
