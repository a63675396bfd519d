#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# `pvring usb capture`: every URB of a controller is in the file, as Linux' usbmon would have it, held against what the
# guest has asked for and was given; tshark takes all of it as sound. It costs the daemon nothing when its reader goes.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh
. tests/lib/capture.sh

hostile=$(realpath "$O/tests/daemon/usb_hostile")
captured=(usb capture 1/0)
usb_test_begin 1
daemon_start
head -c 4M /dev/urandom >"$T/stick"

# ---- helpers -------------------------------------------------------------------------------------------------------

connected_guest() { # in the background, connected: a capture can begin
	usbload_start hold 1 hold
	hold=$started
	soon 30 grep -q connected "$T/hold"
}

capture_guest() { # FILE: from now on, of guests that come
	connected_guest
	capture_to "$1"
	kill "$hold"
	wait "$hold"
}

# What a loopback carries is random, and now and then looks like one of these protocols, of which tshark then finds it to be a
# malformed packet.
sees() { # ARGUMENT...: tshark, which is not to guess
	local protocol guesses=()
	for protocol in at mbim mp2t tfp thrift u3v; do
		guesses+=(--disable-protocol "$protocol")
	done
	tshark "${guesses[@]}" "$@"
}

read_file() { # FILE FILTER FIELD...: these fields of each event, with a space between
	local file=$1 filter=$2 field fields=()
	shift 2
	for field; do
		fields+=(-e "$field")
	done
	sees -r "$file" -Y "$filter" -T fields -E separator=/s "${fields[@]}" 2>/dev/null
}

# What is in the field that has the file's name: "S 81 -115 512" is type, endpoint, status, length.
events_of() { # FILE FILTER
	read_file "$1" "$2" usb.urb_type usb.endpoint_address usb.urb_status usb.urb_len | sed "s/'//g; s/0x//" | tr '\n' ';'
}

is_sound() { # FILE: nothing malformed, nothing that tshark complains of, as many events as the capture has said
	check_eq "tshark takes ${1##*/} as sound" "$(sees -r "$1" -T fields -e frame.number 2>&1 >"$T/numbers" |
		grep -v 'Running as user')" ""
	check_eq "it has as many events as was said" "$(wc -l <"$T/numbers")" "$(capture_counts captured)"
	check_eq "and none was lost" "$(capture_counts lost)" 0
	check_eq "none is malformed" "$(sees -r "$1" -Y '_ws.malformed || _ws.expert.severity >= 0x600000' 2>/dev/null)" ""
	check_eq "each URB is submitted and then completed or refused, once" "$(read_file "$1" usb usb.urb_type usb.urb_id |
		awk '$1 ~ /S/ { if (out[$2]++) print "twice " $0 }
			$1 ~ /[CE]/ { if (out[$2]-- != 1) print "not out " $0 }
			END { for (id in out) if (out[id]) print "never over " id }')" ""
}

# ---- who cannot be captured ----------------------------------------------------------------------------------------

check_match "a controller that is not there" "$(capture_says -w -)" "there is no device '1/0' here.*; 1$"
attach 1 fake:loopback >/dev/null
attach 1 "fake:storage,$T/stick" >/dev/null
attach 1 fake:mouse,10 >/dev/null
attach 1 fake:iso >/dev/null
check_match "one without a guest" "$(capture_says -w -)" '1/0: its guest is not connected; 1$'
check_match "nowhere to write to" "$("$pvring" usb capture 1/0 2>&1); $?" 'Expected --write FILE; 2$'
check_match "what pvring usb does not know" "$("$pvring" usb capt 2>&1); $?" 'expected list or capture; 2$'
connected_guest
check_match "a file that cannot be" "$(capture_says -w /no/such)" '/no/such: No such file or directory; 1$'
capture_to "$T/first"
captured=(usb capture "vusb 1/0")
check_match "there is one at a time, by whatever name" "$(capture_says -w /dev/null)" 'captures it already; 1$'
capture_end INT
check_eq "it ends when it is told to" "$?: $(capture_counts captured)" "0: 0"
kill "$hold"
wait "$hold"

# ---- every type of transfer ----------------------------------------------------------------------------------------

capture_guest "$T/control"
usbload 1 info --port 1 >"$T/info"
capture_end TERM
is_sound "$T/control"
check_eq "control transfers" "$(read_file "$T/control" usb usb.urb_type usb.transfer_type usb.bus_id usb.device_address \
	usb.endpoint_address usb.urb_status usb.urb_len frame.comment | head -4)" \
