#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1800
# files: tests/bench/load.fio tests/bench/fio.awk
# On real Xen: the guest's drivers, ours and the stock one, each with a disk of its own of one guest. They take turns, first with
# pvring-blkd for a backend, then with xen-blkback. The images are files of a file system on a disk of dom0's, whole in its
# page cache.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='a guest starts
the drivers are measured on pvring-blkd
the drivers are measured on xen-blkback'
guest_options=front=none
guest_extras=pvring_modules
rows='randread/4k/1/cached randread/4k/32/cached randwrite/4k/32/cached read/128k/8/cached write/128k/8/cached'
nvme_size=512M

dom0() {
	load_module loop
	load_module nvme
	load_module ext4
	wait_until 10 test -b /dev/nvme0n1
	mkfs.ext4 -q /dev/nvme0n1 && mount /dev/nvme0n1 /mnt
	for image in b c; do dd if=/dev/zero of=/mnt/$image.img bs=1M count=128 2>/dev/null; done
	sync
	check "a guest starts" guest_create g1 || return
	in_guest g1 load_module pvring-blkfront
	in_guest g1 load_module xen-blkfront
	# shellcheck disable=SC2086 # words
	blkd_start $BENCH_DAEMON
	check "the drivers are measured on pvring-blkd" measure_on blkd
	blkd_stop
	disk_script=block-peer
	load_module xen-blkback
	check "the drivers are measured on xen-blkback" measure_on blkback
	guest_destroy g1
	show_records
	show_records
}

# A disk that comes is our driver's, which was loaded first.
measure_on() { # BACKEND
	local round=1
	disk_attach g1 xvdb /mnt/b.img && disk_attach g1 xvdc /mnt/c.img && in_guest g1 give_to_stock || return
	while [ $round -le "$BENCH_ROUNDS" ]; do
		one_round "$1" || return
		round=$((round + 1))
	done
	disk_detach g1 xvdb && disk_detach g1 xvdc
}

one_round() { # BACKEND
	local row before after
	for row in $rows; do
		echo "$row" | grep -qE -e "${BENCH_ROWS:-.}" || continue
		for driver in pvring:xvdb stock:xvdc; do
			before=$(busy_ticks)
			guest_start g1 load "${driver#*:}" "$row" "$BENCH_SECONDS"
			sleep "$BENCH_SECONDS" # asking whether it is done would cost what is measured
			guest_wait g1 60 || return
			after=$(busy_ticks)
			echo "front-$1 $row ${driver%:*} $(guest_value g1 result) $((after - before))" >>/run/measured
		done
	done
}

# What a CPU has done, its idle time left out, in hundredths of a second.
busy_ticks() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

# The guest's CPU time is all that it did, fio's included.
show_records() {
	awk '{
		print "@@record", 2 * NR - 1, "run", $1, $2, $3, $4, $5, $6, $8 / 100, $10 / 100, $7, 0
		print "@@record", 2 * NR, "irqs", $1, $2, $3, $7 ? $9 / $7 : 0, 0, 0, 0, 0, 0, 0
	}' /run/measured
}

# ---- in the guest ----

give_to_stock() {
	disk_there xvdb && disk_there xvdc && echo vbd-51744 >/sys/bus/xen/drivers/pvring-blkfront/unbind && disk_gone xvdc &&
		echo vbd-51744 >/sys/bus/xen/drivers/vbd/bind && disk_there xvdc
}


load() { # VDEV ROW SECONDS
	local busy irqs
	export BENCH_FILE="/dev/$1" BENCH_DIRECT=1 BENCH_SECONDS="$3" BENCH_RW BENCH_BS BENCH_DEPTH
	IFS=/ read -r BENCH_RW BENCH_BS BENCH_DEPTH _ <<-END
		$2
	END
	busy=$(busy_ticks) irqs=$(cat "/sys/block/$1/device/xenbus/events")
	fio --minimal --thread /test/load.fio >/run/fio.out 2>/run/fio.err || { cat /run/fio.err; return 1; }
	# shellcheck disable=SC2046 # words: IOPS P50 P99 CPU-s REQUESTS
	set -- $(awk -f /test/fio.awk /run/fio.out) "$1"
	value result "$1 $2 $3 $5 $(($(busy_ticks) - busy)) $(($(cat "/sys/block/$6/device/xenbus/events") - irqs))"
}
