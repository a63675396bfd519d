#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# `pvring net capture`: what it writes is what passes the rings, held against what tshark sees on the tap; it costs the
# daemon nothing when its reader is slow, full or gone.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
. tests/lib/capture.sh
captured=(net capture vif1.0)
net_test_begin 1 --threads 2

# ---- helpers -------------------------------------------------------------------------------------------------------

on_tap_to() { # FILE: what the interface's own tap sees
	tshark -i vif1.0 -B 64 -q -w "$1" 2>"$T/tshark" &
	tap_pid=$!
	loopxen_track $tap_pid
}

read_file() { # FILE FILTER FIELD...: these fields of each frame
	local file=$1 filter=$2 field fields=()
	shift 2
	for field; do
		fields+=(-e "$field")
	done
	tshark -r "$file" -o frame.generate_md5_hash:TRUE -Y "$filter" -T fields "${fields[@]}" 2>/dev/null
}

has_size() { # FILE BYTES: an answer to a ping of so many has come
	[ -n "$(read_file "$1" "icmp.type == 0 && ip.len == $(($2 + 28))" frame.number)" ]
}

# Tshark says that it captures before it does: so both are there when they have seen a ping.
both_see() { # BYTES
	ping -q -c 1 -W 1 -s "$1" 10.9.0.2 >/dev/null
	has_size "$T/tap.pcapng" "$1" && has_size "$T/ring.pcapng" "$1"
}

statistics() { # FILE: received and lost, as the block at its end has them
	perl -0777 -ne '
		for (my $at = 0; $at < length; $at += $len) {
			($type, $len) = unpack("LL", substr($_, $at, 8));
			next unless $type == 5;
			for (my $o = $at + 20; $o < $at + $len - 4; $o += 4 + ($size + 3 & ~3)) {
				($code, $size) = unpack("SS", substr($_, $o, 4));
				$value{$code} = unpack("Q", substr($_, $o + 4, 8)) if $size == 8;
			}
			print "$value{4} $value{7}\n";
		}' "$1"
}

carried() { # what the daemon has counted, both ways
	echo $(($(counted tx frames) + $(counted rx frames)))
}

# ---- who cannot be captured ----------------------------------------------------------------------------------------

check_match "an interface that is not there" "$("$pvring" net capture vif9.0 --control "$T/run/netd.sock" -w - 2>&1); $?" \
	"there is no device 'vif9.0' here.*; 1$"
check "a vif is attached" attach 00:16:3e:00:00:01
check_match "one without a guest" "$(capture_says -w -)" \
	'vif1.0: its guest is not connected; 1$'
check_match "nowhere to write to" "$("$pvring" net capture vif1.0 2>&1); $?" 'Expected --write FILE; 2$'
check_guest_up "the guest connects, with two queues" --queues 2
check_match "a file that cannot be" "$(capture_says -w /no/such)" \
	'/no/such: No such file or directory; 1$'

# ---- what it sees --------------------------------------------------------------------------------------------------

traffic='(icmp && !(ip.len in {583, 805})) || tcp.port == 5201' # without the pings that show that both are there
on_tap_to "$T/tap.pcapng"
capture_to "$T/ring.pcapng"
check "both have begun" soon 30 both_see 555
check_match "there is one at a time" \
	"$(capture_says -w /dev/null)" 'captures it already; 1$'
check "a ping" ping -q -c 5 -i 0.2 -s 1000 10.9.0.2
check "streams to the guest" streams -c 10.9.0.2 -P 8 -n 20M
check "streams from the guest" streams -c 10.9.0.2 -P 8 -n 20M -R
check "both have seen the end" soon 30 both_see 777
capture_end TERM
check_eq "it ends when it is told to" "$?" 0
kill -INT "$tap_pid"
wait "$tap_pid"
check_eq "tshark takes its file as sound" "$(tshark -r "$T/ring.pcapng" -T fields -e frame.number 2>&1 >"$T/numbers" |
	grep -v 'Running as user')" ""
