#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# What a disk of our module's lives through, in a guest whose kernel looks after its memory: it goes in the middle of its
# work, its backend is handed over, the guest is saved and restored, on another backend, too, the module is unloaded.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='a guest starts
a disk goes under load, and comes back
a program that keeps a disk open outlives it
a hand-over is not noticed
a guest is saved and restored under load
a guest is restored on another backend
the module is loaded and unloaded many times
wrong parameters are said and put right
nothing is left'
# The guest is a PV one; with the other type dom0 gets QEMU.
guest_types='pv hvm'
guest_options='front=pvring-blkfront slub_debug=FZPU page_poison=1'
guest_extras=pvring_modules
in_guest_seconds=900
# shellcheck disable=SC2034 # a disk that goes away under load is an error to its users
expected_lines='\[g1\].*(I/O error, dev xvdb|Buffer I/O error on dev xvdb)'

dom0() {
	blkd_start
	image /img/a.img 16M
	image /img/b.img 16M
	check "a guest starts" guest_create g1 "$(disk xvda /img/a.img)" || return
	disk_attach g1 xvdb /img/b.img
	check "a disk goes under load, and comes back" goes_under_load
	check "a program that keeps a disk open outlives it" outlives
	check "a hand-over is not noticed" hand_over
	check "a guest is saved and restored under load" save_and_restore "/etc/xen/g1.cfg"
	check "a guest is restored on another backend" restore_on_qdisk
	check "the module is loaded and unloaded many times" in_guest g1 load_again "${LOOPS:-200}"
	check "wrong parameters are said and put right" in_guest g1 wrong_parameters
	guest_destroy g1
	check "nothing is left" nothing_left
	blkd_stop
}

goes_under_load() {
	guest_start g1 load_for_ever /dev/xvdb
	load_is_under_way g1 xvdb && disk_detach g1 xvdb || return
	guest_wait g1 60 && { echo "the load has not noticed"; return 1; }
	disk_attach g1 xvdb /img/b.img && in_guest g1 use_disk xvdb
}

outlives() {
	in_guest g1 keep_open xvdb && disk_detach g1 xvdb && in_guest g1 ask_closed && disk_attach g1 xvdb /img/b.img &&
		in_guest g1 use_disk xvdb
}

hand_over() {
	in_guest g1 rounds_begin /dev/xvdb
	load_is_under_way g1 xvdb && blkd_restart && load_is_under_way g1 xvdb
	in_guest g1 rounds_end
}

# xvdb was attached later, so the configuration of the restored guest is written anew.
save_and_restore() { # CONFIGURATION
	guest_config g1 "$(disk xvda /img/a.img)" "$(disk xvdb /img/b.img)" >/etc/xen/g1.cfg
	in_guest g1 rounds_begin /dev/xvdb
	load_is_under_way g1 xvdb && go_away_and_return "$1"
	in_guest g1 rounds_end
}

go_away_and_return() { # CONFIGURATION
	xl save g1 /img/saved || return
	guest_console_end g1
	xl restore "$1" /img/saved || return
	rm /img/saved
	guest_console_begin g1
}

# QEMU takes 11 segments at once, and what waits to be sent may have 32.
restore_on_qdisk() {
	guest_config g1 "$(disk xvda /img/a.img)" "format=raw,vdev=xvdb,access=rw,backendtype=qdisk,target=/img/b.img" >/etc/xen/q.cfg
	save_and_restore /etc/xen/q.cfg
}

# ---- in the guest ----

keep_open() { # VDEV
	exec 8<"/dev/$1"
}

# Its memory is there for as long as somebody has it open.
ask_closed() {
	disk_gone xvdb || return
	cat <&8 >/dev/null 2>&1
	exec 8<&-
}

load_again() { # TIMES
	local i=0
	while [ $i -lt "$1" ]; do
		rmmod pvring-blkfront && load_module pvring-blkfront && disk_there xvdb || { echo "load $i"; return 1; }
		dd if=/dev/xvdb of=/dev/null bs=64k count=4 iflag=direct 2>/dev/null || return
		i=$((i + 1))
	done
	use_disk xvdb
}

wrong_parameters() {
	rmmod pvring-blkfront && load_module pvring-blkfront max_queues=0 max_ring_page_order=9 max_indirect_segments=4096 &&
		use_disk xvdb || return
	dmesg | grep -q 'max_queues=0: expected 1 to 64; 1 is used' &&
		dmesg | grep -q 'max_ring_page_order=9: expected 0 to 4; 4 is used' &&
		dmesg | grep -q 'max_indirect_segments=4096: expected 11 to 256; 256 is used'
}
