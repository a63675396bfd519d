#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1800
# long
# Every way to move a guest's data, to files and to a disk that is really written to, directly and through dom0's cache.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='a guest starts
copy: a buffered file
copy: a direct file
copy: a block device
map: a buffered file
map: a direct file is refused
auto: a buffered file
auto: a direct file
auto: a block device
auto: pages stay mapped between requests
auto: two queues
the guest is gone'
nvme_size=256M guest_vcpus=2

dom0() {
	every_mode
}

# tests/long/vm/guests_modes.sh does the same for guests of other types.
every_mode() {
	check "a guest starts" guest_create g1 || return
	load_module nvme
	load_module ext4
	wait_until 120 test -b /dev/nvme0n1
	# Half of the disk carries a file system, for files that can be written to directly: tmpfs cannot.
	mkfs.ext4 -q /dev/nvme0n1 128M
	mount /dev/nvme0n1 /mnt
	image /img/tmp.img 16M
	image /mnt/a.img 16M
	for how in copy auto; do
		serves $how "a buffered file" /img/tmp.img
		serves $how "a direct file" file:/mnt/a.img,direct=on
	done
	serves map "a buffered file" /img/tmp.img
	refuses_direct_map
	umount /mnt
	for how in copy auto; do
		serves $how "a block device" /dev/nvme0n1
	done
	keeps_pages
	check "auto: two queues" two_queues
	check "the guest is gone" guest_destroy g1
}

serves() { # HOW WHAT TARGET
	blkd_start --grants "$1" || { not_ok "$1: $2" "no daemon"; return; }
	check "$1: $2" attach_verify_detach "$3"
	blkd_stop
}

attach_verify_detach() { # TARGET
	disk_attach g1 xvdb "$1" && in_guest g1 verify_disk && disk_detach g1 xvdb && no_grants_mapped g1
}

verify_disk() {
	disk_there xvdb && verify_sizes /dev/xvdb && disk_sum xvdb
}

# Which its own frontend would not forgive without having agreed to it.
keeps_pages() {
	blkd_start
	disk_attach g1 xvdb /img/tmp.img && in_guest g1 verify_disk
	check "auto: pages stay mapped between requests" has_persistent_pages
	disk_detach g1 xvdb
	blkd_stop
}

has_persistent_pages() {
	pvring metrics | grep -q '^pvring_persistent_pages{.*} [1-9]'
}

# As many as the guest has processors; each uses its own.
two_queues() {
	blkd_start --threads 2
	disk_attach g1 xvdb /img/tmp.img && in_guest g1 use_both_queues && both_queues_used
	set -- $?
	disk_detach g1 xvdb
	blkd_stop
	return "$1"
}

use_both_queues() {
	verify_disk || return 1
	for cpu in 0 1; do
		run_fio --name=q --filename=/dev/xvdb --size=1m --bs=4k --rw=randread --cpus_allowed=$cpu || return 1
	done
}

both_queues_used() {
	pvring status --json | grep -q '"queue_requests": *\[[1-9][0-9]*, *[1-9][0-9]*\]'
}

refuses_direct_map() {
	blkd_start --grants map
	disk_attach g1 xvdb file:/mnt/a.img,direct=on
	check_text "map: a direct file is refused" /log/g1.attach 'direct I/O with --grants map'
	# libxl leaves the device in xenstore when its script fails.
	disk_detach g1 xvdb
	blkd_stop
}