check_eq "it has as many frames as was said" "$(wc -l <"$T/numbers")" "$(capture_counts captured)"
check_eq "none was lost, which the file says, too" "$(capture_counts lost) $(statistics "$T/ring.pcapng")" \
	"0 $(capture_counts captured) 0"
check_eq "the interface has its name" \
	"$(read_file "$T/ring.pcapng" "$traffic" frame.interface_name | sort -u)" vif1.0

for side in tap ring; do
	read_file "$T/$side.pcapng" "$traffic" frame.len frame.md5_hash | sort >"$T/$side"
done
check "there are more than a few" [ "$(wc -l <"$T/ring")" -gt 100 ]
check_eq "the frames are those of the tap, byte for byte" "$(diff "$T/tap" "$T/ring" | head -5)" ""

read_file "$T/ring.pcapng" "$traffic" frame.packet_flags_direction ip.src | sort -u >"$T/directions"
check_eq "inbound is what the guest sends" "$(tr '\t\n' ' ,' <"$T/directions")" "0x00000001 10.9.0.2,0x00000002 10.9.0.1,"

check_eq "frames of both queues are there" \
	"$(read_file "$T/ring.pcapng" "$traffic" frame.interface_queue | sort -u | tr '\n' ' ')" "0 1 "

# The comment, against the frame.
read_file "$T/ring.pcapng" "$traffic" frame.len frame.packet_flags_direction frame.interface_queue frame.comment >"$T/comments"
awk -F '\t' '
	function bad(why) { print NR ": " why ": " $0; exit }
	{
		is_tx = $2 == "0x00000001"
		if ($4 !~ "^queue " $3 ", [0-9]+ slots?: ") bad("no queue")
		text = $4
		sub(/^[^:]*: /, "", text)
		slots = text
		sub(/;.*/, "", slots)
		n = split(slots, slot, " ")
		split($4, word, " ")
		if (n != word[3]) bad(n " slots")
		sum = 0
		for (i = 1; i <= n; i++) {
			split(slot[i], part, "@")
			if (part[1] + part[2] > 4096 && !(is_tx && i == 1)) bad("beyond its page")
			sum += part[1]
		}
		if ((is_tx ? slot[1] + 0 : sum) != $1) bad("not its size")
		if (($1 > 1514) != (text ~ /; gso tcpv4 [0-9]+/)) bad("gso")
		if (text ~ /dropped/) bad("dropped")
		seen[is_tx, n > 1, text ~ /gso/, text ~ /csum_blank data_validated/]++
	}
	END {
		for (is_tx = 0; is_tx < 2; is_tx++)
			if (!seen[is_tx, 1, 1, 1]) print "no large segment with is_tx=" is_tx
		print NR " frames"
	}' "$T/comments" >"$T/judged"
check_eq "comments say what the frames are" "$(cat "$T/judged")" "$(wc -l <"$T/ring") frames"

# ---- how it ends ---------------------------------------------------------------------------------------------------

ping -q -i 0.05 10.9.0.2 >/dev/null &
ping_pid=$!
loopxen_track $ping_pid
check_eq "after so many frames, to a pipe" \
	"$("$pvring" net capture vif1.0 --control "$T/run/netd.sock" -w - -c 3 2>"$T/capture" |
		tshark -r - -T fields -e frame.number 2>/dev/null | tr '\n' ' ')" "1 2 3 "
check_eq "and says so" "$(capture_counts captured)" 3

# A pipe whose reader goes: both are told, in their own words.
{ "$pvring" net capture vif1.0 --control "$T/run/netd.sock" -w - 2>"$T/capture"; echo "status $?" >>"$T/capture"; } |
	head -c 100 >/dev/null
check_match "when its pipe is closed" "$(cat "$T/capture")" $'standard output: Broken pipe\nstatus 1$'

mkdir "$T/small"
mount -t tmpfs -o size=64k none "$T/small"
capture_to "$T/small/full.pcapng"
ping -q -f -c 100 -s 1400 10.9.0.2 >/dev/null
wait $capture_pid
check_match "when the disk is full" "$?: $(cat "$T/capture")" "^1: .*small/full.pcapng: No space left on device"
umount "$T/small"
check "the daemon carries on" ping -q -c 2 -i 0.2 10.9.0.2
kill $ping_pid
wait $ping_pid

