#!/bin/bash
# SPDX-License-Identifier: MIT
# On loopxen: how much memory and CPU a backend takes for disks that are connected and idle, after a load that has used every
# slot of their rings. Of pvring-blkd's, all but the first are direct if the file system can do that: their memory is pinned.
set -u
daemon_is_plain=1
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/daemon/qdisk.bash
. tests/bench/lib.sh
further=(xvd{b..p})
after_load=10 # seconds, in which a disk may still have work to do

# Without the guests' memory, which loopxen's stand-in libraries map where Xen would copy.
resident_kib() { # PID
	awk '/^[0-9a-f]+-[0-9a-f]+ / { is_guests = /\/(ram\.[0-9.]+|hv)$/ } /^Rss:/ && !is_guests { n += $2 } END { print n }' \
		"/proc/$1/smaps"
}

# Connected, with every slot of its ring used: the guest stops in the middle of a load, as one does that is paused.
hold() { # DOMID VDEV
	load_start "$1.$2" "$1" "$2" bench --bs 44K --depth 32 --seconds 3600 --progress
	soon 20 grep -q 'requests/s' "$(load_out "$1.$2")" || give_up "no load on $2"
	kill -STOP "${load_pid[$1.$2]}"
}

idle_of() { # CONTENDER BACKEND-PID
	local before
	sleep $after_load
	before=$(cpu_seconds "$2")
	sleep "$BENCH_IDLE_SECONDS" # the time that is measured
	record idle "$1" "$(resident_kib "$2")" "$(calc "$(cpu_seconds "$2") - $before")" "$BENCH_IDLE_SECONDS"
}

further_disks() { # of pvring-blkd
	local vdev image before
	before=$(resident_kib "${daemon_pid[blkd]}")
	for vdev in "${further[@]}"; do
		image=$(make_image "$vdev.img" 1M)
		! takes_direct "$image" || image=file:$image,direct=on
		disk_attach 1 "$vdev" "$image" || give_up "attach $vdev"
		hold 1 "$vdev"
	done
	sleep $after_load
	record further pvring \
		"$(calc "int(($(resident_kib "${daemon_pid[blkd]}") - $before) / ${#further[@]})")" ${#further[@]}
}

daemon_test_begin 1 2
say "idle: one disk each, then ${#further[@]} more"
daemon_start --log info --guest 1
disk_attach 1 xvda "$(make_image xvda.img 1M)" || give_up "attach"
hold 1 xvda
idle_of pvring "${daemon_pid[blkd]}"
further_disks
if qdisk_program >/dev/null; then
	qdisk_attach 2 "$(make_image qdisk.img 1M)" && qdisk_start 2 "$T/qemu.log" || give_up "QEMU: $(cat "$T/qemu.log")"
	hold 2 xvda
	idle_of qdisk "$qdisk_pid"
fi
