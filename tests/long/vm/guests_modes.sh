#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/modes.sh tests/vm/every_guest.sh
# Every way to move data (tests/vm/modes.sh) for guests of the other types, one after the other.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/modes.sh"
. "$tests_vm/every_guest.sh"
guests='pvh-6.12 hvm-6.1'
# shellcheck disable=SC2034
verdicts=$(of_every_guest "$verdicts")

dom0() {
	with_every_guest every_mode
}
