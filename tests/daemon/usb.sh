#!/bin/bash
# SPDX-License-Identifier: MIT
# USB controllers and devices in software: attached, found, used by every type of transfer, plugged in and out, under
# the eyes of another guest whose transfers go on through all of it.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

usb_test_begin 1 2
daemon_start
head -c 4M /dev/urandom >"$T/stick"

# ---- attach --------------------------------------------------------------------------------------------------------

check_eq "a device comes to the first port of a new controller" "$(attach 1 fake:loopback)" "vusb 1/0 port 1: fake:loopback"
check_eq "the next to the next" "$(attach 1 "fake:storage,$T/stick")" "vusb 1/0 port 2: fake:storage,$T/stick"
check_eq "or to one that was asked for" "$(attach 1 fake:mouse,10 --port 7)" "vusb 1/0 port 7: fake:mouse,10"
attach 1 fake:iso --port 4 >/dev/null
while IFS='|' read -r name arguments expected; do
	# shellcheck disable=SC2086 # words
	out=$(attach $arguments)
	check_match "$name" "$?: $out" "^[12]: pvring attach usb: .*$expected"
done <<-ROWS
	a kind that there is not|1 fake:nonsense|fake:nonsense.: expected loopback, storage,FILE, mouse
	a name that is none|1 nonsense|'nonsense' does not name a USB device
	a file that is not there|1 fake:storage,/no/such/file|/no/such/file: No such file or directory
	a file without a path|1 fake:storage,stick|'stick' is not an absolute path
	a pace that is none|1 fake:mouse,x|'x' is not a number of milliseconds
	what a kind does not take|1 fake:loopback,1|nothing may follow loopback
	one that is there already|1 fake:iso|fake:iso is at port 4 already
	a port that is taken|1 fake:mouse --port 4|port 4 has fake:iso
	a port that there is not|1 fake:mouse --port 9|there is no port 9: the controller has 8
	port 0|1 fake:mouse --port 0|'0' is not a port: expected a number from 1 to 31
	a guest that there is not|77 fake:mouse|there is no domain 77
ROWS
check_match "a file that another guest's stick is, too, is refused" "$(attach 2 "fake:storage,$T/stick")" \
	"$T/stick: another guest or program has it"
check_match "what a guest reads of a stick is not where its file is" "$(usbload 1 info --port 2)" 'serial: [0-9a-f]{16}[[:space:]]'
check_eq "what was refused is at no port" "$(node "$(usb_back 1 port/3)")$(node "$(usb_back 1 port-status/3)")" ""
check_match "and no controller was made for it" "$(attach 2 fake:nonsense; node "$(usb_back 2)/state")" "expected loopback[^0-9]*$"
check_match "a high-speed device is none for a controller of USB 1.1" "$(attach 2 fake:iso --usb-version 1)" \
	'a high-speed device, and the controller one of USB 1.1: give it a controller with usb-ver 2'
check_eq "a slower one is" "$(attach 2 fake:mouse --usb-version 1 --ports 1)" "vusb 2/0 port 1: fake:mouse"
check_match "its guest finds it" "$(usbload 2 info)" '^port: 1 of 1[[:space:]]speed: full'
check "a controller is detached" dom0 "$pvring" detach vusb 2 0
check_eq "with all its nodes" "$(dom0 xenstore-ls /local/domain/0/backend/vusb/2 2>/dev/null; node "$(usb_front 2)/state")" ""

# ---- the other guest -----------------------------------------------------------------------------------------------

attach 2 fake:loopback >/dev/null
usbload_start bystander 2 loopback --seconds 3600
bystander=$started

# ---- every type of transfer ------------------------------------------------------------------------------------------

check_match "status lists the ports" "$(dom0 "$pvring" status --control "$T/run/usbd.sock")" \
	"vusb 1/0 .* port 1: fake:loopback: ready.* port 7: fake:mouse,10: ready"
