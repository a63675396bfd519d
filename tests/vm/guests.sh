#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2700
# long
# files: tests/vm/disk.sh tests/vm/every_guest.sh
# The life of a disk (disk.sh), and hand-overs in it, with guests of other types and kernels, one after the other; the rest
# of them are in tests/long/vm.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

. "$tests_vm/disk.sh"
. "$tests_vm/every_guest.sh"
guests='hvm-6.12 pvh-6.1'

verdicts_of_lives() {
	echo "pvring-blkd starts"
	of_every_guest "$life_verdicts
the guest does not notice hand-overs under load"
	echo "pvring-blkd ends well"
}

# shellcheck disable=SC2034
verdicts=$(verdicts_of_lives)

dom0() {
	check "pvring-blkd starts" blkd_start || return
	with_every_guest life_of_a_disk
	check "pvring-blkd ends well" blkd_stop
}

# Part of second_disk: the second disk is there, and nothing on it.
verify_second_disk() {
	check "fio verifies on the second disk" in_guest g1 verify_second
	check "the guest does not notice hand-overs under load" hand_over_twice
}

hand_over_twice() {
	local i rc=0
	in_guest g1 rounds_begin /dev/xvdb
	for i in 1 2; do
		load_is_under_way g1 xvdb && blkd_restart && load_is_under_way g1 xvdb || rc=1
	done
	in_guest g1 rounds_end && [ $rc -eq 0 ]
}
