#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# The conformance suite against a backend that somebody else wrote: QEMU's. What it fails is known, and no more. Here its
# cases about requests; all of them take minutes, as QEMU has to be started anew after many.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/daemon/qdisk.bash
. tests/conform/conform.bash

if ! qdisk_program >/dev/null; then
	skip "QEMU's backend" "no xen-qemu-system-i386 on this machine"
	done_testing
fi
cases='re*'
[ -z "${CONFORM_ALL:-}" ] || cases='*'
conform_begin
dom0 xenstore-write /local/domain/0/domid 0
qemu="exec $(qdisk_command 1)"
conform_backend qdisk "$qemu" --kind qdisk --case "$cases"
check_match "a kind of backend that is none of disks is refused" "$(dom0 "$conform" backend blk --kind qnic 2>&1)" \
	"pvring-conform: --kind 'qnic': expected vbd or qdisk"
check "it does fail some: the suite finds what is wrong" grep -q '# FAIL' "$T/tap"
# It does not find out by itself what sectors a disk has.
conform_backend qdisk-4096 "$qemu -global xen-disk.logical_block_size=4096 -global xen-disk.physical_block_size=4096" \
	--kind qdisk --case '*-4096'
done_testing