check_match "a device tells what it is" "$(usbload 1 info --port 7)" 'id: 1209:0003[[:space:]].*product: pvring mouse[[:space:]].*configuration: 09 02 22'
check_match "bulk transfers of every length come back" "$(usbload 1 loopback --port 1 --requests 2000)" '^verified 2000 transfers'
check_match "so do interrupt transfers" "$(usbload 1 loopback --port 1 --requests 2000 --interrupt --bytes 1000)" '^verified 2000 transfers'
check_match "round trips are measured" "$(usbload 1 bench --port 1 --requests 200 --depth 3 --json)" \
	'^."type": "bulk", "bytes": 61440, "depth": 3, .*"round_trips": 200, .*"p99": [0-9.]+, .*"user": [0-9.]+,'
check_match "of a length, and by interrupt transfers" "$(usbload 1 bench --port 1 --requests 200 --bytes 8 --interrupt)" \
	'^interrupt, 8 bytes, depth 8: [0-9]+ round trips/s'
check_match "but not of what gives nothing back" "$(usbload 1 bench --port 7; echo "$?")" 'is not the loopback[[:space:]]2$'
check_match "what is taken back leaves its buffer as it should be" "$(usbload 1 unlink --port 1)" '^taken back 25 transfers'
check_match "a stick is written and read" "$(usbload 1 storage --port 2 --requests 200)" 'refused: sense 5/20[[:space:]]verified [1-9]'
check_match "a mouse reports" "$(usbload 1 reports --port 7 --requests 5)" '^(00 01 00[[:space:]]?){5}$'
check_match "isochronous packets go both ways, and none is lost" "$(usbload 1 iso --port 4 --requests 20)" \
	'^320 packets, 0 lost, 0 octets wrong; the sink has seen 160 packets, 160000 octets, 0 of them wrong$'
check_match "all of it is counted" "$(ask status)" '"urbs":\{"isochronous":[1-9][0-9]*,"interrupt":[1-9][0-9]*,"control":[1-9]'

check_match "for Prometheus, too" "$(dom0 "$pvring" metrics --control "$T/run/usbd.sock")" \
	'pvring_usb_urbs_total\{device="vusb 1/0",domid="1",type="isochronous"\} [1-9]'

# ---- plugged in and out ----------------------------------------------------------------------------------------------

has_event() { # PORT NUMBER SPEED: of the one that holds, which says only the last of several at once
	grep -qx "port $1: event $2, speed $3" "$T/hold"
}
usbload_start hold 1 hold
hold=$started
check "a guest that connects anew is told of all ports" soon 30 eval 'has_event 1 1 3 && has_event 2 1 3 && has_event 4 1 3 && has_event 7 1 2'
attach 1 fake:mouse --port 3 >/dev/null
check "it is told of what is plugged in" soon 30 has_event 3 1 2
check "a device is taken away by its name" detach 1 fake:mouse
check "and the guest told" soon 30 has_event 3 2 0
dom0 xenstore-write "$(usb_back 1 port/4)" fake:mouse,50
check "one in another's place is told as two events" soon 30 has_event 4 3 2
check "or by its port" detach 1 4
check_match "and nothing else is" "$(detach 1 4)" "USB controller 0 of domain 1 has no device '4'"
dom0 xenstore-write "$(usb_back 1 port/5)" nonsense
check "what the toolstack writes wrongly is said beside it" soon 30 port_says 1 5 "'nonsense' does not name"
dom0 xenstore-write "$(usb_back 1 port/5)" ""
check "until it is right" soon 30 eval '! node "$(usb_back 1 port-status/5)" | grep -q .'
kill $hold
wait $hold
check_eq "who holds a controller lets go of it" "$?" 0

