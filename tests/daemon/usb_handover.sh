#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon that ends hands its controllers over: to the guest its devices were unplugged and plugged in again, and the
# controller stays. The same when one dies; what a device had then is answered as lost, and never done twice.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

three_loads() { # HOW THE DAEMON ENDS in the midst of each
	local before load
	for _ in 1 2 3; do
		before=$(nr_bulk 1)
		usbload_start load 1 loopback --seconds 3600 --port 1
		load=$started
		soon 30 nr_bulk_is_over 1 "$before"
		$1
		daemon_start
		wait "$load"
	done
}

usb_test_begin 1 2
daemon_start
attach 1 fake:loopback >/dev/null
attach 1 fake:mouse --port 2 >/dev/null
attach 2 fake:mouse,3600000 >/dev/null

has_event() { # PORT NUMBER SPEED: of the one that holds, which says only the last of several at once
	grep -qx "port $1: event $2, speed $3" "$T/hold"
}
usbload_start hold 1 hold
hold=$started
soon 30 has_event 1 1 3
soon 30 has_event 2 1 2
usbload_start waits 2 reports # in the device, for an hour
waits=$started
soon 30 eval 'usb_status 2 | grep -q "\"in_flight\":1"'
daemon_stop
check_eq "a daemon that ends waits for nobody's mouse" $? 0
wait $waits
check_match "what a device had is answered" "$(cat "$T/waits")" 'a report: (SHUTDOWN|IOERROR)'
check_eq "the guests stay connected" "$(node "$(usb_back 1)/state")$(node "$(usb_front 1)/state")" 44
dom0 xenstore-write "$(usb_back 1 port/2)" ""
daemon_start
check_said "the next daemon takes the controller up" 'vusb 1/0: taken up again'
check "the guest is told that the device has gone, and come" soon 30 has_event 1 3 3
check "and that another has gone" soon 30 has_event 2 2 0
kill $hold
wait $hold
check_eq "who holds it lets go of it" $? 0
check_match "the device is as new" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'

# As an upgrade.
usbload_start hold 1 hold
hold=$started
soon 30 has_event 1 1 3
daemon_upgrade >"$T/said"
check_eq "an upgrade: exit status 0" $? 0
check "the guest is told that the device has gone, and come" soon 30 has_event 1 3 3
kill $hold
wait $hold
check_eq "who holds it lets go of it" $? 0
check_match "the device is as new" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'

# Under load, again and again.
three_loads daemon_stop
check_match "a daemon that ends under load says so of each transfer" "$(cat "$T/load")" 'transfer [0-9]+ (in|out): (SHUTDOWN|IOERROR|NODEV)'
check_match "and the next serves the guest's next connection" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'

# As a crash.
usbload_start hold 1 hold
hold=$started
soon 30 has_event 1 1 3
daemon_kill
log_begin
daemon_start
check_said "a daemon that died is followed by the next" 'vusb 1/0: taken up again'
check "the guest is told that the device has gone, and come" soon 30 has_event 1 3 3
kill $hold
wait $hold
check_eq "who holds it lets go of it" $? 0
three_loads daemon_kill
check_match "one that dies under load loses transfers, and that is said of them" "$(cat "$T/load")" \
	'transfer [0-9]+ (in|out): (SHUTDOWN|IOERROR|NODEV)'
check_match "and the next serves the guest's next connection" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'
usbload_start waits 2 reports # in the device, for an hour
waits=$started
soon 30 eval 'usb_status 2 | grep -q "\"in_flight\":1"'
daemon_kill
log_begin
daemon_start
check_said "a transfer that was in the device" 'vusb 2/0: taken up again, with [1-9]'
wait $waits
check_match "is lost" "$(cat "$T/waits")" 'a report: NODEV'
check_eq "nothing was parked" "$(times_said parked)" 0
daemon_test_end
