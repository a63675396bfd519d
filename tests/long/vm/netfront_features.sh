#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/net.sh tests/vm/netfront.sh tests/vm/every_guest.sh
# What pvring-netfront can beside sending and receiving, by pvring-netd and by Linux's backend: large MTU, offloads switched
# off one by one, the spreading of flows, ring sizes, multicast, XDP, and a backend that is not trusted.
# One processor: streams keep two of an emulated machine busy with Xen's locks, and all takes several times as long.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
# shellcheck source=tests/vm/netfront.sh
. "$tests_vm/netfront.sh"
# shellcheck disable=SC2034
extras='network netback' guest_extras='network pvring_modules xdp'
of_guest='tx sg tso gso gro rx'

# shellcheck disable=SC2034
verdicts=$(
	of_every_guest "a guest starts"
	for backend in netd netback; do
		of_every_guest "packets of every size, MTU 9000
streams with each offload switched off
streams with the smallest rings
a key and a mapping of the hash are set
frames of several flows come by both queues
of multicast it gets what it wants
XDP passes frames
XDP drops them
XDP sends them back
XDP sends them by another interface
streams while the backend is not trusted" | sed "s/: /: $backend: /"
	done
	of_every_guest "the guest is destroyed, and nothing is left"
)

dom0() {
	network
	iperf3 -s -D
	with_every_guest driver
}

driver() {
	guest_vifs=''
	check "a guest starts" guest_create g1 || return
	with_netd features netd vif-pvring
	with_netback features netback vif-peer
	check "the guest is destroyed, and nothing is left" gone
}

with_netd() { # COMMAND...
	netd_start && "$@"
	netd_stop
}

with_netback() { # COMMAND...
	load_module xen-netback
	echo 2 >/sys/module/xen_netback/parameters/max_queues # of this machine's processors dom0 has one
	"$@"
	rmmod xen-netback
}

gone() {
	guest_destroy g1 && nothing_left
}

features() { # BACKEND SCRIPT
	local prefix=$verdict_prefix
	verdict_prefix="$prefix$1: "
	attached 0 "$2" && attached 1 "$2" && in_guest g1 carries eth0 && checks "$1"
	detached_vif 0
	detached_vif 1
	in_guest g1 unloaded
	verdict_prefix=$prefix
}

attached() { # DEVID SCRIPT
	xl network-attach g1 "mac=00:16:3e:00:00:0$1" bridge=br0 "script=$2" && in_guest g1 net_up "eth$1" "10.9.0.$(($1 + 2))" &&
		in_guest g1 waits_for_carrier "eth$1"
}

detached_vif() { # DEVID
	local name
	name=$(vif_of g1 "$1")
	xl network-detach g1 "$1"
	wait_until 120 test ! -e "/sys/class/net/$name"
}

checks() { # BACKEND
	set_mtu "$(vif_of g1 0)" 9000 # as everywhere in this bridge
	check "packets of every size, MTU 9000" pings_both_ways
	set_mtu "$(vif_of g1 0)" 1500
	check "streams with each offload switched off" in_guest g1 streams_without_each eth0
	check "streams with the smallest rings" in_guest g1 streams_with_rings eth0 64
	check "a key and a mapping of the hash are set" in_guest g1 sets_hash eth0
	check "frames of several flows come by both queues" several_flows
	check "of multicast it gets what it wants" groups "$1"
	check "XDP passes frames" xdp_passes
	check "XDP drops them" xdp_drops
	check "XDP sends them back" xdp_tx
	check "XDP sends them by another interface" xdp_redirects
	check "streams while the backend is not trusted" in_guest g1 streams_untrusted
}

set_mtu() { # INTERFACE BYTES: everywhere
	ip link set "$1" mtu "$2" && ip link set br0 mtu "$2" && in_guest g1 ip link set eth0 mtu "$2"
}

pings_both_ways() {
	in_guest g1 reaches 10.9.0.1 && ping -q -c 2 -W 10 -s 65507 10.9.0.2
}

several_flows() {
	in_guest g1 iperf_serves && iperf3 -c 10.9.0.2 -P 8 -n 4M >/log/iperf 2>&1 || { tail -5 /log/iperf; return 1; }
	in_guest g1 both_received eth0
}