before=$(nr_bulk 1)
usbload_start load 1 loopback --seconds 3600 --port 1
load=$started
soon 30 nr_bulk_is_over 1 "$before"
detach 1 fake:loopback >/dev/null
check_eq "unplugged under load a device is gone" "$(node "$(usb_back 1 port/1)")$(node "$(usb_back 1 port-status/1)")" ""
wait $load
check_match "and its transfers say so" "$(cat "$T/load")" 'transfer [0-9]+ (in|out): NODEV'
attach 1 fake:loopback >/dev/null
check_match "plugged in again it is as new" "$(usbload 1 loopback --port 1 --requests 500)" '^verified 500 transfers'

# A guest that goes in the middle of all.
before=$(nr_bulk 1)
usbload_start load 1 loopback --seconds 3600 --port 1
load=$started
soon 30 nr_bulk_is_over 1 "$before"
kill -KILL $load
wait $load 2>/dev/null
check_match "the one after a guest that was killed is served" "$(usbload 1 loopback --port 1 --requests 500)" '^verified 500 transfers'

# ---- what a guest publishes ------------------------------------------------------------------------------------------

while IFS='|' read -r name node value expected; do
	log_begin
	soon 30 eval '[[ $(node "$(usb_back 1)/state") = [26] ]]'
	dom0 xenstore-write "$(usb_front 1)/urb-ring-ref" 8 "$(usb_front 1)/conn-ring-ref" 9 "$(usb_front 1)/event-channel" 1 \
		"$(usb_front 1)/protocol" x86_64-abi
	dom0 xenstore-write "$(usb_front 1)/$node" "$value"
	dom0 xenstore-write "$(usb_front 1)/state" 1
	soon 30 eval '[ "$(node "$(usb_back 1)/state")" = 2 ]'
	dom0 xenstore-write "$(usb_front 1)/state" 4
	check_said "a guest that writes $name" "$expected"
	dom0 xenstore-write "$(usb_front 1)/state" 6
done <<-ROWS
	a protocol that there is not|protocol|x86_16-abi|protocol: 'x86_16-abi' is not a protocol that is known
	a ring of no grant|urb-ring-ref|12x|urb-ring-ref: '12x'
	no second ring|conn-ring-ref|0|conn-ring-ref
	no port|event-channel|0|event-channel
	a ring that it has not granted|urb-ring-ref|77|cannot map the ring of 1 page\(s\), first grant 77
ROWS
check_match "and then writes what is right" "$(usbload 1 loopback --port 1 --requests 10)" '^verified 10 transfers'

# ---- the other kind --------------------------------------------------------------------------------------------------

qusb=/local/domain/0/backend/qusb/3/0 front=/local/domain/3/device/vusb/0
"$loopxen" domain create 3
dom0 xenstore-write $qusb "" $front ""
dom0 xenstore-chmod $front n3 r0
dom0 xenstore-chmod $qusb n0 r3
dom0 xenstore-write $front/backend $qusb $front/backend-id 0 $front/state 1 $qusb/frontend $front $qusb/frontend-id 3 \
	$qusb/online 1 $qusb/type qusb $qusb/usb-ver 2 $qusb/num-ports 4 $qusb/port "" $qusb/port/2 fake:loopback $qusb/state 1
daemon_start_as other --kind qusb
check_match "a controller of a device model's kind is served on request" "$(usbload 3 loopback --requests 100)" \
	'^verified 100 transfers'
check_match "and is in the status" "$(dom0 "$pvring" status --control "$T/run/other.sock")" 'qusb 3/0 .* port 2: fake:loopback: ready'
dom0 xenstore-rm $front
dom0 xenstore-rm $qusb
daemon_stop other
daemon_launch wrong --kind vbd
wait "${daemon_pid[wrong]}"
check_match "no other kind is" "$?: $(cat "$(daemon_log wrong)")" "^2: .*'vbd' is not a kind of USB controller: expected vusb or qusb"

# ---- the end ---------------------------------------------------------------------------------------------------------

kill $bystander
wait $bystander
check_match "another guest's transfers ran through all of it, unharmed" "$(cat "$T/bystander")" '^verified [1-9][0-9]{2,}'
check "a controller goes with its devices" dom0 "$pvring" detach vusb 1 0
daemon_test_end
