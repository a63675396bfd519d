#!/bin/bash
# SPDX-License-Identifier: MIT
# A controller goes in whatever state it is: with a guest and no device, while a port's device is still being opened. The
# daemon serves the other guest on, and frees what it had once.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

usb_test_begin 1 2 3 4 5
daemon_start
attach 2 fake:loopback >/dev/null
usbload_start bystander 2 loopback --seconds 3600
bystander=$started

is_connected() { # DOMID
	[ "$(node "$(usb_back "$1")/state")" = 4 ]
}

is_removed() { # DOMID
	! dom0 xenstore-exists "$(usb_back "$1")"
}

hold_empty() { # DOMID: it is connected, and no port has a device; its pid is $hold
	log_begin
	attach "$1" fake:mouse >/dev/null
	detach "$1" fake:mouse >/dev/null
	usbload_start hold "$1" hold
	hold=$started
	soon 30 is_connected "$1" || not_ok "guest $1 is connected" "$(cat "$T/hold")"
}

hold_ends() {
	kill -KILL $hold 2>/dev/null
	wait $hold 2>/dev/null
}

remove() { # DOMID: all nodes that are left of its controller
	local node
	for node in "$(usb_back "$1")" "$(usb_front "$1")" "/libxl/$1/device/vusb/0"; do
		dom0 xenstore-rm "$node" 2>/dev/null
	done
}

check_goes() { # NAME DOMID: and the daemon is none the worse
	check_said "$1" "vusb $2/0: gone"
	check_alive "and the daemon does not go with it"
}

# ---- connected, without a device -------------------------------------------------------------------------------------

hold_empty 1
dom0 xenstore-rm "$(usb_back 1)"
check_goes "a controller without a device goes with its directory" 1
hold_ends
remove 1

hold_empty 1
kill -STOP $hold
dom0 "$pvring" detach vusb 1 0 --force >/dev/null
check_goes "or when it is detached from a guest that does not let go" 1
hold_ends

hold_empty 3
hold_ends
dom0 xenstore-write "$(usb_back 3 online)" 0
"$loopxen" domain destroy 3
check_goes "or with its guest" 3

log_begin
attach 5 fake:mouse >/dev/null
"$loopxen" domain destroy 5
check_goes "a guest that dies takes its controller along, where the toolstack leaves it" 5
check "and nothing is left of it" soon 30 is_removed 5

# ---- while a device is opened ----------------------------------------------------------------------------------------

head -c 64K /dev/zero >"$T/stick"
log_begin
lease_hold "$T/stick"
attach 1 "fake:storage,$T/stick" >/dev/null &
attaching=$!
soon 30 port_says 1 1 opening
dom0 xenstore-rm "$(usb_back 1)"
check_goes "a controller goes while a device is opened for it" 1
lock_release "$locker"
wait $attaching
check_said "which is closed when it has been" "vusb 1/0: port 1: fake:storage,$T/stick is no longer given"
check_alive "and all of it once"
remove 1
check_eq "the guest's next controller has it" "$(attach 1 "fake:storage,$T/stick")" "vusb 1/0 port 1: fake:storage,$T/stick"

kill $bystander
wait $bystander
check_match "another guest's transfers ran through all of it, unharmed" "$(cat "$T/bystander")" '^verified [1-9][0-9]{2,}'

# ---- the daemon's end ------------------------------------------------------------------------------------------------

head -c 64K /dev/zero >"$T/slow"
log_begin
lease_hold "$T/slow"
attach 4 "fake:storage,$T/slow" >/dev/null &
attaching=$!
soon 30 port_says 4 1 opening
kill -TERM "${daemon_pid[usbd]}"
check "a daemon that ends waits for no device that is being opened" soon 30 eval '! daemon_is_alive'
wait "${daemon_pid[usbd]}"
check_eq "and has ended well" $? 0
lock_release "$locker"
daemon_start
wait $attaching
check "the next opens it" soon 30 port_says 4 1 ready

# ---- what it has left in the store -----------------------------------------------------------------------------------

daemon_stop
check_match "without a daemon nobody takes a device away" "$(detach 4 1)" "port-status/1 is 'ready' after [0-9]+ s: is pvring-usbd running"
check_match "nor is one there for what was said before" "$(attach 4 fake:nonsense --port 1)" \
	"port-status/1 is '' after [0-9]+ s: is pvring-usbd running"
daemon_start
dom0 xenstore-write "$(usb_back 4 port/1)" fake:nonsense
check "what is wrong is said" soon 30 port_says 4 1 "expected loopback"
dom0 xenstore-rm "$(usb_back 4 port-status/1)"
check "again, to who has taken it away" soon 30 port_says 4 1 "expected loopback"
daemon_test_end
