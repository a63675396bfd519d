#!/bin/bash
# SPDX-License-Identifier: MIT
# QEMU's disk backend, Debian's binary, serves a disk to a guest domain of loopxen.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh

loopxen_start
for root in "${LOOPXEN_XEN_ROOT:-}" "$PWD/build/xen/root"; do
	qemu=$root/usr/libexec/xen-qemu-system-i386
	[ ! -x "$qemu" ] || break
	qemu=
done
if [ -z "$qemu" ]; then
	skip "QEMU serves a disk" "no xen-qemu-system-i386: Debian's qemu-system-xen is not unpacked"
	done_testing
fi
"$loopxen" domain create 5
dir=$LOOPXEN_DIR
head -c 8M /dev/urandom >"$dir/disk"

back=/local/domain/0/backend/qdisk/5/51712
front=/local/domain/5/device/vbd/51712
dom0 xenstore-write $back/frontend $front $back/frontend-id 5 $back/online 1 $back/removable 0 $back/bootable 1 \
	$back/dev xvda $back/type qdisk $back/mode w $back/device-type disk $back/discard-enable 1 \
	$back/params "aio:$dir/disk" $back/state 1
dom0 xenstore-chmod -r $back n0 r5
dom0 xenstore-write $front/backend $back $front/backend-id 0 $front/virtual-device 51712 $front/device-type disk \
	$front/state 1
dom0 xenstore-chmod -r $front n5 r0

dom0_start "$qemu" -M xenpv -xen-domid 5 -xen-attach -name guest -nodefaults -no-user-config -nographic \
	-monitor none -serial none >"$dir/qemu.log" 2>&1
qemu_pid=$started
state_is() { # STATE
	[ "$(dom0 xenstore-read "$back/state")" = "$1" ]
}
check "QEMU offers the disk" wait_until 60 state_is 2
domu_start 5 "${O:-build}/tests/loopxen/guest_disk" >"$dir/guest.log" 2>&1
guest=$started
[ ! -s "$dir/qemu.log" ] || sed 's/^/# qemu: /' "$dir/qemu.log"
wait "$guest"
check_eq "a frontend in the guest connects and reads a sector" $? 0
check_eq "and got the bytes of the image" "$(cat "$dir/guest.log")" "$(head -c 512 "$dir/disk" | od -An -v -tx1 | tr -d ' \n')"
check "QEMU follows the frontend's end" wait_until 60 state_is 6
end_started "$qemu_pid"
check_clean
done_testing
