#!/bin/bash
# SPDX-License-Identifier: MIT
# Devices of this domain, where there are none: a tree such as the kernel's sysfs has, nodes that can be opened, and a
# stand-in for libusb (tests/daemon/usb_standin) behind which are a loopback and an isochronous source and sink.
# shellcheck disable=SC2317 # functions are called through check and soon
if [ -z "$PVRING_SYSFS" ]; then
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(-r)
	PVRING_SYSFS=1 exec unshare -m "${as_root[@]}" "$0"
fi
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

hostile=$(realpath "$O/tests/daemon/usb_hostile")
sysfs=/sys/bus/usb/devices
mount -t tmpfs none /sys/bus
mkdir -p $sysfs
make_dev() { # with what everybody needs of this machine's, and room for a bus
	local dev=/sys/bus/dev node
	mkdir -p $dev/shm
	for node in null zero full random urandom; do
		: >$dev/$node
		mount --bind /dev/$node $dev/$node
	done
	ln -s /proc/self/fd $dev/fd
	mount --rbind $dev /dev
}
make_dev

device_add() { # PORT NUMBER VENDOR PRODUCT SERIAL SPEED CLASS DESCRIPTORS
	mkdir -p "$sysfs/$1" /dev/bus/usb/003
	local name value
	while read -r name value; do echo "$value" >"$sysfs/$1/$name"; done <<-END
		busnum 3
		devnum $2
		idVendor $3
		idProduct $4
		serial $5
		speed $6
		bDeviceClass $7
		product a stand-in
	END
	[ -z "$8" ] || cp "$8" "$sysfs/$1/descriptors"
	: >"/dev/bus/usb/003/$(printf %03u "$2")"
}

descriptors_of() { # DEVICE FILE: of one in software, as sysfs has them
	attach 1 "$1" >/dev/null
	usbload 1 info | sed -n 's/^device: //p; s/^configuration: //p' | tr -d ' \n' | perl -ne 'print pack("H*", $_)' >"$2"
	detach 1 "$1" >/dev/null
}

usb_test_begin 1 2
printf '%s\n' "# rules" "deny 2 1209:0001" "allow * *" >"$T/policy"
echo "allow all" >"$T/bad-policy"
library=$(realpath "$O/tests/daemon/usb_standin")
export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

daemon_launch refused --policy "$T/bad-policy"
wait "${daemon_pid[refused]}"
check_match "a policy that cannot be read is told by its line" "$?: $(cat "$(daemon_log refused)")" \
	"^2: .*$T/bad-policy: line 1: expected allow\|deny GUEST DEVICE"
daemon_start --policy "$T/policy"
descriptors_of fake:loopback "$T/loopback"
descriptors_of fake:iso "$T/iso"
check_eq "descriptors are there" "$(stat -c %s "$T/loopback" "$T/iso" | tr '\n' ' ')" "64 59 "
device_add 3-1 2 1209 0001 ABC 480 00 "$T/loopback"
device_add 3-2.4 3 1209 0004 "" 480 00 "$T/iso"
device_add 3-2 4 0424 2514 "" 480 09 ""
device_add 3-3 5 0781 5583 "" 5000 00 ""
device_add 3-4 6 046d c077 "" 1.5 00 ""
device_add 3-5 7 046d c077 "" 1.5 00 ""
rm /dev/bus/usb/003/006

check_match "devices are listed by the names that attach takes" "$("$pvring" usb list)" \
	'3-1 +1209:0001 +480 ABC +a stand-in[[:space:]]3-2 .*is a hub.*3-2.4 +1209:0004 .*SuperSpeed link of 5000'
while IFS='|' read -r name arguments expected; do
	# shellcheck disable=SC2086 # words
	out=$(attach $arguments)
	check_match "$name" "$?: $out" "^1: pvring attach usb: .*$expected"
