#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# Devices of another machine, by usbredir: every type of transfer, cancel, reset, a peer that goes; and one that does
# whatever a peer must not. The peer is usbredir_peer.py, a device that speaks the protocol by itself: usbredirserver
# wants one of a real bus. Another guest's transfers run through all of it.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

hostile=$(realpath "$O/tests/daemon/usb_hostile")
usb_test_begin 1 2
printf '%s\n' "deny 1 class:03" "deny 2 usbredir" "allow * *" >"$T/policy"
daemon_start --policy "$T/policy"
attach 2 fake:loopback >/dev/null
usbload_start bystander 2 loopback --seconds 3600
bystander=$started
attach 1 fake:iso --port 4 >/dev/null # what usb_hostile finds there
at=usbredir:unix:$T/peer

peer_start() { # ARGUMENT...: its words are in $T/peer.log
	rm -f "$T/peer.log" # what an earlier one has said is not this one's
	tests/daemon/usbredir_peer.py "${peer_at:-unix:$T/peer}" "$@" >"$T/peer.log" 2>&1 &
	peer=$!
	loopxen_track $peer
	soon 30 grep -q listening "$T/peer.log"
}

attach_peer() { # what it says is the test's business only if it is not well
	local said
	said=$(attach 1 "$at") || not_ok "the device is attached" "$said"
}

peer_stop() {
	kill $peer 2>/dev/null
	wait $peer 2>/dev/null
	rm -f "$T/peer"
}

port_is_free() {
	[ -z "$(node "$(usb_back 1 port/1)")$(node "$(usb_back 1 port-status/1)")" ]
}

peer_forget() { # the port is free, the peer gone
	detach 1 1 >/dev/null
	soon 30 port_is_free
	peer_stop
}

misbehave() { # CASE: what came of it
	domu 1 "$hostile" "$1" 2>&1 | tr '\n' ';'
}

nr_said() { # WORD: how often the peer has got such a packet
	grep -cx "$1" "$T/peer.log"
}

has_said() { # NUMBER WORD
	[ "$(nr_said "$2")" -ge "$1" ]
}

# ---- names ---------------------------------------------------------------------------------------------------------

while IFS='|' read -r name device expected; do
	check_match "$name" "$(attach 1 "$device")" "^pvring attach usb: .*$expected"
done <<-ROWS
	nobody is there|$at|usbredir:unix:$T/peer: No such file or directory
	a path that is none|usbredir:unix:peer|usbredir:unix:peer: expected an absolute path
	nobody at a port|usbredir:127.0.0.1:1|usbredir:127.0.0.1:1: Connection refused
	no port|usbredir:127.0.0.1|expected usbredir:HOST:PORT or usbredir:unix:PATH
	nothing|usbredir:|expected usbredir:HOST:PORT or usbredir:unix:PATH
	a host that is none|usbredir:no.such.host.invalid:4000|usbredir:no.such.host.invalid:4000: .*
	a name that is none|usbredr:x|does not name a USB device: .*usbredir:
ROWS

# ---- transfers -----------------------------------------------------------------------------------------------------

peer_start
check_eq "a device is attached" "$(attach 1 "$at")" "vusb 1/0 port 1: $at"
check_match "and found" "$(usbload 1 info --port 1)" 'speed: high[[:space:]]id: 1209:0001[[:space:]]device: 12 01 00 02'
check_match "bulk transfers of every length" "$(usbload 1 loopback --port 1 --requests 1000)" '^verified 1000 '
check_match "interrupt transfers" "$(usbload 1 loopback --port 1 --requests 1000 --interrupt --bytes 60)" '^verified 1000 '
check_match "it was set back for each who came" "$(nr_said reset) $(nr_said get_configuration)" '^2 1$'
check_eq "what the host does: configurations, and an endpoint's halt" "$(misbehave chores)" \
	"configure-none OK;bulk INVAL;configure-7 STALL;configure OK;clear-halt OK;no-such-request STALL;descriptor OK 18;"
check_eq "transfers that are unlinked are cancelled there" "$(misbehave unlink-in)" \
	"in IOERROR;unlink OK;descriptor OK 18;in IOERROR;unlink OK;descriptor OK 18;in IOERROR;unlink OK;"
check "by a packet of the protocol's" has_said 1 cancel_data_packet
check_eq "what is out ends when the configuration does" "$(misbehave reconfigure)" "descriptor OK 18;in IOERROR;configure OK;"
check_match "64 KiB at once" "$(misbehave 65536)" '^out OK 65536;in OK 65536;$'
peer_forget
check_eq "taken away, it is let go" "$(tail -1 "$T/peer.log")" disconnected

peer_start caps=8
attach_peer
check_match "a peer of the protocol's first version" "$(usbload 1 loopback --port 1 --requests 200)" '^verified 200 '
check_match "which cannot be asked for 64 KiB" "$(misbehave 65536)" '^out INVAL;in INVAL;$'
peer_forget

peer_start device=iso
attach_peer
check_match "isochronous packets go both ways, and none is lost" "$(usbload 1 iso --port 1 --requests 10)" \
	'^160 packets, 0 lost, 0 octets wrong; the sink has seen 80 packets, 80000 octets, 0 of them wrong$'
