#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh tests/vm/every_guest.sh tests/vm/streams.sh
# Guests of each kernel: packets of every size, an XDP program, and streams with whatever an interface does by itself switched
# off, of the guest's and of ours.
# One processor: streams keep two of an emulated machine busy with Xen's locks, and all takes several times as long.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
. "$tests_vm/every_guest.sh"
. "$tests_vm/streams.sh"
guests='pv-6.1 pv-6.12'
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
datagrams with everything on
frames pass an XDP program, with the room before them that it wants
none passes one that drops them
$(each_offload)
streams with everything off
datagrams with everything off
a file with everything off
no frame was dropped
the guest is destroyed, and nothing is left")

dom0() {
	network
	streams_begin
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
	check "segments went through the ring, both ways" frames_are_large
	check "datagrams with everything on" in_guest g1 datagrams
	check "frames pass an XDP program, with the room before them that it wants" passes_program
	check "none passes one that drops them" dropped_by_program
	for offload in $of_guest; do
		check "streams while the guest goes without $offload" streams_without "$offload" in_guest g1 switch eth0
	done
	for offload in $of_interface; do
		check "streams while the interface goes without $offload" streams_without "$offload" switch "$vif"
	done
	for offload in $of_guest; do in_guest g1 switch eth0 "$offload" off; done
	for offload in $of_interface; do switch "$vif" "$offload" off; done
	check "streams with everything off" in_guest g1 streams
	check "datagrams with everything off" in_guest g1 datagrams
	in_guest g1 fetch http://10.9.0.1/file
	check_eq "a file with everything off" "$(guest_value g1 sum)" "$(sum_of /img/file)"
	check_eq "no frame was dropped" "$(drops)" ""
	check "the guest is destroyed, and nothing is left" destroyed
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

# With a program Linux' frontend drops what does not fit a page, so a stream would crawl.
passes_program() {
	in_guest g1 xdp_begin pass && has_room 256 && pings_both_ways && in_guest g1 datagrams && program_ends
}

dropped_by_program() {
	in_guest g1 xdp_begin drop && ! ping -q -c 3 -W 2 10.9.0.2 && program_ends && ping -q -c 3 -W 5 10.9.0.2
}

program_ends() {
	in_guest g1 xdp_end && wait_until 120 has_room 0
}

has_room() { # OCTETS: what its frontend has asked for
	[ "$(xenstore-read "/local/domain/$(guest_id g1)/device/vif/0/xdp-headroom")" = "$1" ]
}

drops() {
	pvring status --json | tr -d ' \n' | grep -o '"drops":{[^}]\+}'
}

# ---- in the guest ----

xdp_begin() { # pass|drop
	xdp eth0 "$1" >/run/xdp 2>&1 &
	program=$!
	wait_until 120 grep -q attached /run/xdp || { cat /run/xdp; return 1; }
}

xdp_end() {
	kill "$program"
}
