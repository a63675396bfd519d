#!/bin/bash
# SPDX-License-Identifier: MIT
# What `pvring-blkload bench` counts is what the daemon was asked for, whether or not a block fits one request.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

counted() { # requests|bytes KIND: by the daemon, for the disk
	device_status 1 xvda | sed -n "s/.*\"$1\":{[^}]*\"$2\":\([0-9]*\).*/\1/p"
}

# Blocks that the load says are done, and what the daemon counted meanwhile.
check_counts() { # NAME KIND BS REQUESTS-PER-BLOCK ARGUMENT...
	local name=$1 kind=$2 bs=$3 per_block=$4 requests bytes line blocks
	shift 4
	requests=$(counted requests "$kind")
	bytes=$(counted bytes "$kind")
	line=$(guest 1 xvda bench --json --seconds 1 --rw "$kind" --bs "$bs" "$@")
	blocks=$(sed -n 's/.*"requests": \([0-9]*\).*/\1/p' <<<"$line")
	check "$name: something is done" test "${blocks:-0}" -gt 0
	check_eq "$name: a block is so many requests" $(($(counted requests "$kind") - requests)) $((blocks * per_block))
	check_eq "$name: of so many bytes" $(($(counted bytes "$kind") - bytes)) $((blocks * bs))
}

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 1M)"
check_counts "a block of one request" read 4096 1
check_counts "the largest block of one request" read 45056 1
check_counts "a block of three requests" read 131072 3 --depth 10
check_counts "writes of one block after the other" write 46080 2 --depth 1
check_counts "a larger ring" write 131072 3 --depth 32 --ring-order 2
check_match "more requests at once than the ring holds are refused" "$(guest 1 xvda bench --bs 128K --depth 11 2>&1)" \
	'depth 11: the rings of --ring-order 0 hold 32 requests, and a block takes 3'
daemon_test_end
