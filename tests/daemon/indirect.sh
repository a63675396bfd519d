#!/bin/bash
# SPDX-License-Identifier: MIT
# Requests whose segments stand in a page of their own: however the data moves, and when that page cannot be read.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

big=(--segments 32 --bs-min 48K) # none of them fits a slot

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 16M)"
check_eq "they are offered" "$(node "$(back 1 xvda)/feature-max-indirect-segments")" 32

for direct in off on; do
	for grants in auto copy map; do
		[ $grants = map ] && [ $direct = on ] && continue
		daemon_stop
		daemon_start --grants $grants
		disk_detach 1 xvda
		disk_attach 1 xvda "file:$T/1.img,direct=$direct"
		check_serves "a 64-bit guest's, grants $grants, direct $direct" 1 xvda "${big[@]}" --requests 1000
		check_serves "a 32-bit guest's, grants $grants, direct $direct" 1 xvda "${big[@]}" --protocol x86_32-abi
		check_serves "without persistent grants, grants $grants, direct $direct" 1 xvda "${big[@]}" --no-persistent
	done
done
disk_detach 1 xvda
disk_attach 1 xvda "$T/1.img"
check_serves "with others among them, in the largest ring" 1 xvda --segments 32 --ring-order 4 --depth 512 --requests 3000

load_start over 1 xvda verify "${big[@]}" --seconds 3600 --io-timeout 20
soon 30 is_serving 1 xvda
daemon_stop
daemon_start
check_said "a ring full of them is handed over" 'vbd 1/51712: taken up again'
load_stop over
check_verified "and the guest does not notice" over

daemon_stop
LOOPXEN_FAIL=copy:1 daemon_start --grants copy
log_begin
out=$(guest 1 xvda verify "${big[@]}" --requests 50 --keep-going 2>&1)
check_eq "one whose segments cannot be copied is answered with an error" "$(grep -c 'failed: Input/output error' <<<"$out")" 1
check_said "for a reason" 'request refused: operation 0, sector 0, 32 segment\(s\): a grant that cannot be used'
check_serves "and the next ones are served" 1 xvda "${big[@]}"
daemon_test_end