check_match "and again" "$(usbload 1 iso --port 1 --requests 10)" '^160 packets, 0 lost, 0 octets wrong; the sink has seen 80'
check "the one before was stopped" has_said 1 stop_iso_stream
peer_forget

peer_at=0 peer_start
tcp=$(sed -n 's/^port //p' "$T/peer.log")
check_eq "by TCP" "$(attach 1 "usbredir:127.0.0.1:$tcp")" "vusb 1/0 port 1: usbredir:127.0.0.1:$tcp"
check_match "it is served" "$(usbload 1 loopback --port 1 --requests 200)" '^verified 200 '
check_match "one that has it keeps it" "$(attach 2 "usbredir:127.0.0.1:$tcp")" 'it has not said which device it has in 5000 ms'
peer_forget

# ---- the policy ----------------------------------------------------------------------------------------------------

peer_start
check_match "a guest that is to have none of them" "$(attach 2 "$at")" \
	'usbredir \(1209:0001\) may not be given to domain 2: --policy has it so'
peer_stop

# ---- a peer that goes ----------------------------------------------------------------------------------------------

# What a peer does while a guest uses its device; then what is said of it, once, and that it can be had again.
check_breaks() { # NAME FAULT EXPECTED [COMMAND...]
	local name=$1 fault=$2 expected=$3
	shift 3
	[ $# -gt 0 ] || set -- usbload 1 loopback --port 1 --seconds 3600
	peer_start bad="$fault"
	log_begin
	attach_peer
	check_match "$name: its transfers end" "$("$@")" "NODEV"
	check "$name: the port says why" soon 20 port_says 1 1 "$expected"
	check_eq "$name: which is said once" "$(times_said "$expected")" 1
	peer_forget
}

gone="$at: (it has closed the connection|Connection reset by peer|Broken pipe)"
check_breaks "a peer that goes" goes "$gone"
check_breaks "one whose device is unplugged" unplugs "$at: its device was unplugged"
peer_start
check_eq "it can be had again" "$(attach 1 "$at")" "vusb 1/0 port 1: $at"
peer_stop
check "one that goes while nobody uses it is missed, too" soon 20 port_says 1 1 "$at: it has closed the connection"
peer_start
check_eq "it is not taken by itself when it is back" "$(cat "$T/peer.log")" listening
detach 1 1 >/dev/null
check_eq "but when it is attached anew" "$(attach 1 "$at")" "vusb 1/0 port 1: $at"
check_match "and is as new" "$(usbload 1 loopback --port 1 --requests 100)" '^verified 100 '
peer_forget

# ---- one that breaks the protocol ----------------------------------------------------------------------------------

while IFS='|' read -r fault expected; do
	peer_start bad="$fault"
	check_match "a peer that is $fault" "$(attach 1 "$at")" "^pvring attach usb: usbredir:unix:.*$expected"
	peer_stop
done <<-ROWS
	silent|peer: it has not said which device it has in 5000 ms
	no-device|peer: it has not said which device it has in 5000 ms
	garbage|peer: it breaks the protocol: .*
	half|peer: it has closed the connection
	interfaces|peer: it breaks the protocol: interface_count > 32
	two-devices|peer: it breaks the protocol: another device while there is one
	super-speed|peer: its device is not at low, full or high speed
	hub|peer is a hub
	no-configuration|peer: no answer in 5000 ms
	other-configuration|peer: it breaks the protocol: an answer that was not asked for
ROWS

check_breaks "more data than was asked for" more-data 'it breaks the protocol: more than was asked for'
check_breaks "another endpoint's answer" other-endpoint 'it breaks the protocol: '
check_breaks "the end of what never began" other-id 'it breaks the protocol: the end of a transfer that is not out'
check_breaks "a packet of 112 MiB" huge 'it breaks the protocol: '
check_breaks "a packet of a type that there is not" unknown-type 'it breaks the protocol: '
check_breaks "a filter" filter 'it breaks the protocol: '
check_breaks "a million answers that nobody waits for" floods "$gone"
check_breaks "an interrupt packet of 5000 bytes" big-interrupt 'it breaks the protocol: a packet that no endpoint gives' \
	usbload 1 loopback --port 1 --seconds 3600 --interrupt --bytes 60
check_breaks "a cancel that is not answered" no-answer 'no answer in 5000 ms' misbehave unlink-in

peer_start bad=stalls
attach_peer
check_match "a stall is one" "$(usbload 1 loopback --port 1 --requests 10)" 'transfer 0 out: STALL'
peer_forget
peer_start device=iso bad=iso-fails
attach_peer
check_match "a stream that is refused, too" "$(usbload 1 iso --port 1 --requests 2)" 'a transfer: STALL'
peer_forget

# ---- the end -------------------------------------------------------------------------------------------------------

kill $bystander
wait $bystander
check_match "another guest's transfers ran through all of it, unharmed" "$(cat "$T/bystander")" '^verified [1-9][0-9]{2,}'
peer_start
attach_peer
daemon_stop
check "the daemon that ends lets go" soon 30 has_said 1 disconnected
daemon_start
check_match "the next one has it" "$(usbload 1 loopback --port 1 --requests 100 --timeout 30)" '^verified 100 '
peer_forget
daemon_test_end
