#!/bin/bash
# SPDX-License-Identifier: MIT
# Disks come, are used, and go, in every order that toolstacks and guests are capable of.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

daemon_test_begin 1 2 3

# A disk is there before the daemon.
disk_create 1 xvda "$(make_image early.img 4M)"
daemon_start
check "a disk that was there first is offered" wait_state 1 xvda 2
check_serves "and served" 1 xvda
bystander_start

# Several guests, several disks.
for vdev in xvdb xvdc; do disk_attach 1 $vdev "$(make_image "1$vdev.img" 2M)"; done
for vdev in xvda xvdb xvdc; do disk_attach 2 $vdev "$(make_image "2$vdev.img" 2M)"; done
for domid in 1 2; do
	for vdev in xvda xvdb xvdc; do
		load_start $domid$vdev $domid $vdev verify --requests 2000 --depth 8 --seed $domid
	done
done
for domid in 1 2; do
	for vdev in xvda xvdb xvdc; do
		load_wait $domid$vdev
		check_verified "guest $domid verifies $vdev while five others do" $domid$vdev
	done
done
for vdev in xvdb xvdc; do disk_detach 1 $vdev; done
for vdev in xvda xvdb xvdc; do disk_detach 2 $vdev; done
check_match "what was detached is forgotten" "$(ask status | grep -o '"device":"[^"]*"' | xargs)" \
	'^device:vbd [19]/51712 device:vbd [19]/51712$'

# The frontend closes and comes back.
check "both ends are Closed after the frontend has left" wait_state 1 xvda 6
for order in 0 1 2 3 4; do
	check_serves "served again, with a ring of $((1 << order)) page(s)" 1 xvda --ring-order $order --depth $((16 << order))
done
check_serves "without persistent grants" 1 xvda --no-persistent

# Detach.
load_start idle 1 xvda hold
soon 30 grep -q connected "$(load_out idle)"
check "detach of an idle disk in use" disk_detach 1 xvda
load_wait idle
check_eq "the guest lets go by itself" $? 0
disk_attach 1 xvda "$T/early.img"
load_start busy 1 xvda hold --depth 32
soon 30 is_serving 1 xvda
check "detach under load" disk_detach 1 xvda
load_wait busy

# Gone again before any guest came; nodes that vanish.
disk_attach 1 xvda "$T/early.img"
check "a disk that no guest ever used is detached" disk_detach 1 xvda
disk_attach 1 xvda "$T/early.img"
disk_remove 1 xvda
check "nodes removed while it is offered: forgotten" soon 30 disk_is_gone 1 xvda
disk_attach 1 xvda "$T/early.img"
load_start victim 1 xvda verify --seconds 60 --io-timeout 5
soon 30 is_serving 1 xvda
dom0 xenstore-rm "$(back 1 xvda)"
check "the backend's directory removed under load: forgotten" soon 30 disk_is_gone 1 xvda
load_kill victim
disk_remove 1 xvda 2>/dev/null
disk_attach 1 xvda "$T/early.img"
load_start victim 1 xvda verify --seconds 60 --io-timeout 5
soon 30 is_serving 1 xvda
dom0 xenstore-rm "$(front 1 xvda)"
check "the frontend's directory removed under load: Closed" wait_state 1 xvda 6
load_kill victim
disk_remove 1 xvda 2>/dev/null
soon 30 disk_is_gone 1 xvda
disk_attach 1 xvda "$T/early.img"
check_serves "and the same disk can be attached and used again" 1 xvda
disk_detach 1 xvda

# Removed and made anew at once, with another image.
make_image other.img 1M >"$T/name"
disk_attach 1 xvda "$T/early.img"
load_start victim 1 xvda hold --depth 4
soon 30 is_serving 1 xvda
dom0 xenstore-rm "$(back 1 xvda)"
disk_create 1 xvda "$T/other.img"
load_kill victim
offers_other() { [ "$(node "$(back 1 xvda)/sectors")" = 2048 ] && disk_state_is 1 xvda 2; }
check "the directory removed and made anew at once: the new image is offered" soon 30 offers_other
check_serves "and served" 1 xvda
dom0 xenstore-rm "$(back 1 xvda)"
disk_create 1 xvda "$T/early.img"
offers_early() { [ "$(node "$(back 1 xvda)/sectors")" = 8192 ] && disk_state_is 1 xvda 2; }
check "the same while nobody is connected" soon 30 offers_early
check_serves "and served" 1 xvda
disk_detach 1 xvda

# A script is to be waited for.
disk_attach 1 xvda "$T/early.img" script=block-pvring
load_start waits 1 xvda info --timeout 20
guest_is_there() { [ "$(node "$(front 1 xvda)/state")" = 3 ]; }
soon 30 guest_is_there
disk_attach 2 xvda null:1M # the daemon has looked at the guest when it offers a disk that is newer
disk_detach 2 xvda
check_eq "a disk with a script is not connected before the script has succeeded" "$(node "$(back 1 xvda)/state")" 2
dom0 xenstore-write "$(back 1 xvda)/hotplug-status" connected
load_wait waits
check_eq "and is connected then" $? 0
disk_detach 1 xvda

# What the guest changes after it was looked at makes no difference.
disk_attach 1 xvda "$T/early.img"
load_start changes 1 xvda verify --seconds 60
soon 30 is_serving 1 xvda
front=$(front 1 xvda)
domu 1 xenstore-write "$front/ring-ref" 1 "$front/event-channel" 1 "$front/protocol" none "$front/ring-page-order" 9 \
	"$front/backend" "$(back 9 xvda)" "$front/backend-id" 7 "$front/state" 4
disk_attach 2 xvda null:1M
disk_detach 2 xvda
check_eq "nodes changed while it is connected: nothing happens" "$(node "$(back 1 xvda)/state")" 4
load_stop changes
check_verified "and it goes on" changes
disk_detach 1 xvda
disk_attach 1 xvda "$T/early.img"

# online=0
disk_attach 1 xvda "$T/early.img"
guest 1 xvda info >/dev/null
wait_state 1 xvda 6
dom0 xenstore-write "$(back 1 xvda)/online" 0
check "online=0 of a disk that is Closed: forgotten" soon 30 disk_is_gone 1 xvda
dom0 xenstore-write "$(back 1 xvda)/online" 1 "$(front 1 xvda)/state" 1
check "online=1 and a guest that starts again: offered" wait_state 1 xvda 2
check_serves "and served" 1 xvda
disk_detach 1 xvda

# A guest's processes die, and the guest itself.
disk_attach 1 xvda "$T/early.img"
unserved=0
for i in {1..20}; do
	load_start "dead$i" 1 xvda verify --seconds 60 --depth 16 --seed "$i"
	case $((i % 4)) in
	0) ;; # while it connects
	1) wait_state 1 xvda 4 ;;
	*) soon 30 is_serving 1 xvda && sleep "0.0$((RANDOM % 100))" ;; # at a random moment
	esac
	load_kill "dead$i"
	[[ $(guest 1 xvda verify --requests 20 2>&1) == verified* ]] || unserved=$((unserved + 1))