"'S' 0x02 0 0,2 0x00 -115 0 port 1, id 16
'C' 0x02 0 0 0x00 0 0 port 1, id 16
'S' 0x02 0 2 0x80 -115 18 port 1, id 32
'C' 0x02 0 2 0x80 0 18 port 1, id 32"
check_eq "with what was asked, and what came" "$(sees -r "$T/control" -T fields -e _ws.col.Info 2>/dev/null | uniq |
	head -8 | tr '\n' ';')" "SET ADDRESS Request;SET ADDRESS Response;GET DESCRIPTOR Request DEVICE;\
GET DESCRIPTOR Response DEVICE;SET CONFIGURATION Request;SET CONFIGURATION Response;GET DESCRIPTOR Request DEVICE;\
GET DESCRIPTOR Response DEVICE;"
check_match "the descriptor's numbers are the device's" \
	"$(read_file "$T/control" 'usb.idVendor' usb.idVendor usb.idProduct | sort -u | sed 's/0x//; s/ 0x/:/')" \
	"^$(sed -n 's/^id: //p' "$T/info")\$"
check_eq "what the guest sends is inbound" \
	"$(read_file "$T/control" usb usb.urb_type frame.packet_flags_direction | sort -u | tr '\n' ' ')" \
	"'C' 0x00000002 'S' 0x00000001 "

for type in bulk interrupt; do
	endpoint=1 arguments=(--port 1 --requests 100)
	[ $type = bulk ] || endpoint=2 arguments+=(--interrupt --bytes 1000)
	capture_guest "$T/$type"
	check_match "a loopback by $type transfers" "$(usbload 1 loopback "${arguments[@]}")" '^verified 100 '
	capture_end TERM
	is_sound "$T/$type"
	code=$([ $type = bulk ] && echo 3 || echo 1)
	read_file "$T/$type" "usb.endpoint_address == $endpoint && usb.urb_type == 83" usb.transfer_type usb.urb_len usb.capdata >"$T/out"
	read_file "$T/$type" "usb.endpoint_address == $((128 + endpoint)) && usb.urb_type == 67" usb.transfer_type usb.urb_len \
		usb.capdata >"$T/in"
	check_eq "$type transfers: as many as there were" "$(grep -c "^0x0$code" "$T/out")" 100
	check_eq "and the loopback has given back what it was sent, byte for byte" "$(cat "$T/in")" "$(cat "$T/out")"
done

capture_guest "$T/storage"
check_match "a stick" "$(usbload 1 storage --port 2 --requests 20)" 'verified [1-9]'
capture_end TERM
is_sound "$T/storage"
check "tshark reads a stick's commands" grep -q . <<<"$(read_file "$T/storage" 'scsi_sbc.opcode == 0x2a' frame.number)"
check_eq "which stalls where it refuses one" "$(events_of "$T/storage" 'usb.urb_status == -32')" "C 81 -32 0;"

capture_guest "$T/reports"
usbload 1 reports --port 3 --requests 3 >/dev/null
capture_end TERM
check_match "a mouse's reports" "$(events_of "$T/reports" 'usb.endpoint_address == 0x81 && usb.urb_type == 67 && usb.urb_status == 0')" \
	'^(C 81 0 [34];){3}'

capture_guest "$T/iso"
check_match "a source and a sink" "$(usbload 1 iso --port 4 --requests 4)" '^64 packets, 0 lost'
capture_end TERM
is_sound "$T/iso"
check_eq "isochronous transfers" "$(events_of "$T/iso" 'usb.transfer_type == 0' | tr ';' '\n' | sort | uniq -c |
	sed 's/^ *//' | tr '\n' ';')" "4 C 02 0 8000;4 C 81 0 8000;4 S 02 -115 8000;4 S 81 -115 8000;"
check_eq "with their packets" "$(read_file "$T/iso" 'usb.transfer_type == 0' usb.iso.iso_len usb.iso.iso_status | sort | uniq -c |
	sed 's/^ *//; s/\(1000,\)\{7\}1000/8 of 1000/; s/,.*//' | tr '\n' ';')" "8 8 of 1000 -18;8 8 of 1000 0;"
