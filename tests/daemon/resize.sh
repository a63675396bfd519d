#!/bin/bash
# SPDX-License-Identifier: MIT
# An image that grows while its guest uses it is a larger disk, at once; one that shrinks is none.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

has_sectors() { # NUMBER: the guest has been told
	[ "$(node "$(back 1 xvda)/sectors")" = "$1" ]
}

hold_start() { # connected, with reads out all the time, of what is always there
	load_start hold 1 xvda bench --rw randread --length 2M --depth 2 --queues 2 --seconds 3600
	soon 30 is_serving 1 xvda || not_ok "the disk is served" "$(cat "$(load_out hold)")"
}

daemon_test_begin 1
daemon_start
bystander_start
image=$(make_image a.img 4M)
disk_attach 1 xvda "$image"

hold_start
truncate -s 8M "$image"
check "a guest is told of what its image has grown by" soon 30 has_sectors 16384
check_eq "once" "$(times_said 'has grown to 8388608 bytes')" 1
check_eq "the disk is connected still" "$(node "$(back 1 xvda)/state")" 4
truncate -s $((12 * 1024 * 1024 + 100)) "$image"
check "and again, by whole sectors" soon 30 has_sectors 24576

log_begin
truncate -s 8M "$image"
check_said "it is not told of what is gone" 'has 8388608 bytes now, and the guest knows a disk of 12582912'
check "nor is anything else" has_sectors 24576
truncate -s 16M "$image"
check "but when there is more than before" soon 30 has_sectors 32768
check_eq "what was gone was said once" "$(times_said 'bytes now, and the guest knows')" 1
load_stop hold

truncate -s 20M "$image"
check_match "whoever connects finds all there is" "$(guest 1 xvda info)" 'bytes 20971520'
check_serves "and uses it to its end" 1 xvda --offset 16M
truncate -s 2M "$image"
check_match "what is lost is still the disk's" "$(guest 1 xvda info)" 'bytes 20971520'
check_match "and gives errors" "$(guest 1 xvda read "$T/copy" 2>&1)" 'read of .* failed: Input/output error'
disk_detach 1 xvda
disk_attach 1 xvda "$image"
check_match "until it is attached anew" "$(guest 1 xvda info)" 'bytes 2097152'

# As soon as the operator says so, of a guest that asks for nothing.
resize() { # what the command says
	dom0 "$O/pvring" resize "$@" --control "$T/run/blkd.sock" 2>&1
}
load_start idle 1 xvda hold
wait_state 1 xvda 4
check_eq "an image that is as it was" "$(resize 1/51712)" "vbd 1/51712: 2097152 bytes, as before"
truncate -s 3M "$image"
check_eq "an image that has grown" "$(resize "$image")" "vbd 1/51712: 2097152 bytes before, 3145728 now"
check "the guest has been told when that is said" has_sectors 6144
truncate -s 2M "$image"
out=$(resize 1/51712)
check_eq "an image that has shrunk: exit status 1" $? 1
check_match "and why" "$out" 'its image has 2097152 bytes, and the guest knows a disk of 3145728, which cannot shrink'
truncate -s 3M "$image"
load_stop idle
check_match "without a guest there is nobody to tell" "$(resize 1/51712)" 'vbd 1/51712: its guest is not connected'
check_match "nor of a disk that is not there" "$(resize 1/51728)" "there is no device '1/51728' here"

# While nobody serves it.
truncate -s 4M "$image"
hold_start
daemon_stop
truncate -s 6M "$image"
daemon_start
check "the next daemon tells, too" soon 30 has_sectors 12288
load_stop hold
disk_detach 1 xvda

# A block device, whose size is its own.
if loop=$(losetup --find --show "$image" 2>/dev/null); then
	trap 'loopxen_stop; losetup --detach "$loop" 2>/dev/null; rm -rf "$T"' EXIT
	disk_attach 1 xvda "$loop"
	hold_start
	truncate -s 10M "$image"
	losetup --set-capacity "$loop"
	check "a block device grows like a file" soon 30 has_sectors 20480
	load_stop hold
	disk_detach 1 xvda
	check "the device is let go" losetup --detach "$loop"
else
	skip "a block device grows like a file" "may not make a loop device"
fi
daemon_test_end
