#!/bin/bash
# SPDX-License-Identifier: MIT
# A controller whose journals cannot be used: an operator may go on with it where no transfer is unanswered; else it can only be
# closed, as the guest would wait for ever for one that the ring does not name.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

recover() { # ARGUMENT...
	dom0 "$O/pvring" recover vusb 1/0 "$@" --control "$T/run/usbd.sock" 2>&1
}

is_parked() {
	usb_status 1 | grep -q '"phase":"parked"'
}

spoil_and_start() {
	truncate -s 100 "$T/run/journal/vusb-1-0" "$T/run/journal/vusb-1-0-1"
	daemon_start
	check "a controller without journals: parked" soon 30 is_parked
}

has_event() { # PORT NUMBER SPEED
	grep -qx "port $1: event $2, speed $3" "$T/hold"
}

usb_test_begin 1
daemon_start
attach 1 fake:loopback >/dev/null
attach 1 fake:mouse,3600000 --port 2 >/dev/null

usbload_start hold 1 hold
hold=$started
soon 30 has_event 1 1 3
daemon_kill
spoil_and_start
check_eq "nothing is unanswered: it goes on" "$(recover --replay-nothing)" "vusb 1/0: connected"
check "the guest is told that the device has gone, and come" soon 30 has_event 1 3 3
kill $hold
wait $hold
check_eq "who holds it lets go of it" $? 0
check_match "and its next connection is served" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'

usbload_start waits 1 reports --port 2 # in the device, for an hour
waits=$started
soon 30 eval 'usb_status 1 | grep -q "\"in_flight\":1"'
daemon_kill
spoil_and_start
out=$(recover --replay-nothing)
check_eq "a transfer is unanswered: exit status 1" $? 1
check_match "and why" "$out" 'still parked: 1 requests are unanswered, and the ring does not say which'
check_match "it can be closed" "$(recover --close)" '^vusb 1/0: its guest is asked to let go'
wait $waits
check_match "and the guest's next connection is served" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'

daemon_test_end
