#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/bench/rows tests/bench/load.fio tests/bench/fio.awk
# On real Xen: fio in a guest, on three disks that are the same file, of a file system on a disk of dom0's and whole in its
# page cache. (On tmpfs Linux 6.1 gives every request of io_uring to another thread.) pvring-blkd and xen-blkback want the
# same devices, so in each round one comes with its disk, is measured and goes, then the other; QEMU, which libxl starts
# with the guest alone, has its disk all the time.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='a guest starts
pvring-blkd is measured
xen-blkback is measured
qdisk is measured'
guest_types='pv hvm' # the guest is a PV one; with the other type dom0 gets its QEMU
nvme_size=256M
image=/mnt/disk.img

dom0() {
	load_module loop
	load_module nvme
	load_module ext4
	wait_until 10 test -b /dev/nvme0n1
	mkfs.ext4 -q /dev/nvme0n1 && mount /dev/nvme0n1 /mnt && dd if=/dev/zero of=$image bs=1M count=128 2>/dev/null
	sync
	check "a guest starts" guest_create g1 "format=raw,vdev=xvdd,access=rw,backendtype=qdisk,target=$image" || return
	round=1
	while [ $round -le "$BENCH_ROUNDS" ] && one_round; do round=$((round + 1)); done
	guest_destroy g1
	show_records
	show_records
}

one_round() {
	check "pvring-blkd is measured" by_pvring && check "xen-blkback is measured" by_blkback &&
		check "qdisk is measured" measure qdisk xvdd
}

by_pvring() {
	disk_script=block-pvring
	# shellcheck disable=SC2086 # words
	blkd_start $BENCH_DAEMON && disk_attach g1 xvdb $image && measure pvring xvdb && disk_detach g1 xvdb && blkd_stop
}

by_blkback() {
	disk_script=block-peer
	load_module xen-blkback && disk_attach g1 xvdc $image && measure blkback xvdc && disk_detach g1 xvdc &&
		rmmod xen-blkback
}

measure() { # CONTENDER VDEV
	local rows row before after result
	rows=$(grep -E '/cached$' /test/rows | grep -E -e "${BENCH_ROWS:-.}")
	for row in $rows; do
		before=$(busy_ticks)
		guest_start g1 load "$2" "$row" "$BENCH_SECONDS"
		sleep "$BENCH_SECONDS" # asking whether it is done would cost what is measured
		guest_wait g1 60 || return
		after=$(busy_ticks)
		result=$(guest_value g1 result)
		echo "$row $1 $result $((after - before))" >>/run/measured
	done
}

# What dom0's CPU has done, its idle time left out, in hundredths of a second.
busy_ticks() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

show_records() {
	awk '{ print "@@record", NR, "run xen", $1, $2, $3, $4, $5, $6, $8 / 100, $7, 0 }' /run/measured
}

# In the guest.
load() { # VDEV ROW SECONDS
	disk_there "$1" || return
	export BENCH_FILE="/dev/$1" BENCH_DIRECT=1 BENCH_SECONDS="$3" BENCH_RW BENCH_BS BENCH_DEPTH
	IFS=/ read -r BENCH_RW BENCH_BS BENCH_DEPTH _ <<-END
		$2
	END
	fio --minimal --thread /test/load.fio >/run/fio.out 2>/run/fio.err || { cat /run/fio.err; return 1; }
	value result "$(awk -f /test/fio.awk /run/fio.out)"
}
