#!/bin/bash
# SPDX-License-Identifier: MIT
# On loopxen: pvring-blkd, QEMU's qdisk (the same frontend, ring and file), and fio straight on the file.
#
# The same for all: images of random bytes that lie whole on the disk. Of the cached one every page is in the page cache,
# and it is written back, outside what is measured, before each measurement; it is smaller than what the kernel lets
# lie dirty, so writes do not wait for the disk. Of the direct one no page is.
set -u
daemon_is_plain=1
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/daemon/qdisk.bash
. tests/bench/lib.sh
cached=$BENCH_DIR/cached.img direct=$BENCH_DIR/direct.img

make_images() {
	local file
	say "makes two images of $BENCH_SIZE_MIB MiB in $BENCH_DIR"
	for file in "$cached" "$direct"; do
		head -c "${BENCH_SIZE_MIB}M" /dev/urandom >"$file" && sync "$file" || give_up "no room in $BENCH_DIR"
	done
	dd of="$direct" oflag=nocache conv=notrunc,fdatasync count=0 status=none
	cat "$cached" >/dev/null
}

# Guest 1 has pvring-blkd's disks, guest 2 QEMU's.
start_backends() {
	# shellcheck disable=SC2086 # words
	daemon_start --log info --guest 1 $BENCH_DAEMON
	disk_attach 1 xvda "$cached" || give_up "attach"
	has_direct=
	if takes_direct "$direct"; then
		has_direct=1
		disk_attach 1 xvdb "file:$direct,direct=on" || give_up "attach"
	fi
	qdisk_pid=
	if qdisk_program >/dev/null; then
		qdisk_attach 2 "$cached" && qdisk_start 2 "$T/qemu.log" || give_up "QEMU: $(cat "$T/qemu.log")"
	fi
}

measure_front() { # ROW CONTENDER DOMID VDEV BACKEND-PID
	local begun=$EPOCHREALTIME before machine line front back
	before=$(cpu_seconds "$5")
	machine=$(machine_seconds)
	line=$(guest "$3" "$4" bench --json --rw "$BENCH_RW" --bs "${BENCH_BS^^}" --depth "$BENCH_DEPTH" \
		--ring-order "$BENCH_RING_ORDER" --seconds "$BENCH_SECONDS") || give_up "$2 gave up"
	back=$(calc "$(cpu_seconds "$5") - $before")
	front=$(calc "$(field user "$line") + $(field system "$line")")
	record run loopxen "$1" "$2" "$(field iops "$line")" "$(field p50 "$line")" "$(field p99 "$line")" "$front" "$back" \
		"$(field requests "$line")" "$(others "$begun" "$machine" "$(calc "$front + $back")")"
}

# Its own account of its CPU leaves out the kernel's threads that do its writes.
measure_fio() { # ROW FILE
	local begun=$EPOCHREALTIME machine iops p50 p99 cpu requests TIMEFORMAT='%U + %S'
	machine=$(machine_seconds)
	{ time BENCH_FILE=$2 fio --minimal tests/bench/load.fio >"$T/fio"; } 2>"$T/fio.cpu" || give_up "fio: $(cat "$T/fio.cpu")"
	read -r iops p50 p99 cpu requests < <(awk -f tests/bench/fio.awk "$T/fio")
	cpu=$(calc "$(tail -1 "$T/fio.cpu")")
	record run loopxen "$1" fio "$iops" "$p50" "$p99" "$cpu" 0 "$requests" "$(others "$begun" "$machine" "$cpu")"
}

one_round() {
	local row
	for row in $(rows cached); do
		take_row "$row"
		sync "$cached"
		measure_front "$row" pvring 1 xvda "${daemon_pid[blkd]}"
		sync "$cached"
		[ -z "$qdisk_pid" ] || measure_front "$row" qdisk 2 xvda "$qdisk_pid"
		sync "$cached"
		measure_fio "$row" "$cached"
	done
	[ -n "$has_direct" ] || return 0
	for row in $(rows direct); do
		take_row "$row"
		measure_front "$row" pvring 1 xvdb "${daemon_pid[blkd]}"
		measure_fio "$row" "$direct"
	done
}

what_is_missing() {
	local row
	for row in $(rows); do
		if [[ $row == */direct ]] && [ -z "$has_direct" ]; then
			record none loopxen "$row" pvring "$BENCH_DIR has no O_DIRECT: set BENCH_DIR"
		elif [[ $row == */direct ]]; then
			record none loopxen "$row" qdisk "this QEMU has no native AIO, which its O_DIRECT needs"
		elif [ -z "$qdisk_pid" ]; then
			record none loopxen "$row" qdisk "no QEMU with Xen's backends here"
		fi
	done
}

daemon_test_begin 1 2
trap 'loopxen_stop; rm -rf "$T" "$cached" "$direct"' EXIT
make_images
start_backends
what_is_missing
for ((round = 1; round <= BENCH_ROUNDS; round++)); do
	say "loopxen: round $round of $BENCH_ROUNDS"
	one_round
done