done
check_eq "20 frontends killed at random moments: the next one was served each time" $unserved 0
disk_attach 3 xvda "$(make_image third.img 4M)"
disk_attach 3 xvdb null:1G
load_start dying 3 xvda verify --seconds 60 --depth 32
load_start dying2 3 xvdb hold --depth 32
soon 30 is_serving 3 xvda
soon 30 is_serving 3 xvdb
"$loopxen" domain destroy 3
load_wait dying 2>/dev/null
load_wait dying2 2>/dev/null
is_dead() { [[ $(device_status 3 "$1") =~ '"phase":"waiting"' ]] || disk_is_gone 3 "$1"; }
check "a guest destroyed under load: its first disk is let go" soon 30 is_dead xvda
check "and its second" soon 30 is_dead xvdb
disk_remove 3 xvda 2>/dev/null
disk_remove 3 xvdb 2>/dev/null
check "its nodes are removed: forgotten" soon 30 disk_is_gone 3 xvda
"$loopxen" domain create 3
disk_attach 3 xvda "$T/third.img"
check_serves "a new guest of the same number is served from the same image" 3 xvda
disk_detach 3 xvda

# Read-only.
sum=$(sha256sum <"$T/early.img")
disk_detach 1 xvda
disk_attach 1 xvda "$T/early.img" mode=r
check_match "a read-only disk says so" "$(guest 1 xvda info)" 'mode r'
check_serves "and is read" 1 xvda
check_eq "nothing was written" "$(sha256sum <"$T/early.img")" "$sum"
disk_detach 1 xvda

# Other kinds of image.
disk_attach 1 xvda null:64M
check_match "null: has the size it was given" "$(guest 1 xvda info)" 'bytes 67108864'
check_match "and answers" "$(guest 1 xvda bench --seconds 1 2>&1)" '[1-9][0-9]* requests/s'
disk_detach 1 xvda
disk_attach 1 xvda mem:1M
check_serves "mem: keeps what is written" 1 xvda
disk_detach 1 xvda
disk_attach 1 xvda "file:$T/early.img,direct=on"
if [ "$(node "$(back 1 xvda)/hotplug-status")" = error ]; then
	skip "direct I/O" "not on this file system"
else
	check_serves "direct I/O on a file" 1 xvda
	check_serves "direct I/O on a file, a big ring" 1 xvda --ring-order 4 --depth 256
fi
disk_detach 1 xvda

check_eq "no connection has had to wait for the one before it" "$(grep -c 'waiting: image' "$(daemon_log)")" 0
daemon_test_end
