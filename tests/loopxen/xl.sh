#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's xl attaches, lists and detaches a disk: genuine libxl on loopxen. It writes below /run and /var/lib/xen, so
# that is done in a mount namespace of the test's own, for a user who is not root together with a user namespace.
if [ -z "${LOOPXEN_XL_INSIDE:-}" ]; then
	how=(-m)
	[ "$(id -u)" -eq 0 ] || how+=(-r)
	if unshare "${how[@]}" --propagation private true 2>/dev/null; then
		LOOPXEN_XL_INSIDE=1 exec unshare "${how[@]}" --propagation private "$0" "$@"
	fi
	# Where the propagation can not be changed: as it is, if what we mount does not show outside.
	if ! grep -q ' shared:' /proc/self/mountinfo && unshare "${how[@]}" --propagation unchanged true 2>/dev/null; then
		LOOPXEN_XL_INSIDE=1 exec unshare "${how[@]}" --propagation unchanged "$0" "$@"
	fi
fi
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
if [ -z "${LOOPXEN_XL_INSIDE:-}" ]; then
	skip "xl on loopxen" "needs a mount namespace, and may not make one"
	done_testing
fi

mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib && mkdir -p /run/lock /run/xen /var/lib/xen

loopxen_start
if ! dom0 sh -c 'command -v xl' >/dev/null; then
	skip "xl on loopxen" "no xl on this machine"
	done_testing
fi
"$loopxen" domain create 5
dir=$LOOPXEN_DIR
uuid=$(dom0 xenstore-read /local/domain/5/vm)
uuid=${uuid#/vm/}
printf '{"c_info":{"type":"pv","name":"loopxen-5","uuid":"%s"},"b_info":{"type.pv":{}}}' "$uuid" \
	>"/var/lib/xen/userdata-d.5.$uuid.libxl-json"
printf '#!/bin/sh\necho "$1" >>%s/hotplug\nexit 0\n' "$dir" >"$dir/block"
chmod +x "$dir/block"
truncate -s 8M "$dir/disk"

check_match "xl list shows the domains" "$(dom0 xl list 2>&1)" 'Domain-0 .*loopxen-5 +5 '
check_match "xl domname" "$(dom0 xl domname 5 2>&1)" 'loopxen-5'

# A backend that offers the disk and closes it, as far as libxl looks.
back=/local/domain/0/backend/vbd/5/51712
front=/local/domain/5/device/vbd/51712
is() { # NODE VALUE
	[ "$(dom0 xenstore-read "$1" 2>/dev/null)" = "$2" ]
}
dom0_start timeout 120 xl block-attach 5 "format=raw,vdev=xvda,access=rw,script=$dir/block,target=$dir/disk" >"$dir/attach" 2>&1
attach=$started
check "libxl writes the backend's directory" wait_until 30 is $back/state 1
check_eq "its frontend" "$(dom0 xenstore-read $back/frontend)" "$front"
check_match "owned by the guest, read by domain 0" "$(dom0 xenstore-ls -fp | grep -m1 "^$front ")" '\(n5,r0\)'
check "libxl waits for InitWait" kill -0 "$attach"
dom0 xenstore-write $back/state 2
wait "$attach"
check_eq "then the attach succeeds" $? 0
check_eq "and its hotplug script ran" "$(cat "$dir/hotplug")" add
check_match "xl block-list shows it" "$(dom0 xl block-list 5 2>&1)" "51712 .*$back"

dom0_start timeout 120 xl block-detach 5 xvda >"$dir/detach" 2>&1
detach=$started
check "libxl asks the backend to close" wait_until 30 is $back/state 5
check_eq "for good" "$(dom0 xenstore-read $back/online)" 0
dom0 xenstore-write $back/state 6
wait "$detach"
check_eq "then the detach succeeds" "$?" 0
[ ! -s "$dir/detach" ] || sed 's/^/# /' "$dir/detach"
check_eq "the backend's directory is gone" "$(dom0 xenstore-exists $back; echo $?)" 1
check_eq "the frontend's, too" "$(dom0 xenstore-exists $front; echo $?)" 1
check "lsevtchn lists domain 0's ports" dom0 lsevtchn 0
check_clean
done_testing
