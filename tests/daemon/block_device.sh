#!/bin/bash
# SPDX-License-Identifier: MIT
# Block devices as images: one with sectors of 4096 bytes, one by several names.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

daemon_test_begin 1 2
head -c 4M /dev/urandom >"$T/disk"
if ! loop=$(losetup --find --show --sector-size 4096 "$T/disk" 2>/dev/null); then
	skip "a disk with sectors of 4096 bytes" "may not make a loop device"
	done_testing
fi
trap 'loopxen_stop; losetup --detach "$loop" 2>/dev/null; rm -rf "$T"' EXIT
daemon_start
bystander_start

# Sizes and positions are in units of 512 bytes whatever the disk's sector is.
disk_attach 1 xvda "$loop"
check_eq "sectors counts 512 bytes each" "$(node "$(back 1 xvda)/sectors")" $((4 << 20 >> 9))
check_eq "sector-size is the device's" "$(node "$(back 1 xvda)/sector-size")" 4096
check_match "physical-sector-size is no less" "$(node "$(back 1 xvda)/physical-sector-size")" '^(4096|8192|16384)$'
check_match "the guest sees its true size" "$(guest 1 xvda info)" 'bytes 4194304'
check_serves "the guest is served" 1 xvda
check_serves "and with a big ring" 1 xvda --ring-order 4 --depth 256
head -c 4M /dev/urandom >"$T/data"
check "a guest writes all of it" guest 1 xvda write "$T/data"
check "and every byte is in its place" cmp "$T/data" "$T/disk"
check "a guest reads all of it" guest 1 xvda read "$T/read"
check "and every byte is as it was" cmp "$T/data" "$T/read"

# Some frontends take every sector for one of 512 bytes.
small=(--small-sectors --bs-min 512)
check_serves "a guest that asks for parts of sectors is served" 1 xvda "${small[@]}" --bs-max 8K
check_serves "with a big ring and large requests, too" 1 xvda "${small[@]}" --ring-order 4 --depth 256 --segments 32
check_serves "and without persistent grants" 1 xvda "${small[@]}" --no-persistent
head -c 100K /dev/urandom >"$T/part"
cp "$T/disk" "$T/expected"
check "it writes from the middle of a sector to the middle of another" \
	guest 1 xvda write "$T/part" --small-sectors --offset 66048 --length 100K
check "it reads all of it" guest 1 xvda read "$T/read"
check "as it is on the disk" cmp "$T/read" "$T/disk"
dd if="$T/part" of="$T/expected" bs=512 seek=129 conv=notrunc status=none
check "and nothing else has changed" cmp "$T/disk" "$T/expected"

# A loop device passes on to its file what it is to forget.
check_eq "what it can forget is a multiple of its sectors" $(($(node "$(back 1 xvda)/discard-granularity") % 4096)) 0
check "a guest discards all of it" guest 1 xvda discard
check_eq "and nothing of it takes any room" "$(stat -c %b "$T/disk")" 0

# The device is what counts, not the node that names it.
ln -s "$loop" "$T/link"
names=("$T/link")
read -r major minor < <(stat -c '0x%t 0x%T' "$loop")
if mknod "$T/alias" b "$major" "$minor" && head -c 1 "$T/alias" >/dev/null 2>&1; then
	names+=("$T/alias")
else
	skip "a disk by another node" "may not make or open one here"
fi
for name in "${names[@]}"; do
	disk_attach 2 xvda "$name"
	check_eq "two guests may not have it by two names: ${name##*/}" "$(node "$(back 2 xvda)/hotplug-error")" \
		"image $name is in use by vbd 1/51712"
	disk_detach 2 xvda
done
disk_detach 1 xvda
disk_attach 2 xvda "${names[-1]}"
check_serves "once it is free another guest has it" 2 xvda
disk_detach 2 xvda
check "the device is let go" losetup --detach "$loop"
daemon_test_end
