#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# Our module against every backend there is, with every setting that changes what stands in the ring: the largest and the
# smallest rings and requests, grants for one request, and a backend that is not trusted.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

modes='defaults smallest largest not-persistent not-trusted'
verdicts_of_backends() {
	echo "a guest starts"
	for backend in pvring qdisk blkback; do
		for mode in $modes; do echo "$backend: $mode"; done
	done
	echo "blkback: what is polled for has no interrupts"
	echo "blkback: a disk grows"
	echo "nothing is left"
}

# shellcheck disable=SC2034
verdicts=$(verdicts_of_backends)
# The guest is a PV one; with the other type dom0 gets QEMU, which libxl starts with the guest alone.
guest_types='pv hvm'
guest_options=front=pvring-blkfront
guest_extras=pvring_modules
guest_vcpus=2

dom0() {
	load_module loop
	image /img/b.img 16M
	image /img/c.img 16M
	image /img/d.img 16M
	check "a guest starts" guest_create g1 "format=raw,vdev=xvdd,access=rw,backendtype=qdisk,target=/img/d.img" || return
	blkd_start
	disk_attach g1 xvdb /img/b.img
	for mode in $modes; do
		in_guest g1 reload_for "$mode"
		check "pvring: $mode" in_guest g1 use_all_of xvdb
		check "qdisk: $mode" in_guest g1 use_all_of xvdd
	done
	disk_detach g1 xvdb
	blkd_stop
	load_module xen-blkback max_queues=2
	disk_script=block-peer
	disk_attach g1 xvdc /img/c.img
	for mode in $modes; do
		in_guest g1 reload_for "$mode"
		check "blkback: $mode" in_guest g1 use_all_of xvdc
	done
	check "blkback: what is polled for has no interrupts" in_guest g1 polls xvdc 51744
	check "blkback: a disk grows" grows
	guest_destroy g1
	check "nothing is left" no_domain_left
}

grows() {
	truncate -s 24M /img/c.img
	losetup -c "$(xenstore-read "/local/domain/0/backend/vbd/$(guest_id g1)/51744/node")"
	in_guest g1 has_grown xvdc 24
}

# ---- in the guest ----

# shellcheck disable=SC2086 # words
reload_for() { # MODE
	local parameters=''
	case $1 in
	smallest)       parameters='max_ring_page_order=0 max_indirect_segments=11 max_queues=1' ;;
	largest)        parameters='max_ring_page_order=4 max_indirect_segments=256' ;;
	not-persistent) parameters='feature_persistent=N' ;;
	not-trusted)    parameters='feature_persistent=N trusted=N' ;;
	esac
	rmmod pvring-blkfront && load_module pvring-blkfront $parameters
}

use_all_of() { # VDEV
	disk_there "$1" && verify_sizes "/dev/$1" || return
	[ "$(cat "/sys/block/$1/queue/discard_max_bytes")" = 0 ] || blkdiscard "/dev/$1" || return
	make_fs "$1" && cp -a /bin /mnt && sync && rm -r /mnt/bin && leave_fs && fsck.ext4 -fn "/dev/$1"
}

# Every write and read is polled for; a few interrupts are the other queue's.
polls() { # VDEV NUMBER
	local before
	rmmod pvring-blkfront && load_module pvring-blkfront max_queues=1 poll_queues=1 && disk_there "$1" || return
	[ "$(cat "/sys/block/$1/queue/io_poll")" = 1 ] || return
	before=$(interrupts_of "vbd-$2")
	run_fio --name=v --filename="/dev/$1" --size=1m --rw=randwrite --bs=4k --verify=crc32c --hipri || return
	[ $(($(interrupts_of "vbd-$2") - before)) -lt 50 ] || { grep vbd- /proc/interrupts; return 1; }
}

interrupts_of() { # DEVICE
	awk -v device="$1" '$NF == device { for (i = 2; i < NF; i++) n += $i } END { print n + 0 }' /proc/interrupts
}
