# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A test script tells by its variables what it needs of the machine and of the images:
#
#	verdicts           what it will tell, one per line
#	guest_kernels      with which kernels its guests run: 6.1 6.12 (default 6.1)
#	guest_types        of which types they are: pv pvh hvm (default pv)
#	extras             what its dom0 has beside the base: functions of tests/vm/extras.bash
#	guest_extras       what its guests have beside theirs
#	nvme_size          the size of a disk that dom0 has
#	nvme_iops          how many requests a second it answers, if it is to be slow
#	stick_size         the size of a USB stick that dom0 has, at port 1 of bus 1
#	expected_lines     complaints of kernels that are part of the test, see tests/vm/scan
#
# and its dom0, whose functions (dom0/lib.sh) read these whenever they start a guest or wait for one:
#
#	guest_type         which of guest_types the next guest is (default pv)
#	guest_kernel       with which of guest_kernels (default 6.1)
#	guest_memory       its megabytes (default 256)
#	guest_vcpus        its processors (default 1)
#	guest_vifs         its network interfaces, as in xl.cfg(5): 'bridge=br0,script=vif-pvring', ... (default none)
#	guest_options      more for its kernel's command line; of ours: front=MODULE, its driver for disks, or none
#	guest_seconds      how long it may take to come up (default 240)
#	in_guest_seconds   how long one function may take in it (default 600)
#	disk_script        what xl runs for its disks (default block-pvring)
#
# It is sourced here, in dom0 and in its guests: VM_SIDE says where, tests_vm where the files beside it are there.

setting() { # TEST NAME
	# shellcheck disable=SC1090
	(VM_SIDE=host tests_vm=tests/vm guest_kernels=6.1 guest_types=pv && . "./$1" && eval "printf '%s\n' \"\${$2:-}\"")
}
