#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# A guest that connects and disconnects as fast as it can, politely and by dying, for a long time; others do not feel it,
# and the daemon holds no more afterwards than before.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

open_files() {
	find "/proc/${daemon_pid[blkd]}/fd" -mindepth 1 | wc -l
}

maps_of_grants() {
	grep -c ram "/proc/${daemon_pid[blkd]}/maps"
}

die() { # TIMES
	for ((i = 0; i < $1; i++)); do
		load_start victim 1 xvda verify --seconds 3600 --ring-order $((i % 5))
		perl -e "select undef, undef, undef, rand 0.1"
		load_kill victim
	done
	check_serves "after $1 deaths of its frontend the guest is served" 1 xvda
	wait_state 1 xvda 6
}

daemon_test_begin 1
daemon_start
bystander_start
disk_attach 1 xvda "$(make_image 1.img 4M)"
die 10 # the stand-in libraries keep a mapping of each domain they have seen
before_files=$(open_files)
before_maps=$(maps_of_grants)
failed=0
for _ in {1..300}; do
	guest 1 xvda info >/dev/null 2>&1 || failed=$((failed + 1))
done
check_eq "300 polite reconnects all succeed" $failed 0
die 100
check_eq "no descriptor is left behind" "$(open_files)" "$before_files"
check_eq "no mapping is left behind" "$(maps_of_grants)" "$before_maps"
daemon_test_end