# An address of IPv6 is found by a group of its own; another one is passed on by the bridge, but not by the backend: Linux's
# passes on, too, what its own domain sends.
groups() { # BACKEND
	ip addr add fd00::1/64 dev br0 2>/dev/null
	in_guest g1 ip addr add fd00::2/64 dev eth0 && wait_until 120 ping6 -q -c 1 -W 1 fd00::2 || return
	[ "$1" != netback ] || { in_guest g1 ip addr del fd00::2/64 dev eth0; return; }
	in_guest g1 count_received eth0
	ping -q -c 12 -W 1 -I br0 239.9.9.9
	in_guest g1 received_fewer eth0 8 && in_guest g1 ip addr del fd00::2/64 dev eth0
}

xdp_passes() {
	in_guest g1 xdp_begin eth0 pass && ping -q -c 5 -W 5 10.9.0.2 && ping -q -c 2 -W 10 -s 30000 10.9.0.2 &&
		in_guest g1 streams && in_guest g1 counted eth0 xdp_pass 1 && in_guest g1 xdp_end eth0
}

xdp_drops() {
	in_guest g1 xdp_begin eth0 drop || return
	! ping -q -c 3 -W 2 10.9.0.2 && in_guest g1 counted eth0 xdp_drop 1 && in_guest g1 xdp_end eth0 &&
		ping -q -c 3 -W 5 10.9.0.2
}

xdp_tx() {
	ping -q -c 1 -W 5 10.9.0.2 && in_guest g1 xdp_begin eth0 tx || return
	ping -q -c 3 -W 1 10.9.0.2
	in_guest g1 counted eth0 xdp_tx 2 && in_guest g1 xdp_end eth0
}

xdp_redirects() {
	ping -q -c 1 -W 5 10.9.0.2 && in_guest g1 xdp_begin eth1 pass && in_guest g1 xdp_begin eth0 redirect eth1 || return
	ping -q -c 3 -W 1 10.9.0.2
	in_guest g1 counted eth1 xdp_xmit 2 && in_guest g1 xdp_end eth0
}

# ---- in the guest ----

waits_for_carrier() { # INTERFACE
	wait_until 120 carries "$1"
}

streams_without_each() { # INTERFACE
	local offload
	for offload in $of_guest; do
		ethtool -K "$1" "$offload" off && streams && ethtool -K "$1" "$offload" on || { echo "$offload"; return 1; }
	done
}

streams_with_rings() { # INTERFACE SLOTS
	ethtool -G "$1" rx "$2" tx "$2" && streams && ethtool -G "$1" rx 256 tx 256
}

sets_hash() { # INTERFACE
	ethtool -X "$1" hkey "$(seq 40 | awk '{ printf("%s%02x", NR > 1 ? ":" : "", $1) }')" equal 2 || return
	ethtool -x "$1" | grep -q '^01:02:03:04' && ethtool -x "$1" | grep -q '0: *0 *1'
}

sum_of_counter() { # INTERFACE COUNTER: over all queues
	ethtool -S "$1" | awk -v name="_$2:" '$1 ~ name "$" { n += $2 } END { print n + 0 }'
}

counted() { # INTERFACE COUNTER LEAST
	[ "$(sum_of_counter "$1" "$2")" -ge "$3" ] || { ethtool -S "$1" | grep xdp; return 1; }
}

both_received() { # INTERFACE
	ethtool -S "$1" | awk '/queue_[01]_rx_packets/ && $2 > 20 { n++ } END { exit n != 2 }' ||
		{ ethtool -S "$1" | grep rx_packets; return 1; }
}

iperf_serves() {
	iperf3 -s -D
}

count_received() { # INTERFACE
	cat "/sys/class/net/$1/statistics/rx_packets" >/run/received
}

received_fewer() { # INTERFACE THAN
	[ $(($(cat "/sys/class/net/$1/statistics/rx_packets") - $(cat /run/received))) -lt "$2" ]
}

xdp_begin() { # INTERFACE ACTION [TO]
	xdp "$@" >/run/xdp.out 2>&1 &
	echo $! >>/run/xdp.pids
	wait_until 60 grep -q attached /run/xdp.out || { cat /run/xdp.out; return 1; }
}

xdp_end() { # INTERFACE
	local pid
	while read -r pid; do
		kill "$pid" 2>/dev/null
		wait_until 60 test ! -e "/proc/$pid"
	done </run/xdp.pids
	rm -f /run/xdp.pids
}

streams_untrusted() {
	unloaded && insmod /modules/pvring-netfront.ko trusted=0 && net_up eth0 10.9.0.2 && waits_for_carrier eth0 &&
		reaches 10.9.0.1 && streams
}

