#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# The life of a stock guest's disk: a file system, verified load, a second disk that comes and goes, a reboot, and a guest
# that is destroyed in the middle of it.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# What is proved for one guest; tests/vm/guests.sh does the same to guests of other types.
life_verdicts='a guest starts with a disk
a file system is made and filled
fio verifies from 512 bytes to 1 MiB
the files are intact
guest and dom0 read the same
the file system is clean
a second disk is attached
it grows
fio verifies on the second disk
the second disk is detached
nothing of a detached disk is mapped
the guest reboots and finds its files
a guest is destroyed under load
the daemon lives on
nothing is left of the guest'
# shellcheck disable=SC2034
verdicts="pvring-blkd starts
$life_verdicts
the next guest is served
pvring-blkd ends well"

dom0() {
	check "pvring-blkd starts" blkd_start || return
	life_of_a_disk
	check "the next guest is served" next_guest
	guest_destroy g2
	check "pvring-blkd ends well" blkd_stop
}

life_of_a_disk() {
	image /img/a.img 64M
	image /img/b.img 16M
	check "a guest starts with a disk" guest_create g1 "$(disk xvda /img/a.img)" || return
	check_file_system g1 xvda /img/a.img
	second_disk
	check "the guest reboots and finds its files" reboot_and_look
	check "a guest is destroyed under load" destroy_under_load
	check "the daemon lives on" blkd_is_running
	check "nothing is left of the guest" nothing_left
}

# With the first disk detached as well, no grant may stay mapped.
second_disk() {
	check "a second disk is attached" disk_attach g1 xvdb /img/b.img
	check "it grows" grows
	verify_second_disk
	check "the second disk is detached" disk_detach g1 xvdb
	disk_detach g1 xvda
	check "nothing of a detached disk is mapped" no_grants_mapped g1
	disk_attach g1 xvda /img/a.img
}

grows() {
	truncate -s 24M /img/b.img
	in_guest g1 disk_there xvdb && in_guest g1 has_grown xvdb 24
}

verify_second_disk() {
	check "fio verifies on the second disk" in_guest g1 verify_second
}

verify_second() {
	disk_there xvdb && verify_sizes /dev/xvdb
}

reboot_and_look() {
	guest_reboot g1 && in_guest g1 find_files
}

find_files() {
	mount_fs xvda && check_fs
}

destroy_under_load() {
	guest_start g1 load_for_ever /mnt/v
	load_is_under_way g1 xvda && guest_destroy g1
}

next_guest() {
	guest_create g2 "$(disk xvda /img/a.img)" && in_guest g2 find_files
}
