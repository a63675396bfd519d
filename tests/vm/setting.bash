# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A test script tells by its variables what it needs of the machine and of the images:
#
#	verdicts           what it will tell, one per line
#	guest_kernels      with which kernels its guests run: 6.1 6.12 (default 6.1)
#	guest_types        of which types they are: pv pvh hvm (default pv)
#	extras             what its dom0 has beside the base: functions of tests/vm/extras.bash
#	nvme_size          the size of a disk that dom0 has
#	nvme_iops          how many requests a second it answers, if it is to be slow
#	expected_lines     complaints of kernels that are part of the test, see tests/vm/scan

setting() { # TEST NAME
	# shellcheck disable=SC1090
	(VM_SIDE=host guest_kernels=6.1 guest_types=pv && . "./$1" && eval "printf '%s\n' \"\${$2:-}\"")
}
