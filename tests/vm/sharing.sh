#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# long
# Several disks and two guests at once, a read-only disk, and an image that two guests want.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='pvring-blkd starts
two guests start with two disks each
both verify at once
a read-only disk is read
a read-only disk refuses writes
the image did not change
an image in use is refused
a read-only image is shared
the guests are gone'

dom0() {
	local sum
	check "pvring-blkd starts" blkd_start || return
	for name in a b c d; do image /img/$name.img 16M; done
	dd if=/dev/urandom of=/img/ro.img bs=1M count=4 2>/dev/null
	sum=$(sum_of /img/ro.img)
	check "two guests start with two disks each" two_guests || return
	guest_start g1 verify_both
	guest_start g2 verify_both
	check "both verify at once" both_done
	disk_attach g1 xvdc /img/ro.img ro
	in_guest g1 disk_there xvdc
	in_guest g1 disk_sum xvdc
	check_eq "a read-only disk is read" "$(guest_value g1 sum)" "$sum"
	check "a read-only disk refuses writes" in_guest g1 write_fails xvdc
	check_eq "the image did not change" "$(sum_of /img/ro.img)" "$sum"
	disk_attach g2 xvdc /img/a.img
	check_text "an image in use is refused" /log/g2.attach '/img/a.img.*in use'
	check "a read-only image is shared" share_read_only "$sum"
	check "the guests are gone" both_gone
	blkd_stop
}

two_guests() {
	guest_create g1 "$(disk xvda /img/a.img)" "$(disk xvdb /img/b.img)" &&
		guest_create g2 "$(disk xvda /img/c.img)" "$(disk xvdb /img/d.img)"
}

verify_both() {
	disk_there xvda && disk_there xvdb && verify_sizes /dev/xvda && verify_sizes /dev/xvdb
}

both_done() {
	guest_wait g1 600 && guest_wait g2 600
}

write_fails() { # DISK: neither may the frontend try, nor may it succeed
	[ "$(cat "/sys/block/$1/ro")" = 1 ] && ! dd if=/dev/zero of="/dev/$1" bs=4k count=1 2>/dev/null
}

share_read_only() { # SUM
	disk_attach g2 xvdd /img/ro.img ro && in_guest g2 disk_there xvdd && in_guest g2 disk_sum xvdd &&
		[ "$(guest_value g2 sum)" = "$1" ]
}

both_gone() {
	guest_destroy g1 && guest_destroy g2 && nothing_left
}