# ---- a reader that is too slow -------------------------------------------------------------------------------------

capture_to "$T/slow.pcapng"
before=$(carried)
kill -STOP $capture_pid
check "a stream beside a reader that does not read" streams -c 10.9.0.2 -n 100M
after=$(carried)
kill -CONT $capture_pid
capture_end INT
check_eq "it ends" "$?" 0
check "some were lost, and counted" [ "$(capture_counts lost)" -gt 0 ]
check_eq "what it has and what was lost is in the file" "$(statistics "$T/slow.pcapng")" \
	"$(($(capture_counts captured) + $(capture_counts lost))) $(capture_counts lost)"
check "none is missing from the count" [ $(($(capture_counts captured) + $(capture_counts lost))) -ge $((after - before)) ]

# ---- the guest goes, and then the vif ------------------------------------------------------------------------------

has_ping() { # BYTES
	ping -q -c 1 -W 1 -s "$1" 10.9.0.2 >/dev/null
	has_size "$T/last.pcapng" "$1"
}

capture_to "$T/last.pcapng"
guest_down
check_guest_up "the guest connects anew, with one queue"
check "the capture goes on" soon 30 has_ping 321
check_match "it is still the only one" \
	"$(capture_says -w /dev/null)" 'captures it already; 1$'
guest_down
check_guest_up "the guest connects once more, with two" --queues 2
check "and on" soon 30 has_ping 432
guest_down
detach >/dev/null
wait $capture_pid
check_match "it ends when the vif does" "$?: $(tr '\n' ' ' <"$T/capture")" \
	'^0: .*not served any more, and so the capture has ended vif1.0: [0-9]* frame.s. captured, 0 lost'
attach 00:16:3e:00:00:01 >/dev/null
check_guest_up "a guest on the next one of that name"
capture_to "$T/last.pcapng"
ping -q -c 3 -i 0.2 10.9.0.2 >/dev/null
guest_down
capture_end TERM
check_eq "it ends while nobody is connected, too" $? 0
check_guest_up "a guest comes that nobody captures any more"
check "it is served" ping -q -c 2 -i 0.2 10.9.0.2
daemon_stop
daemon_start --threads 2
check "the next daemon serves it" soon 20 eval '[[ "$(ask status)" = *\"phase\":\"connected\"* ]]'
capture_to "$T/last.pcapng"
daemon_stop
wait $capture_pid
check_match "and when the daemon does" "$?: $(tr '\n' ' ' <"$T/capture")" \
	'^0: .*not served any more, and so the capture has ended vif1.0: [0-9]* frame.s. captured, 0 lost'
daemon_start --threads 2
guest_down
detach >/dev/null

# ---- what is dropped -----------------------------------------------------------------------------------------------

attach --mtu 9000 >/dev/null
ip link set br0 mtu 9000
check_guest_up "a guest with a control ring" --queues 2 --hash
capture_to "$T/hashed.pcapng"
ping -q -c 3 -i 0.2 -W 5 10.9.0.2 >/dev/null
capture_end TERM
check_eq "it is captured, too" $? 0
check_match "and what it is told of a frame" "$(tshark -r "$T/hashed.pcapng" -T fields -e frame.comment 2>/dev/null)" 'hash'
guest_down
check_guest_up "a guest that takes a page at most" --no-sg
capture_to "$T/drops.pcapng"
ping -q -c 1 -W 1 -s 5000 10.9.0.2 >/dev/null
capture_end TERM
check_eq "a frame that is dropped is there, with the reason" \
	"$(read_file "$T/drops.pcapng" 'ip.len == 5028' frame.packet_flags_direction frame.cap_len frame.comment)" \
	$'0x00000002\t5042\tqueue 0; dropped: longer than a page, and the guest takes no more at once'
guest_down
detach >/dev/null
daemon_test_end
