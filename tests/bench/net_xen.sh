#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1500
# files: tests/bench/net_rows
# On real Xen: iperf3 in a guest, to dom0, from it, and to another guest. pvring-netd and xen-netback want the same devices,
# so in each round one comes with its interfaces, is measured and goes, then the other. pvring-netd joins the two guests to
# each other, too; who cannot has the bridge for that. A third guest has no driver but our frontend, which sends to nobody; with
# pvring-netd also from pages that it has registered, "static".
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='three guests start
pvring-netd is measured
xen-netback is measured'
# shellcheck disable=SC2034
extras='network netback' guest_extras=network

dom0() {
	bridge_up br0 10.9.0.1/24
	bridge_up br1
	iperf3 -s -D
	check "three guests start" three_guests || return
	round=1
	while [ $round -le "$BENCH_ROUNDS" ] && one_round; do round=$((round + 1)); done
	guest_destroy g1
	guest_destroy g2
	guest_destroy g3
	show_records
	show_records
}

three_guests() {
	is_seeded && guest_create g1 && guest_create g2 && in_guest g1 is_seeded && in_guest g2 is_seeded &&
		in_guest g2 iperf_serves && guest_create g3 && in_guest g3 is_seeded && in_guest g3 frontend_prepares
}

# Whoever is the first to ask for random bytes makes the kernel spin for them, and iperf3 asks when it begins.
is_seeded() {
	dd if=/dev/random of=/dev/null bs=16 count=1 2>/dev/null
}

one_round() {
	check "pvring-netd is measured" by_pvring && check "xen-netback is measured" by_netback
}

by_pvring() {
	# shellcheck disable=SC2086 # words
	netd_start $BENCH_NETD && measure pvring vif-pvring && netd_stop
}

by_netback() {
	load_module xen-netback && measure netback vif-peer && rmmod xen-netback
}

measure() { # CONTENDER SCRIPT
	attach g1 1 0 "$2" br0 && attach g2 2 0 "$2" br0 && xl network-attach g3 bridge=br1 "script=$2" || return
	if [ "$1" = pvring ]; then attach g1 1 1 "$2" pair:bench && attach g2 2 1 "$2" pair:bench || return; fi
	rows=$(sed -n 's/^xen //p' /test/net_rows | grep -E -e "${BENCH_ROWS:-.}")
	for row in $rows; do
		case $row in
		send/*) measure_senders "$row" "$1" || return ;;
		*) measure_row "$row" "$1" || return ;;
		esac
	done
	if [ "$1" = pvring ]; then detach g1 1 && detach g2 1 || return; fi
	detach g1 0 && detach g2 0 && detach g3 0
}

measure_senders() { # ROW CONTENDER
	measure_sender "$@" || return
	[ "$2" != pvring ] || measure_sender "$1" static --static
}

# To connect takes as long as what is measured, so it is dom0 that counts.
measure_sender() { # ROW CONTENDER NETLOAD-ARGUMENT...
	local row=$1 contender=$2 before after
	shift 2
	in_guest g3 begin_to_send "$row" "$@" || return
	before="$(uptime_seconds) $(sent_by_g3) $(busy_ticks)"
	sleep "$BENCH_SECONDS"
	after="$(uptime_seconds) $(sent_by_g3) $(busy_ticks)"
	echo "$before $after" | awk -v what="$row $contender" '{ print what, $5 - $1, $6 - $2, $7 - $3, $8 - $4 }' >>/run/measured
	in_guest g3 end_sending
}

uptime_seconds() {
	cut -d' ' -f1 /proc/uptime
}

sent_by_g3() { # frames and bytes
	local statistics
	statistics=/sys/class/net/vif$(guest_id g3).0/statistics
	echo "$(cat "$statistics/rx_packets") $(cat "$statistics/rx_bytes")"
}

attach() { # NAME NUMBER DEVID SCRIPT BRIDGE
	xl network-attach "$1" "mac=00:16:3e:00:0$3:0$2" "bridge=$5" "script=$4" && in_guest "$1" net_up "$2" "$3"
}

detach() { # NAME DEVID
	xl network-detach "$1" "$2" && wait_until 30 is_gone "$(guest_id "$1")" "$2"
}

is_gone() { # DOMID DEVID
	! xenstore-exists "/local/domain/0/backend/vif/$1/$2" && [ ! -e "/sys/class/net/vif$1.$2" ]
}

measure_row() { # ROW CONTENDER
	local before after
	before=$(busy_ticks)
	guest_start g1 flow "$1" "$BENCH_SECONDS"
	sleep "$BENCH_SECONDS" # asking whether it is done would cost what is measured
	guest_wait g1 60 || return
	after=$(busy_ticks)
	echo "$1 $2 $(guest_value g1 result) $((after - before))" >>/run/measured
}

# What dom0's CPU has done, its idle time left out, in hundredths of a second.
busy_ticks() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

show_records() {
	awk '{ print "@@record", NR, "net xen", $1, $2, $3, $4, $5, $6 / 100, 0 }' /run/measured
}

# ---- in a guest ----

net_up() { # NUMBER DEVID: the bridge's network is 10.9.0, the pair's 10.9.1
	load_module xen-netfront && wait_until 30 test -e "/sys/class/net/eth$2" &&
		ip addr add "10.9.$2.1$1/24" dev "eth$2" && ip link set "eth$2" up || return
	[ "$2" != 0 ] || wait_until 30 ping -c 1 -W 1 10.9.0.1
}

frontend_prepares() {
	local module
	for module in xen-privcmd xen-evtchn xen-gntalloc xenfs; do load_module $module || return 1; done
	mount -t xenfs xenfs /proc/xen
}

iperf_serves() {
	iperf3 -s -D
}

# With Ethernet's, IP's and UDP's headers 22 bytes make a frame of 64.
flow() { # ROW SECONDS
	local payload=22 to=10.9.0.1 options=''
	case $1 in between/* | joined/*) to=10.9.0.12 ;; esac
	case $1 in joined/*) [ ! -e /sys/class/net/eth1 ] || to=10.9.1.12 ;; esac
	case $1 in in/*) options=-R ;; esac
	case $1 in */64) options="$options -u -b 0 -l $payload" ;; *) payload=0 ;; esac
	# shellcheck disable=SC2086 # words
	iperf3 -f k -t "$2" -c $to $options >/run/iperf 2>&1 || { tail -5 /run/iperf; return 1; }
	value result "$(awk -v s="$2" -v payload=$payload '/receiver/ {
		for (i = 1; i <= NF; i++) if ($i == "Kbits/sec") bytes = $(i - 1) * 125 * s
		printf "%d %d %d", s, payload ? bytes / payload : 0, payload ? bytes / payload * 64 : bytes }' /run/iperf)"
}

begin_to_send() { # ROW NETLOAD-ARGUMENT...
	local size=${1#send/}
	shift
	[ "$size" != 64k ] || { size=65535; set -- "$@" --tcp-gso 1448; }
	pvring-netload --timeout 60 --generate 4294967295 --to 02:00:00:00:00:02 --sizes "$size-$size" "$@" >/run/sent 2>&1 &
	echo $! >/run/sender
	wait_until 60 grep -q '^connected' /run/sent
}

end_sending() {
	kill "$(cat /run/sender)"
	wait_until 60 test ! -e "/proc/$(cat /run/sender)"
}
