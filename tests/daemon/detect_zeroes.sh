#!/bin/bash
# SPDX-License-Identifier: MIT
# Writes of nothing but zeros: what becomes of their storage, on a file and on a block device.
# shellcheck disable=SC2317 # functions are called through check
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

daemon_test_begin 1
head -c 4M /dev/zero >"$T/zeros"
{ head -c 1M /dev/urandom; head -c 2M /dev/zero; head -c 1M /dev/urandom; } >"$T/mixed"

blocks() {
	sync "$T/disk"
	stat -c %b "$T/disk"
}

nr_zeroed() {
	[[ $(device_status 1 xvda) =~ \"zeroed_writes\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

full() { # TARGET [NODE=VALUE...]: attached, and nothing of it is a hole
	dd if=/dev/urandom of="$T/disk" bs=1M count=4 conv=notrunc status=none
	disk_attach 1 xvda "$@"
}

gives_zeros() {
	guest 1 xvda write "$T/zeros" && guest 1 xvda read "$T/read" && cmp "$T/zeros" "$T/read"
}

daemon_start
full "$T/disk"
allocated=$(blocks)
check "off: zeros are written" gives_zeros
check_eq "as they are" "$(blocks)" "$allocated"
check_eq "and nothing is counted" "$(nr_zeroed)" 0
disk_detach 1 xvda
daemon_stop

daemon_start --detect-zeroes unmap
full "$T/disk"
check "unmap: a guest's zeros are zeros" gives_zeros
check_eq "and take no room" "$(blocks)" 0
check "and are counted" test "$(nr_zeroed)" -ge $((4096 / 44))
check "among the metrics, too" eval 'ask metrics | grep -q "pvring_zeroed_writes_total{[^}]*} [1-9]"'
check "a guest writes zeros and others" guest 1 xvda write "$T/mixed"
check "each is where it belongs" cmp "$T/mixed" "$T/disk"
check "zeros among them take no room" test "$(blocks)" -lt $((3 << 11))
check_serves "a guest is served" 1 xvda
disk_detach 1 xvda
full "$T/disk" discard-enable=0
check "where nothing may be given back zeros are zeros" gives_zeros
check "and keep their room" test "$(blocks)" -ge "$allocated"
disk_detach 1 xvda
if loop=$(losetup --find --show --sector-size 4096 "$T/disk" 2>/dev/null); then
	trap 'loopxen_stop; losetup --detach "$loop" 2>/dev/null; rm -rf "$T"' EXIT
	full "$loop"
	check "on a block device zeros are zeros" gives_zeros
	check_eq "and take no room of its" "$(blocks)" 0
	check_serves "a guest that writes parts of its sectors is served" 1 xvda --small-sectors --bs-min 512
	disk_detach 1 xvda
	losetup --detach "$loop"
else
	skip "zeros on a block device" "may not make a loop device"
fi
daemon_stop

daemon_start --detect-zeroes on
full "$T/disk"
check "on: zeros are zeros" gives_zeros
check "and keep their room" test "$(blocks)" -ge "$allocated"
disk_detach 1 xvda
out=$("$daemon" --detect-zeroes maybe 2>&1)
check_eq "what is none of the three" "$?" 2
check_match "is named, and what was expected" "$out" "'maybe'.*: expected off, on or unmap"
daemon_test_end
