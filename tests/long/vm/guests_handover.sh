#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1800
# files: tests/vm/handover.sh tests/vm/every_guest.sh
# Hand-overs under load (tests/vm/handover.sh) with guests of the other types, one after the other.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

. "$tests_vm/handover.sh"
. "$tests_vm/every_guest.sh"
guests='pvh-6.12 hvm-6.1'
# shellcheck disable=SC2034
verdicts=$(of_every_guest "$verdicts")

dom0() {
	with_every_guest hand_overs
}