check_eq "and their data: the source numbers its octets" "$(sees -r "$T/iso" -Y 'usb.transfer_type == 0 && usb.urb_type == 67 &&
	usb.endpoint_address == 0x81' -x 2>/dev/null | sed -n '/^00c0/p' | head -1 | cut -c 7-53)" \
	"00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"

# ---- what becomes of a transfer ------------------------------------------------------------------------------------

misbehave() { # CASE: with a capture, into the file of its name
	capture_guest "$T/$1"
	domu 1 "$hostile" "$1" >/dev/null 2>&1
	capture_end TERM
	is_sound "$T/$1"
}

misbehave short
check_eq "a short transfer, one that must not be, and one that does not fit" \
	"$(events_of "$T/short" 'usb.endpoint_address == 0x81 && usb.urb_type == 67')" \
	"C 81 0 1000;C 81 0 0;C 81 -71 1000;C 81 0 1024;C 81 -75 0;"
check_eq "the flag of those that must not be short" \
	"$(read_file "$T/short" 'usb.copy_of_transfer_flags == 0x201 && usb.urb_type == 83' usb.urb_len | tr '\n' ' ')" "1024 1024 "
misbehave unlink
check_eq "those that were unlinked" "$(events_of "$T/unlink" 'usb.urb_status == -104')" "C 81 -104 0;C 81 -104 0;C 01 -104 0;C 81 -104 0;"
check_eq "and their comment" "$(read_file "$T/unlink" 'usb.urb_status == -104' frame.comment | sed 's/.*; //' | uniq)" unlinked
check_eq "one that was unlinked before it had come is there without its data" \
	"$(read_file "$T/unlink" 'usb.data_flag == 90' usb.urb_type usb.endpoint_address usb.urb_len usb.data_len)" "'S' 0x01 512 0"
misbehave stall
check_eq "a request that the device does not know" \
	"$(events_of "$T/stall" 'usb.endpoint_address == 0x80 && usb.urb_status == -32')" "C 80 -32 0;"
misbehave packets
check_eq "with gaps, packets lie where the guest has them" \
	"$(read_file "$T/packets" 'usb.urb_len == 400 && usb.urb_type == 67' usb.iso.iso_off usb.iso.iso_len)" \
	"8,1032,2056,3080 100,100,100,100"
check_eq "what is refused is an error, with the reason" \
	"$(read_file "$T/packets" 'usb.urb_type == 69' usb.transfer_type usb.urb_status frame.comment | sed 's/port.*; //' | sort -u)" \
"0x00 -22 refused: a packet beyond the data
0x00 -22 refused: a packet that begins before the end of the one before
0x00 -22 refused: an isochronous transfer of no packets
0x00 -22 refused: an isochronous transfer of too many packets"
misbehave segments
check_match "a grant that there is not" "$(read_file "$T/segments" 'usb.urb_type == 69' frame.comment)" 'refused: a grant that cannot be used'

# ---- how it ends ---------------------------------------------------------------------------------------------------

connected_guest
capture_to "$T/few" --count 3
kill "$hold"
wait "$hold"
check_match "the guest goes on" "$(usbload 1 loopback --port 1 --requests 50)" '^verified 50 '
wait "$capture_pid"
check_eq "after so many events" "$?: $(capture_counts captured)" "0: 3"

capture_guest "$T/killed"
usbload_start load 1 loopback --seconds 3600 --port 1
load=$started
before=$(nr_bulk 1)
soon 30 nr_bulk_is_over 1 "$before"
kill -KILL "$capture_pid"
wait "$capture_pid" 2>/dev/null
before=$(nr_bulk 1)
check "a reader that is killed is not missed" soon 30 nr_bulk_is_over 1 $((before + 1000))
capture_to "$T/again"
before=$(nr_bulk 1)
check "in the middle of transfers another one begins" soon 30 nr_bulk_is_over 1 "$before"
kill "$load"
wait "$load"
check_match "none of which was harmed" "$(cat "$T/load")" '^verified [1-9]'
dom0 "$pvring" detach vusb 1 0
wait "$capture_pid"
check_match "it ends when the controller does" "$?: $(tr '\n' ' ' <"$T/capture")" \
	'^0: .*not served any more, and so the capture has ended .*[1-9][0-9]* event.s. captured'
check_eq "and what it has seen is sound" "$(sees -r "$T/again" -Y _ws.malformed 2>&1 | grep -v 'Running as user')" ""
daemon_test_end
