#!/bin/bash
# SPDX-License-Identifier: MIT
# USB guests that misbehave, and what is rarely asked for: each is answered as the protocol has it, the controller goes
# on, and another guest's transfers never notice. tests/daemon/usb_hostile has the cases.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

hostile=$(realpath "$O/tests/daemon/usb_hostile")
usb_test_begin 1 2
daemon_start
attach 2 fake:loopback >/dev/null
usbload_start bystander 2 loopback --seconds 3600
bystander=$started
attach 1 fake:loopback >/dev/null
attach 1 fake:iso --port 4 >/dev/null

misbehave() { # CASE: what came of it, a line for each answer
	domu 1 "$hostile" "$1" 2>&1
}

check_case() { # NAME CASE EXPECTED
	check_eq "$1" "$(misbehave "$2" | tr '\n' ';')" "$(tr '\n' ';' <<<"$3")"
}

ports_answers="\
port-0 INVAL
port-0 INVAL
port-9 INVAL
port-9 INVAL
port-31 INVAL
port-31 INVAL
empty-port NODEV
unlink-at-empty-port NODEV
afterwards OK 18"
check_case "ports that there are not, and one without a device" ports "$ports_answers"
check_case "addresses from 128 to 65535, and who answers to which" addresses "\
set-address INVAL
set-address INVAL
set-address INVAL
set-address INVAL
set-address INVAL
set-address INVAL
set-address INVAL
not-its-address NODEV
set-address-127 OK
its-address OK 18
another-address NODEV
set-address-0 OK
afterwards OK 18"
check_case "requests to the host, with data" host-requests "\
set-address INVAL
set-configuration INVAL
set-interface INVAL
clear-halt INVAL
set-address-128 INVAL
afterwards OK 18"
check_case "one endpoint's URBs are answered in their order, whoever answers" order "\
descriptor OK 18
set-address OK
configure OK
descriptor-2 OK 18
configure-none OK
configuration OK 1
configure-again OK
feature OK
clear-halt OK
no-such-address INVAL
bulk OK 8
bulk-in OK 8
afterwards OK 18"
check_case "endpoints, configurations and interfaces that there are not" endpoints "\
endpoint-3 INVAL
endpoint-15-in INVAL
bulk-as-interrupt INVAL
bulk-to-endpoint-0 INVAL
configure-none OK
bulk-of-no-configuration INVAL
configure-2 STALL
interface-1 STALL
afterwards OK 18"
for left in leave-data leave-unconfigured; do
	misbehave $left >/dev/null
	check_case "the next connection finds a device as new, after $left" as-new "configuration OK 1
out-8 OK 8
in OK 8"
done
check_case "too many segments, none, and such as leave their page" segments "\
17-segments INVAL
65535-segments INVAL
no-segments INVAL
over-the-page INVAL
far-over-the-page INVAL
shorter-than-its-length INVAL
a-grant-that-there-is-not IOERROR
15-and-2-segments INVAL
afterwards OK 18"
check_case "65536 bytes, whose length a slot has no room for" 65536 "\
out OK 65536
in OK 65536"
check_case "isochronous packets beyond the data, over each other, too many" packets "\
iso-of-setting-0 INVAL
set-interface OK
packets OK 4096
with-gaps OK 400
none INVAL
too-many INVAL
beyond INVAL
over-the-end INVAL
wraps INVAL
far INVAL
overlap INVAL
larger-than-the-endpoint OK
afterwards OK 18"
check_case "unlinks: in the device, twice, not there yet, done, unknown, at another port" unlink "\
between OK 18
in IOERROR
unlink OK
in IOERROR
unlink-1 OK
unlink-2 OK
out IOERROR
unlink OK
out OK 8
unlink-done OK
unlink-unknown OK
in OK 8
unlink-at-another-port OK
in IOERROR
unlink OK
afterwards OK 18"
check_case "an id that is out already" same-id "\
again INVAL
in IOERROR
unlink OK
afterwards OK 18"
check_case "short and empty packets, and babble" short "\
out-1000 OK 1000
in OK 1000
out-0 OK
in-of-nothing OK
out-1000 OK 1000
in-that-must-not-be-short IOERROR 1000
out-1024 OK 1024
in-that-must-not-be-short OK 1024
out-512 OK 512
in-of-100 BABBLE
long-string OK 32"
check_case "a stall, thousands of URBs to it, and its end" stall "\
no-such-request STALL
waits STALL
halt OK
stalled 3000, others 0
clear-halt OK
out OK 8
in OK 8
afterwards OK 18"
check_case "a single place for events" one-place "\
port 1 has 1 event, port 4 has 1
afterwards OK 18"
log_begin
check_case "an impossible index of URBs" urb-ring-index "backend Closing"
check_said "is said" "vusb 1/0: stopped: the guest's request index for URBs is impossible"

# The ring of events is looked at when there is one to tell of.
log_begin
"$loopxen" run --domid 1 -- "$hostile" conn-ring-index >"$T/conn" 2>&1 &
loopxen_track $!
bad=$!
soon 30 grep -q 'is bad' "$T/conn"
attach 1 fake:mouse --port 5 >/dev/null
wait $bad
check_match "an impossible index of places for events" "$(cat "$T/conn")" 'backend Closing'
check_said "is said, too" "vusb 1/0: stopped: the guest's request index for events of ports is impossible"
detach 1 5 >/dev/null
check_case "and the guest's next connection is served" ports "$ports_answers"
check_match "what was refused is counted by its reason" "$(ask status)" '"errors":\{[^}]*"a segment ends outside its page":[1-9]'
log_begin
for _ in {1..20}; do misbehave ports >/dev/null; done
check "and the log of it is bounded" [ "$(times_said 'URB refused')" -le 12 ]

kill $bystander
wait $bystander
check_match "another guest's transfers ran through all of it, unharmed" "$(cat "$T/bystander")" '^verified [1-9][0-9]{2,}'
daemon_test_end
