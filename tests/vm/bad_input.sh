#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 900
# long
# The table of bad inputs on real Xen, as far as a toolstack sees it: images that cannot be served, for which xl create
# says which and why; no daemon; xenstored stopped, updated live and killed. Another guest runs fio's verify all along.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# IMAGE | TARGET | what xl create prints
table='a missing image        | /img/none.img | image /img/none.img: No such file
a directory            | /img/dir      | image /img/dir is a directory
an empty image         | /img/empty    | image /img/empty is empty
an odd size            | /img/odd      | image /img/odd has 1000 bytes: expected a multiple of 512
a relative path        | img/good.img  | image .img/good.img.: a relative path
an unknown scheme      | zfs:tank/vol  | unknown scheme .zfs.
a disk of another guest | /img/by.img  | image /img/by.img is in use by vbd [0-9]+/51712'

# shellcheck disable=SC2034
verdicts="pvring-blkd starts
another guest's load begins
$(echo "$table" | sed 's/ *|.*//; s/^/xl create: /')
xl block-attach: a missing image
a good disk is served
nothing is left of them
a disk is attached while xenstored is stopped
xenstored is updated live
a disk is attached after that
the other guest's load ran through all of it, unharmed
xl create: no daemon
xenstored dies: the daemon says so
and a disk that is in use goes on"

dom0() {
	check "pvring-blkd starts" blkd_start || return
	mkdir /img/dir
	: >/img/empty
	image /img/odd 1000
	image /img/good.img 16M
	image /img/by.img 16M
	check "another guest's load begins" bystander_begins || return
	echo "$table" >/run/table
	while IFS='|' read -r name target regex <&4; do
		create_fails "$(trim "$name")" "$(trim "$target")" "$(trim "$regex")"
	done 4</run/table
	guest_create g1 || return
	attach_fails "a missing image" /img/none.img 'image /img/none.img: No such file'
	check "a good disk is served" good_disk
	check "nothing is left of them" nothing_left_but by g1

	check "a disk is attached while xenstored is stopped" attach_while_stopped
	check "xenstored is updated live" live_update
	check "a disk is attached after that" good_disk
	guest_destroy g1
	check "the other guest's load ran through all of it, unharmed" in_guest by rounds_end

	blkd_stop
	create_fails "no daemon" /img/good.img 'unable to add device with path'
	blkd_start

	guest_start by verify_for /dev/xvda 3600
	load_is_under_way by xvda
	kill -KILL "$(xenstored_pid)"
	check "xenstored dies: the daemon says so" wait_until 120 grep -q 'the connection is lost' /log/blkd
	check "and a disk that is in use goes on" more_requests
}

trim() { # TEXT
	echo "$1" | sed 's/^ *//; s/ *$//'
}

bystander_begins() {
	guest_create by "$(disk xvda /img/by.img)" && in_guest by disk_there xvda && in_guest by rounds_begin /dev/xvda
}

create_fails() { # NAME TARGET REGEX
	local start
	start=$(now_ms)
	guest_create bad "$(disk xvda "$2")"
	echo "xl create took $(($(now_ms) - start)) ms"
	check_text "xl create: $1" /log/bad.create "$3"
	wait_until 120 guest_is_gone bad
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
	disk_attach g1 xvdb /img/good.img && in_guest g1 use_disk xvdb && disk_detach g1 xvdb
}

# No other domain (one that somebody still has mapped stays as "(null)"), no other disk.
nothing_left_but() { # NAME...
	local name ids=''
	for name; do ids="$ids$(guest_id "$name") "; done
	[ "$(xl list | wc -l)" -eq $((2 + $#)) ] || { xl list; return 1; }
	for id in $(xenstore-list /local/domain/0/backend/vbd); do
		case " $ids" in *" $id "*) ;; *) echo "domain $id has a disk"; return 1 ;; esac
	done
	[ -z "$(xenstore-list "/local/domain/0/backend/vbd/$(guest_id g1)" 2>/dev/null)" ]
}

xenstored_pid() {
	cat /run/xen/xenstored.pid
}

attach_while_stopped() {
	local attach rc
	kill -STOP "$(xenstored_pid)"
	good_disk &
	attach=$!
	more_requests
	rc=$?
	kill -CONT "$(xenstored_pid)"
	[ $rc -eq 0 ] || echo "the other guest's load stood still"
	wait $attach && [ $rc -eq 0 ]
}

# As the guest sees it: pvring status needs xenstored.
more_requests() {
	local before
	before=$(sum_of /img/by.img)
	wait_until 60 by_has_changed "$before"
}

by_has_changed() { # SUM
	[ "$(sum_of /img/by.img)" != "$1" ]
}

# It becomes the new program in the same process, which is told that it takes a state over.
live_update() {
	xenstore-control live-update /usr/lib/xen-4.17/bin/xenstored || return
	tr '\0' ' ' <"/proc/$(xenstored_pid)/cmdline"
	grep -qa -e '-U' "/proc/$(xenstored_pid)/cmdline" && ! grep 'the connection is lost' /log/blkd
}
