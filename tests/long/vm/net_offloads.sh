#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh tests/vm/every_guest.sh
# PV guests of each kernel: packets of every size, and streams with whatever an interface does by itself switched off, of the
# guest's and of ours.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
. "$tests_vm/every_guest.sh"
guests='pv-6.1 pv-6.12'
# shellcheck disable=SC2034
extras=network guest_extras=network
# What can be switched: of Linux's frontend checksums of IPv6 alone.
of_guest='tx sg tso gso gro' of_interface='tx sg tso gso gro'

each_offload() { # WORDS...
	for offload in $of_guest; do echo "streams while the guest goes without $offload"; done
	for offload in $of_interface; do echo "streams while the interface goes without $offload"; done
}

# shellcheck disable=SC2034
verdicts=$(of_every_guest "a guest starts
packets of every size, MTU 1500
packets of every size, MTU 9000
streams with everything on
segments went through the ring, both ways
$(each_offload)
streams with everything off
a file with everything off
no frame was dropped
the guest is destroyed, and nothing is left")

dom0() {
	network
	both_versions br0 1
	iperf3 -s -D
	netd_start || return
	with_every_guest offloads
}

offloads() {
	local vif
	check "a guest starts" guest_create g1 || return
	vif=$(vif_of g1 0)
	in_guest g1 addressed eth0 2 || return
	check "packets of every size, MTU 1500" pings_both_ways
	set_mtu "$vif" 9000
	check "packets of every size, MTU 9000" pings_both_ways
	set_mtu "$vif" 1500
	check "streams with everything on" in_guest g1 streams
	check "segments went through the ring, both ways" frames_are_long
	for offload in $of_guest; do
		check "streams while the guest goes without $offload" streams_without "$offload" in_guest g1 switch eth0
	done
	for offload in $of_interface; do
		check "streams while the interface goes without $offload" streams_without "$offload" switch "$vif"
	done
	for offload in $of_guest; do in_guest g1 switch eth0 "$offload" off; done
	for offload in $of_interface; do switch "$vif" "$offload" off; done
	check "streams with everything off" in_guest g1 streams
	in_guest g1 fetch http://10.9.0.1/file
	check_eq "a file with everything off" "$(guest_value g1 sum)" "$(sum_of /img/file)"
	check_eq "no frame was dropped" "$(drops)" ""
	check "the guest is destroyed, and nothing is left" destroyed
}

both_versions() { # INTERFACE NUMBER: its addresses, good at once
	echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
	echo 0 >"/proc/sys/net/ipv6/conf/$1/accept_dad"
	ip addr add "fd00::$2/64" dev "$1"
}

switch() { # INTERFACE WHAT on|off
	ethtool -K "$1" "$2" "$3"
}

streams_without() { # WHAT COMMAND...: that switches it
	local offload=$1
	shift
	"$@" "$offload" off && in_guest g1 streams && "$@" "$offload" on
}

set_mtu() { # INTERFACE BYTES: everywhere
	ip link set "$1" mtu "$2" && ip link set br0 mtu "$2" && in_guest g1 ip link set eth0 mtu "$2"
}

pings_both_ways() {
	ping -q -c 2 -W 10 -s 65507 10.9.0.2 && in_guest g1 reaches 10.9.0.1 && in_guest g1 reaches fd00::1 65487
}

# A frame of a stream is longer than what fits a wire, if both ends leave cutting it up to each other.
frames_are_long() {
	pvring status --json >/log/status
	tr -d ' \n' </log/status | grep -o '"[rt]x":{"frames":[0-9]*,"bytes":[0-9]*' | awk -F '[:,]' '
		{ n++; if ($5 < 2000 * $3) bad = 1; print $1, $5 / $3 } END { exit bad || n != 2 }'
}

drops() {
	pvring status --json | tr -d ' \n' | grep -o '"drops":{[^}]\+}'
}

# ---- in the guest ----

addressed() { # INTERFACE NUMBER
	net_up "$1" "10.9.0.$2" && both_versions "$1" "$2"
}

streams() {
	local address
	for address in 10.9.0.1 fd00::1; do
		iperf3 -c $address -n 8M >/run/iperf 2>&1 && iperf3 -c $address -n 8M -R >>/run/iperf 2>&1 && continue
		tail -20 /run/iperf
		return 1
	done
}
