#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 240
# An image that cannot be served: xl says which and why, and the next guest is served.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='pvring-blkd starts
xl create: a missing image
xl create: a relative path
xl block-attach: a missing image
xl block-attach: a directory
xl block-attach: an empty image
xl block-attach: an odd size
xl block-attach: a relative path
xl block-attach: an unknown scheme
nothing is left of them
a good disk is served
without a daemon xl gives up'

dom0() {
	check "pvring-blkd starts" blkd_start || return
	mkdir /img/dir
	: >/img/empty
	image /img/odd 1000
	image /img/good.img 16M
	create_fails "a missing image" /img/none.img '/img/none.img.*No such file'
	create_fails "a relative path" img/good.img 'img/good.img.*relative path'
	guest_create g1 || return
	attach_fails "a missing image" /img/none.img '/img/none.img.*No such file'
	attach_fails "a directory" /img/dir '/img/dir.*directory'
	attach_fails "an empty image" /img/empty '/img/empty.*(empty|0 bytes)'
	attach_fails "an odd size" /img/odd '/img/odd.*(512|sector)'
	attach_fails "a relative path" img/good.img 'img/good.img.*relative path'
	attach_fails "an unknown scheme" zfs:tank/vol 'zfs:tank/vol.*scheme'
	check "nothing is left of them" no_disk_left
	check "a good disk is served" good_disk
	guest_destroy g1
	blkd_stop
	guest_create g2 "$(disk xvda /img/good.img)"
	check_text "without a daemon xl gives up" /log/g2.create 'unable to add|timed out|not ready'
	guest_destroy g2
}

create_fails() { # NAME TARGET REGEX
	local start
	start=$(now_ms)
	guest_create bad "$(disk xvda "$2")"
	echo "xl create took $(($(now_ms) - start)) ms"
	check_text "xl create: $1" /log/bad.create "$3"
	wait_until 30 guest_is_gone bad
}

attach_fails() { # NAME TARGET REGEX
	local start
	start=$(now_ms)
	if disk_attach g1 xvdb "$2"; then
		not_ok "xl block-attach: $1" "xl was content"
	else
		echo "xl block-attach took $(($(now_ms) - start)) ms"
		check_text "xl block-attach: $1" /log/g1.attach "$3"
	fi
	# libxl leaves the device in xenstore when its script fails.
	disk_detach g1 xvdb
}

good_disk() {
	disk_attach g1 xvdb /img/good.img && in_guest g1 use_disk && disk_detach g1 xvdb
}

use_disk() {
	disk_there xvdb && run_fio --name=v --filename=/dev/xvdb --size=2m --rw=randwrite --bs=4k --verify=crc32c
}
