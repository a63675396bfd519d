#!/bin/bash
# SPDX-License-Identifier: MIT
# pvring attach and detach against the genuine xl: the same nodes, values, owners and permissions, and the same left
# behind; what they say when it does not work.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until; optional arguments
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/xl.sh
. tests/lib/daemon.sh
. tests/lib/toolstack.sh
pvring=$(realpath "${PVRING:-$O/pvring}")

daemon_test_begin 1 2 5
daemon_start

attach() {
	dom0 "$pvring" attach vbd "$@"
}

detach() {
	dom0 "$pvring" detach vbd "$@"
}

# ---- the same as xl ------------------------------------------------------------------------------------------------

image=$(make_image disk.img 4M)

compare() { # NAME VDEV XL-OPTIONS PVRING-OPTION...
	local name=$1 vdev=$2 options=$3 protocol
	shift 3
	check "xl attaches a disk, $name" xl block-attach 1 \
		"format=raw,vdev=$vdev,$options,script=block-pvring,target=$image"
	dump 1 | grep -v '/protocol = ' >"$T/xl"
	check "xl detaches it" xl block-detach 1 "$vdev"
	dump 1 >"$T/xl.after"
	check "pvring attaches a disk, $name" attach 1 "$vdev" "$image" "$@"
	# libxl asks the hypervisor for a PV guest's word size, which loopxen has no answer to: then it writes none.
	protocol=$(dom0 xenstore-ls -f /local/domain/1/device | sed -n 's|.*/protocol = "\(.*\)"|\1|p')
	dump 1 | grep -v '/protocol = ' >"$T/pvring"
	check "pvring detaches it" detach 1 "$vdev"
	dump 1 >"$T/pvring.after"
	check_same "attached: every node, value, owner and permission is xl's" "$T/xl" "$T/pvring"
	check_eq "and a PV guest's protocol" "$protocol" x86_64-abi
	check_same "detached: what is left is what xl leaves" "$T/xl.after" "$T/pvring.after"
}

if ! xl_begin; then
	skip "the same as xl" "$xl_why"
else
	xl_knows 1
	compare "to write" xvdb access=rw --mode w
	compare "to read" xvdb access=ro --mode r
	compare "a CD-ROM" xvdc access=ro,devtype=cdrom --cdrom
	compare "a partition" xvda3 access=rw
	compare "of many" xvdz access=rw
	check "xl attaches" xl block-attach 1 "format=raw,vdev=xvdb,access=rw,script=block-pvring,target=$image"
	check_serves "what xl attached is served" 1 xvdb
	check "pvring detaches what xl attached" detach 1 xvdb
	check "pvring attaches" attach 1 xvdb "$image"
	check_match "xl lists what pvring attached" "$(xl block-list 1)" '51728 +0 +1 +1 .*/local/domain/0/backend/vbd/1/51728'
	check "xl detaches what pvring attached" xl block-detach 1 xvdb
	check "xl says why, in the daemon's words" fails_with 1 "no-such.img" \
		xl block-attach 1 "format=raw,vdev=xvdb,access=rw,script=block-pvring,target=/no-such.img"
	xl block-detach 1 xvdb force >/dev/null 2>&1
fi

# ---- by itself -----------------------------------------------------------------------------------------------------

check "a disk is attached" attach 2 51712 "$image"
check_eq "its image's path is there for qemu-dm" "$(node "$(back 2 xvda)/physical-device-path")" "$image"
check_serves "the guest uses it" 2 xvda
check "it is not attached twice" fails_with 1 'has a disk xvda already: /libxl/2/device/vbd/51712' \
	attach 2 xvda "$image"
check "and detached" detach 2 xvda
check "it is not detached twice" fails_with 1 'domain 2 has no disk 51712' detach 2 xvda

dom0 xenstore-write /libxl/2/type hvm
check "a disk for an HVM guest" attach 2 xvda "$image" --mode w
check_eq "no protocol is written for an HVM guest" "$(node "$(front 2 xvda)/protocol")" ""
check "and detached again" detach 2 xvda
check "an image that is no file" attach 2 xvda null:1M
check_eq "has no path" "$(node "$(back 2 xvda)/physical-device-path")" ""
check "and is detached" detach 2 xvda

dump 2 >"$T/none"
check "a bad image: the daemon's reason" fails_with 1 '/no-such.img' attach 2 xvda /no-such.img
dump 2 >"$T/after"
check_same "nothing is left of it" "$T/none" "$T/after"
check "a domain that is not there" fails_with 1 'there is no domain 77: /local/domain/77 is missing' \
	attach 77 xvda "$image"
check "a relative path" fails_with 2 "did you mean '/.*/Makefile'" attach 2 xvda Makefile
check "no disk's name" fails_with 2 "'sdq' is not a disk's name" attach 2 sdq "$image"
check "a mode" fails_with 2 "expected r or w" attach 2 xvda "$image" --mode rw
check "hotplug without XENBUS_PATH" fails_with 1 'expected backend/vbd/DOMID/DEVID' dom0 "$pvring" hotplug vbd add
check "hotplug remove is quiet" fails_with 0 '^exit status 0: $|^$' dom0 "$pvring" hotplug vbd remove

daemon_stop
daemon_status=$?
check_eq "the daemon hands over" $daemon_status 0

# ---- without a daemon ----------------------------------------------------------------------------------------------

dump 2 >"$T/none"
check "nobody serves it: says so" fails_with 1 'no backend took .* is pvring-blkd running' attach 2 xvda "$image"
dump 2 >"$T/after"
check_same "nothing is left of that either" "$T/none" "$T/after"

offered_by_hand() {
	wait_until 5 dom0 xenstore-exists "$(back 2 xvda)/state"
	dom0 xenstore-write "$(back 2 xvda)/sectors" 8 "$(back 2 xvda)/state" 2
}
offered_by_hand &
check "a backend of any kind will do" attach 2 xvda "$image"
wait $!
check "it does not close: says so" fails_with 1 'did not reach state 6' detach 2 xvda
check_eq "online is 0" "$(node "$(back 2 xvda)/online")" 0
check "by force" fails_with 0 'removing it even so' detach 2 xvda --force
dump 2 >"$T/after"
check_same "by force nothing is left" "$T/none" "$T/after"
check_clean
check "no sanitizer has reported anything" no_sanitizer_report
done_testing
