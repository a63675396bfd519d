#!/bin/bash
# SPDX-License-Identifier: MIT
# On loopxen: round trips from a guest to a device that answers at once, through pvring-usbd and, by the same frontend, through
# QEMU's qusb. The device is pvring-usbd's own loopback; for QEMU, which has none, one behind a stand-in for libusb.
#
# Then how often pvring-usbd wakes for a mouse that reports ten times a second.
set -u
daemon_is_plain=1
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh
. tests/daemon/qdisk.bash
. tests/bench/lib.sh
standin=$(realpath "$O/tests/conform/usb_standin")
qusb_back=/local/domain/0/backend/qusb/2/0
pace_ms=100

qusb_create() { # the nodes a toolstack writes, for guest 2
	local front
	front=$(usb_front 2)
	dom0 xenstore-write /local/domain/0/domid 0 \
		"$qusb_back/frontend" "$front" "$qusb_back/frontend-id" 2 "$qusb_back/online" 1 "$qusb_back/usb-ver" 2 \
		"$qusb_back/num-ports" 1 "$qusb_back/port/1" "" "$qusb_back/state" 1 \
		"$front/backend" "$qusb_back" "$front/backend-id" 0 "$front/state" 1 &&
		dom0 xenstore-chmod -r "$front" n2 r0 &&
		dom0 xenstore-chmod -r "$qusb_back" n0 r2
}

qusb_offers() {
	[ "$(node "$qusb_back/state")" = 2 ]
}

# It sees what is plugged in from then on that it has offered a controller, and nothing before.
start_qusb() {
	qusb_create || give_up "nodes for QEMU"
	dom0_start sh -c "export LD_LIBRARY_PATH=$standin:\$LD_LIBRARY_PATH; exec $(qdisk_command 2)" </dev/null >"$T/qemu.log" 2>&1
	qusb_pid=$started
	soon 20 qusb_offers || give_up "QEMU: $(cat "$T/qemu.log")"
	dom0 xenstore-write "$qusb_back/port/1" 3-1
}

measure() { # ROW CONTENDER DOMID BACKEND-PID
	local type bytes depth options=() begun machine before line front back
	IFS=/ read -r type bytes depth <<<"$1"
	[ "$type" = bulk ] || options=(--interrupt)
	[ "$bytes" != 60k ] || bytes=61440
	begun=$EPOCHREALTIME
	machine=$(machine_seconds)
	before=$(cpu_seconds "$4")
	line=$(usbload "$3" bench --json --bytes "$bytes" --depth "$depth" --seconds "$BENCH_SECONDS" "${options[@]}") ||
		give_up "$2 gave up: $line"
	back=$(calc "$(cpu_seconds "$4") - $before")
	front=$(calc "$(field user "$line") + $(field system "$line")")
	record run usb "$1" "$2" "$(field per_s "$line")" "$(field p50 "$line")" "$(field p99 "$line")" "$front" "$back" \
		"$(field round_trips "$line")" "$(others "$begun" "$machine" "$(calc "$front + $back")")"
}

one_round() {
	local row
	for row in $(usb_rows); do
		measure "$row" pvring 1 "${daemon_pid[usbd]}"
		[ -z "$qusb_pid" ] || measure "$row" qusb 2 "$qusb_pid"
	done
}

# ---- a mouse ---------------------------------------------------------------------------------------------------------

wake_ups() { # "WORKERS OTHERS": how often the daemon's threads have slept so far
	awk '/^Name:/ { is_worker = $2 ~ /^worker/ } /^voluntary_ctxt_switches:/ { n[is_worker] += $2 } END { print n[1], n[0] }' \
		"/proc/${daemon_pid[usbd]}"/task/*/status
}

reports() {
	wc -l <"$T/reports"
}

has_reported() { # TIMES
	[ "$(reports)" -ge "$1" ]
}

mouse() {
	local workers others before now_workers now_others
	attach 3 fake:mouse,$pace_ms --ports 1 >/dev/null || give_up "attach the mouse"
	usbload_start reports 3 reports --requests 4294967295
	soon 20 has_reported 5 || give_up "no reports: $(cat "$T/reports")"
	read -r workers others < <(wake_ups)
	before=$(reports)
	sleep "$BENCH_IDLE_SECONDS" # the time that is measured
	read -r now_workers now_others < <(wake_ups)
	record usb-mouse $((now_workers - workers)) $((now_others - others)) $(($(reports) - before)) "$BENCH_IDLE_SECONDS"
	end_started "$started"
}

usb_test_begin 1 2 3
# shellcheck disable=SC2086 # words
daemon_start --log info $BENCH_USBD
attach 1 fake:loopback --ports 1 >/dev/null || give_up "attach the loopback"
qusb_pid=
if qdisk_program >/dev/null; then
	start_qusb
else
	for row in $(usb_rows); do record none usb "$row" qusb "no QEMU with Xen's backends here"; done
fi
for ((round = 1; round <= BENCH_ROUNDS; round++)); do
	say "USB: round $round of $BENCH_ROUNDS"
	one_round
done
say "USB: a mouse"
mouse
