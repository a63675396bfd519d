#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's xl attaches, lists and detaches a disk: genuine libxl on loopxen.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/xl.sh

loopxen_start
if ! xl_begin; then
	skip "xl on loopxen" "$xl_why"
	done_testing
fi
"$loopxen" domain create 5
xl_knows 5
dir=$LOOPXEN_DIR
printf '#!/bin/sh\necho "$1" >>%s/hotplug\nexit 0\n' "$dir" >"$dir/block"
chmod +x "$dir/block"
truncate -s 8M "$dir/disk"

check_match "xl list shows the domains" "$(xl list 2>&1)" 'Domain-0 .*loopxen-5 +5 '
check_match "xl domname" "$(xl domname 5 2>&1)" 'loopxen-5'

# A backend that offers the disk and closes it, as far as libxl looks.
back=/local/domain/0/backend/vbd/5/51712
front=/local/domain/5/device/vbd/51712
is() { # NODE VALUE
	[ "$(dom0 xenstore-read "$1" 2>/dev/null)" = "$2" ]
}
xl block-attach 5 "format=raw,vdev=xvda,access=rw,script=$dir/block,target=$dir/disk" >"$dir/attach" 2>&1 &
attach=$!
loopxen_track $attach
check "libxl writes the backend's directory" wait_until 30 is $back/state 1
check_eq "its frontend" "$(dom0 xenstore-read $back/frontend)" "$front"
check_match "owned by the guest, read by domain 0" "$(dom0 xenstore-ls -fp | grep -m1 "^$front ")" '\(n5,r0\)'
check "libxl waits for InitWait" kill -0 "$attach"
dom0 xenstore-write $back/state 2
wait "$attach"
check_eq "then the attach succeeds" $? 0
check_eq "and its hotplug script ran" "$(cat "$dir/hotplug")" add
check_match "xl block-list shows it" "$(xl block-list 5 2>&1)" "51712 .*$back"

xl block-detach 5 xvda >"$dir/detach" 2>&1 &
detach=$!
loopxen_track $detach
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