done <<-ROWS
	a port where nothing is|1 3-7|3-7: there is no USB device at that port now
	a device that there is not|1 0781:5581|0781:5581: there is no such USB device here now
	a serial number of none|1 1209:0001:ABD|1209:0001:ABD: there is no such USB device
	one of which there are two|1 046d:c077|3-[45] and 3-[45] are both such: name one by that
	a hub|1 3-2|3-2 is a hub: give what is behind it, by its own port
	a SuperSpeed link|1 3-3|3-3 has a SuperSpeed link of 5000 Mbit/s, which PV USB has not: plug it into a port
	one without descriptors|1 3-5|3-5: its descriptors cannot be read
	what the policy denies|2 3-1|3-1 \(1209:0001\) may not be given to domain 2: --policy has it so
	what is no name|1 3-1:1.0|'3-1:1.0' does not name a USB device: expected BUS-PORT
ROWS

check_eq "a device is given by its port" "$(attach 1 3-1)" "vusb 1/0 port 1: 3-1"
check_match "it cannot be given twice" "$(attach 1 1209:0001:ABC)" '3-1: another guest or program has it'
check_eq "another by what it is" "$(attach 1 1209:0004 --port 4)" "vusb 1/0 port 4: 1209:0004"
check_match "bulk transfers of every length come back" "$(usbload 1 loopback --requests 2000)" '^verified 2000 transfers'
check_match "so do interrupt transfers" "$(usbload 1 loopback --requests 2000 --interrupt --bytes 1000)" '^verified 2000 '
check_match "the stick's strings are there" "$(usbload 1 info)" 'product: pvring loopback'
for case in unlink short stall endpoints 65536; do
	check_match "a guest with rare wishes: $case" "$(domu 1 "$hostile" $case 2>&1 | tr '\n' ';')" \
		"$(sed -n "/^$case /s/^$case //p" <<-'ROWS'
			unlink ^between OK 18;in IOERROR;unlink OK;in IOERROR;unlink-1 OK;unlink-2 OK;.*afterwards OK 18;$
			short ^out-1000 OK 1000;in OK 1000;out-0 OK;in-of-nothing OK;.*in-of-100 BABBLE;long-string OK 32;$
			stall waits STALL;.*stalled 3000, others 0;clear-halt OK;out OK 8;in OK 8;afterwards OK 18;$
			endpoints configure-none OK;bulk-of-no-configuration INVAL;configure-2 STALL;interface-1 STALL;afterwards OK 18;$
			65536 ^out OK 65536;in OK 65536;$
		ROWS
		)"
done
check_eq "a device does one thing at a time, in the order of the ring" "$(domu 1 "$hostile" order 2>&1 | tr '\n' ';')" \
	"$(tr '\n' ';' <<-ROWS
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
		afterwards OK 18
	ROWS
	)"
check_match "one that waits for its turn can be unlinked" "$(domu 1 "$hostile" unlink-waiting 2>&1 | tr '\n' ';')" \
	'^descriptor IOERROR;unlink OK;configure-none OK;afterwards OK 18;$'
for left in leave-data leave-unconfigured; do
	domu 1 "$hostile" $left >/dev/null
	check_eq "the next connection finds a device as new, after $left" "$(domu 1 "$hostile" as-new 2>&1 | tr '\n' ';')" \
		'configuration OK 1;out-8 OK 8;in OK 8;'
done
check_match "isochronous packets, also with room between them" "$(domu 1 "$hostile" packets 2>&1 | tr '\n' ';')" \
	'set-interface OK;packets OK 4096;with-gaps OK 400;none INVAL;'
check_match "which are in their places" "$(usbload 1 iso --port 4 --requests 5)" '^80 packets, 0 lost, 0 octets wrong;'

usbload_start load 1 loopback --seconds 3600 --port 1
load=$started
before=$(nr_bulk 1)
soon 30 nr_bulk_is_over 1 "$before"
check "a device is taken away under load" detach 1 3-1
wait $load
check_match "and its transfers say so" "$(cat "$T/load")" 'transfer [0-9]+ (in|out): NODEV'
check_eq "then another guest may have it, but for the policy" "$(attach 2 3-1 | grep -o 'may not be given')" "may not be given"
check_eq "or this one, again" "$(attach 1 1209:0001:ABC)" "vusb 1/0 port 1: 1209:0001:ABC"
check_match "and it is as new" "$(usbload 1 loopback --requests 200)" '^verified 200 transfers'
daemon_test_end
