#!/bin/bash
# SPDX-License-Identifier: MIT
# Images that cannot be served yet, or by this daemon: repaired ones, those that others use, one that does not open.
# What is wrong with an image by itself is in bad_input.table.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

check_refused() { # NAME TARGET REGEX [NODE=VALUE...]: the disk stays
	local name=$1 target=$2 regex=$3 error
	shift 3
	disk_create 1 xvda "$target" "$@"
	soon 30 disk_is_refused 1 xvda "$regex"
	error=$(node "$(back 1 xvda)/hotplug-error")
	if disk_is_refused 1 xvda "$regex"; then
		ok "$name"
	else
		not_ok "$name" "state $(node "$(back 1 xvda)/state"), '$(node "$(back 1 xvda)/hotplug-status")': '$error', want '$regex'"
	fi
	grep -qF "$error" "$(daemon_log)" || not_ok "$name: the log has it too" "$(log_tail | tail -2)"
}

forget() { # after check_refused
	disk_detach 1 xvda >/dev/null || not_ok "a disk that was refused can be detached" "$(node "$(back 1 xvda)/state")"
}

daemon_test_begin 1 2 3
daemon_start
bystander_start
good=$(make_image good.img 1M)

# Refused, then repaired: by the toolstack in place, and as a new disk.
check_refused "a missing image" "$T/late.img" "late.img: No such file"
make_image late.img 1M >/dev/null
load_start late 1 xvda verify --requests 100 --timeout 10
load_wait late
check_verified "made afterwards: served once a guest asks" late
check_eq "the error is gone from the store" "$(node "$(back 1 xvda)/hotplug-status")" ""
disk_detach 1 xvda
disk_attach 1 xvda "$good"
check_serves "another image in the same place" 1 xvda
disk_detach 1 xvda

# A guest that asks for a disk with a fault, again and again.
check_refused "an image still missing" "$T/never.img" "never.img: No such file"
for _ in 1 2 3; do
	out=$(guest 1 xvda info --timeout 1 2>&1)
	check_eq "a guest cannot connect to it" $? 3
done
check "and the log is not flooded" [ "$(times_said never.img)" -le 10 ]
forget

# No place for the record of the requests.
mv "$T/run/journal" "$T/run/journal.away"
check_refused "no directory for the journal" "$good" "$T/run/journal/vbd-1-51712: cannot open: No such file"
out=$(guest 1 xvda info --timeout 1 2>&1)
check_eq "a guest cannot connect" $? 3
mv "$T/run/journal.away" "$T/run/journal"
check_serves "once it is there: served" 1 xvda
disk_detach 1 xvda
# A full one, over the directory that the bystander's journal stays in.
if mount -t tmpfs -o size=64K none "$T/run/journal" 2>/dev/null; then
	trap 'loopxen_stop; umount -l "$T/run/journal" 2>/dev/null; rm -rf "$T"' EXIT
	cat /dev/zero >"$T/run/journal/filler" 2>/dev/null
	check_refused "no room for the journal" "$good" "$T/run/journal/vbd-1-51712: no room for [0-9]+ bytes: No space left"
	rm "$T/run/journal/filler"
	check_serves "once there is room: served" 1 xvda
	disk_detach 1 xvda
	check "the small file system is let go" soon 30 umount "$T/run/journal"
else
	skip "no room for the journal" "may not mount a small file system"
fi

# One image, two guests: they may only read it.
disk_attach 2 xvda "$good" mode=r
check_refused "a writer, while another reads" "$good" "is in use by vbd 2/51712"
forget
disk_attach 1 xvda "$good" mode=r
load_start two 2 xvda verify --requests 300
load_start one 1 xvda verify --requests 300
load_wait one
load_wait two
check_verified "two readers: the first" one
check_verified "two readers: the second" two
disk_detach 1 xvda
disk_detach 2 xvda

# A process that we know nothing of: it is waited for, for a while. Other tests go on meanwhile.
locked=$(make_image locked.img 1M)
lock_hold "$locked" F_WRLCK $((1 << 62)) 1
stranger=$locker
disk_attach 2 xvda "$locked"
load_start locked 2 xvda info --timeout 60
check_said "an image that another process has locked is waited for" \
	"vbd 2/51712: waiting: image $locked is locked by another process"
# Programs that lock other bytes (an emulated disk of the same guest does) are not in the way.
lock_hold "$good" F_RDLCK 100 200
disk_attach 1 xvda "$good"
check_serves "an image that QEMU has locked bytes 100 to 299 of is served" 1 xvda
disk_detach 1 xvda
lock_release "$locker"

# Storage that hangs when it is opened holds up nobody else.
slow=$(make_image slow.img 1M)
lease_hold "$slow"
disk_create 3 xvda "$slow"
check "while an image does not open another guest's disk is attached" disk_attach 1 xvda "$good"
check_eq "and it still does not" "$(node "$(back 3 xvda)/state")" 1
check_serves "and served" 1 xvda
disk_detach 1 xvda
check "the toolstack is told before libxl gives up" wait_state 3 xvda 2
check_match "why" "$(node "$(back 3 xvda)/hotplug-error")" "$slow does not open: nothing in 5 s"
lock_release "$locker"
check_serves "once it opens it is served" 3 xvda
disk_detach 3 xvda
lease_hold "$slow"
disk_create 3 xvda "$slow"
"$loopxen" domain destroy 3
dom0 xenstore-rm "$(back 3 xvda)"
lock_release "$locker"
check "a guest that dies meanwhile is forgotten then" soon 30 disk_is_gone 3 xvda

load_wait locked
check_eq "an image that another process keeps locked is not served" $? 3
check_said "and the log says so" "vbd 2/51712: lock: image $locked is locked by another process"
check_match "and xenstore" "$(node "/local/domain/0/error/backend/vbd/2/51712/error")" 'locked by another process'
lock_release "$stranger"
check_serves "once it is gone, it is" 2 xvda
disk_detach 2 xvda
check_eq "no error is left in xenstore" "$(node "/local/domain/0/error/backend/vbd/2/51712/error")" ""

daemon_test_end
