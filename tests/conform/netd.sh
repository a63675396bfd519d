#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The conformance suite against pvring-netd, each part of it with a network namespace where its vifs are at a bridge. It
# outlives the daemon, which ends and begins. It has as many workers, and so queues, as the suite tries.
if [ -z "$PVRING_NETNS" ]; then
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(-r)
	PVRING_NETNS=1 exec unshare -n -m "${as_root[@]}" "$0"
fi
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/conform/conform.bash
netd=$(realpath "${PVRING_NETD:-${O:-build}/pvring-netd}")
conform_class=net

suite() {
	local place=part${part%/*}
	ip netns add "$place"
	# Nobody but the suite is to say anything there: a frame of the kernel's own, of IPv6 or IGMP, is one too many.
	ip netns exec "$place" sh -c 'for of in all default; do echo 1 >/proc/sys/net/ipv6/conf/$of/disable_ipv6; done'
	ip -n "$place" link add br0 up type bridge mcast_snooping 0
	mkdir "$T/run"
	conform_backend pvring-netd "exec ip netns exec $place $netd --control $T/run/netd.sock --log error --threads 4" \
		--bridge br0 --shuffle
}

mount -t tmpfs none /run # for `ip netns`, which keeps its names there
conform_in_parts 2 suite
done_testing
