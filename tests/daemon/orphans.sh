#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk that stops answering: its device closes all the same, nobody gets the image while a late write may still land
# on it, and once the disk answers again everything is as before. Another guest on the same worker notices nothing.
# With an argument, the guest is destroyed for so many seconds before the disk answers again.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

has_in_flight() { # NUMBER, as a pattern
	[[ $(device_status 1 xvda) =~ \"in_flight\":$1, ]]
}

# Writes that are with the disk until it is thawed.
hang() { # LOAD [ARGUMENT...]
	fsfreeze -f "$T/slow"
	load_start "$1" 1 xvda write "$T/data" --io-timeout 1 --timeout 30 "${@:2}"
	soon 30 has_in_flight '[1-9][0-9]*' || not_ok "a write hangs" "$(device_status 1 xvda)"
}

is_attached_well() { # attaches anew until it is
	disk_attach 1 xvda "$image"
	[ -z "$(node "$(back 1 xvda)/hotplug-status")" ] && return
	disk_detach 1 xvda
	return 1
}

daemon_test_begin 1
mkdir "$T/slow"
truncate -s 32M "$T/fs"
if ! { mkfs.ext4 -q "$T/fs" && mount -o loop "$T/fs" "$T/slow"; } >/dev/null 2>&1; then
	skip "a disk that hangs" "may not mount a file system to freeze"
	done_testing
fi
trap 'fsfreeze -u "$T/slow" 2>/dev/null; loopxen_stop; umount -l "$T/slow" 2>/dev/null; rm -rf "$T"' EXIT
head -c 1M /dev/urandom >"$T/data" # of more pages than are unmapped at a time
image=$(make_image slow/disk.img 4M)
daemon_start --threads 1 --max-indirect-segments 4096 # there is memory for two of more than 32 segments
bystander_start
disk_attach 1 xvda "$image"
check_serves "a disk on a file system of its own is served" 1 xvda

# The guest gives up and comes back.
hang stuck
load_wait stuck
check_eq "the guest's write is not answered" $? 1
check_match "and says so" "$(cat "$(load_out stuck)")" 'no answer for 1 s'
check_said "its device closes without it" 'vbd 1/51712: [0-9]+ request\(s\) did not come back in time'
check "both ends are Closed" wait_state 1 xvda 6
check "nothing of the closed connection counts as in flight" has_in_flight 0
log_begin
load_start next 1 xvda verify --requests 100 --timeout 60
check_said "the next connection waits for the late writes" \
	"vbd 1/51712: waiting: image $image: requests of its last connection are still with the disk"
check_match "the status says that it waits" "$(device_status 1 xvda)" '"phase":"waiting for the image"'
fsfreeze -u "$T/slow"
load_wait next
check_verified "once they have landed it is served" next
check_eq "and it was said once" "$(times_said 'waiting: image')" 1

# The toolstack detaches it, while some have not even begun for want of memory.
hang stuck --segments 64
check "large requests wait for those that hang" soon 30 has_in_flight 4
check "a disk that hangs can be detached" disk_detach 1 xvda
load_wait stuck
check_said "without what hangs" 'request\(s\) did not come back in time'
disk_attach 1 xvda "$image"
check_match "its image is not given to the next disk yet" "$(node "$(back 1 xvda)/hotplug-error")" \
	"image $image is in use by vbd 1/51712"
disk_detach 1 xvda
fsfreeze -u "$T/slow"
check "once the writes have landed it is" soon 20 is_attached_well
check_serves "and served" 1 xvda

# The guest is destroyed.
hang stuck
log_begin
"$loopxen" domain destroy 1
load_wait stuck 2>/dev/null
check_said "a guest that is destroyed is let go without what hangs" 'request\(s\) did not come back in time'
check "none of its pages are held" soon 20 domain_is_gone 1
check_eq "said once" "$(log_tail | grep -c '^\(warn\|error\): vbd 1/')" 1
dom0 xenstore-rm "$(back 1 xvda)"
"$loopxen" domain create 1
sleep "${1:-0}" # how long the disk does not answer
disk_attach 1 xvda "$image"
check_match "whoever has its number next does not get the image yet" "$(node "$(back 1 xvda)/hotplug-error")" \
	"image $image is in use by vbd 1/51712"
disk_detach 1 xvda
fsfreeze -u "$T/slow"
check "once the writes have landed he does" soon 20 is_attached_well
check_serves "and is served" 1 xvda

# The daemon is told to end: for the others the next one need not wait until this one can.
hang stuck
log_begin
kill -TERM "${daemon_pid[blkd]}"
check_said "what answers is handed over at once" 'vbd 9/51712: handed over'
daemon_start_as other
check "and the next daemon serves it" soon 30 grep -q 'vbd 9/51712: taken up again' "$(daemon_log other)"
check "while the one before still waits for the disk" daemon_is_alive
fsfreeze -u "$T/slow"
wait "${daemon_pid[blkd]}"
load_wait stuck
daemon_stop other
daemon_start --threads 2
check "when the disk answers again the device is closed" disk_detach 1 xvda

# Several queues: it is free when what the last of them has is back.
disk_attach 1 xvda "$image"
check_serves "a disk of two queues" 1 xvda --queues 2
log_begin
hang stuck --queues 2
load_wait stuck
check_said "closes without what hangs in both" 'vbd 1/51712: [0-9]+ request\(s\) did not come back in time'
check "both ends are Closed" wait_state 1 xvda 6
load_start next 1 xvda verify --requests 100 --timeout 60
check_said "the next connection waits for both" 'waiting: image .*: requests of its last connection are still with the disk'
fsfreeze -u "$T/slow"
load_wait next
check_verified "and is served when they are back" next
disk_detach 1 xvda
check "the file system is let go" soon 30 umount "$T/slow"
daemon_test_end
