#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# long
# Our frontend, a process in a guest without a driver for disks, against pvring-blkd.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='pvring-blkd starts
a guest without blkfront starts
the frontend reads the size of a disk of xl
the frontend verifies
the frontend verifies without persistent grants
the disk is detached
nothing is mapped
the frontend verifies on a disk of pvring attach
the disk of pvring attach is detached
the frontend verifies with the kernel out of the way and map
the guest is destroyed while the frontend works'
guest_options=front=none

dom0() {
	check "pvring-blkd starts" blkd_start || return
	image /img/a.img 32M
	check "a guest without blkfront starts" guest_create g1 || return
	in_guest g1 prepare
	disk_attach g1 xvda /img/a.img
	check "the frontend reads the size of a disk of xl" in_guest g1 has_size 32
	check "the frontend verifies" in_guest g1 verify
	check "the frontend verifies without persistent grants" in_guest g1 verify --no-persistent
	check "the disk is detached" disk_detach g1 xvda
	check "nothing is mapped" no_grants_mapped g1
	pvring attach vbd "$(guest_id g1)" xvda /img/a.img
	check "the frontend verifies on a disk of pvring attach" in_guest g1 verify
	check "the disk of pvring attach is detached" pvring detach vbd "$(guest_id g1)" xvda
	blkd_restart --grants map
	disk_attach g1 xvda /img/a.img
	check "the frontend verifies with the kernel out of the way and map" in_guest g1 verify --no-persistent
	guest_start g1 verify --seconds 100
	check "the guest is destroyed while the frontend works" destroyed
	blkd_stop
}

destroyed() {
	load_is_under_way g1 xvda && guest_destroy g1 && blkd_is_running && nothing_left
}

prepare() {
	local module
	for module in xen-privcmd xen-evtchn xen-gntalloc xenfs; do load_module $module || return 1; done
	mount -t xenfs xenfs /proc/xen
}

has_size() { # MEGABYTES
	pvring-blkload --vdev xvda info | tee /run/info
	grep -qE "$(($1 << 11))|$(($1 << 20))|$1 ?Mi?B" /run/info
}

verify() { # ARGS...
	pvring-blkload --vdev xvda --seconds 5 "$@" verify
}
