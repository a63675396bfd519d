#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# long
# The daemon is killed while a slow disk has a ring full of its requests: dom0's kernel comes through it, the next daemon
# waits for what the disk still has to do, and the guest does not notice. A PV dom0 whose process dies with direct I/O to a
# guest's pages in flight does not come through ("Bad page map", and no direct I/O from then on).
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='map: a direct disk is refused
auto, direct: the disk has a ring full of requests
auto, direct: the daemon is killed, and the next one goes on
auto, direct: the guest that writes saw no error of three more
auto, direct: the guest is destroyed
auto, direct: dom0 reads directly
auto, direct: the next guest uses the disk
copy, direct: the disk has a ring full of requests
copy, direct: the daemon is killed, and the next one goes on
copy, direct: the guest that writes saw no error of three more
copy, direct: the guest is destroyed
copy, direct: dom0 reads directly
copy, direct: the next guest uses the disk
map, buffered: the disk has a ring full of requests
map, buffered: the daemon is killed, and the next one goes on
map, buffered: the guest is destroyed
map, buffered: dom0 reads directly
map, buffered: the next guest uses the disk'
nvme_size=256M
nvme_iops=15

dom0() {
	load_module nvme
	wait_until 120 test -b /dev/nvme0n1
	killed_with_requests_in_the_disk auto direct /dev/nvme0n1
	killed_with_requests_in_the_disk copy direct /dev/nvme0n1
	guest_create g1
	blkd_start --grants map
	disk_attach g1 xvda /dev/nvme0n1
	check_text "map: a direct disk is refused" /log/g1.attach 'direct I/O with --grants map'
	guest_destroy g1
	blkd_stop
	killed_with_requests_in_the_disk map buffered file:/dev/nvme0n1,direct=off
}

killed_with_requests_in_the_disk() { # HOW WAY TARGET
	verdict_prefix="$1, $2: "
	blkd_start --grants "$1"
	guest_create g1 "$(disk xvda "$3")"
	guest_start g1 fill_the_ring
	check "the disk has a ring full of requests" wait_until 120 requests_in_disk 30
	check "the daemon is killed, and the next one goes on" killed_and_goes_on 30 "$1"
	guest_destroy g1
	[ "$2" = buffered ] || check "the guest that writes saw no error of three more" no_late_write "$1" "$3"
	guest_create g1 "$(disk xvda "$3")"
	guest_start g1 fill_the_ring
	wait_until 120 requests_in_disk 30
	blkd_die_and_restart --grants "$1"
	check "the guest is destroyed" guest_destroy g1
	check "dom0 reads directly" dd if=/dev/nvme0n1 of=/dev/null bs=4k count=8 iflag=direct
	check "the next guest uses the disk" next_guest "$3"
	guest_destroy g2
	blkd_stop
	verdict_prefix=''
}

requests_in_disk() { # AT-LEAST
	awk -v least="$1" '{ exit !($1 + $2 >= least) }' /sys/block/nvme0n1/inflight
}

# Reads, so that nothing is answered before the disk has been asked.
fill_the_ring() {
	disk_there xvda &&
		run_fio --name=l --filename=/dev/xvda --rw=randread --bs=4k --iodepth=32 --time_based --runtime=3600
}

killed_and_goes_on() { # REQUESTS HOW
	wait_until 120 requests_in_disk "$1" && blkd_die_and_restart --grants "$2" && load_is_under_way g1 xvda
}

# What the disk got from the daemon that died must not overwrite what it got from the next one.
no_late_write() { # HOW TARGET
	guest_create g1 "$(disk xvda "$2")"
	in_guest g1 disk_there xvda && in_guest g1 rounds_begin /dev/xvda &&
		killed_and_goes_on 8 "$1" && killed_and_goes_on 8 "$1" && killed_and_goes_on 8 "$1" &&
		in_guest g1 rounds_end
	set -- $?
	guest_destroy g1
	return "$1"
}

next_guest() { # TARGET
	guest_create g2 "$(disk xvda "$1")" && in_guest g2 use_disk xvda 64k
}
