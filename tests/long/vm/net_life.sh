#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh
# Interfaces that come and go while streams run: attached, detached, their guests destroyed. Addresses by DHCP. One guest is PV
# and the other, which all this is done to, HVM.
# One processor: streams keep two of an emulated machine busy with Xen's locks, and all takes several times as long.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
# shellcheck disable=SC2034
guest_kernels='6.1 6.12' guest_types='pv hvm' extras=network guest_extras=network
# shellcheck disable=SC2034
verdicts='a guest is given its address by DHCP
a guest of another type and kernel, too
they reach each other
a stream runs between them
interfaces come and go under it, 5 times
one that is detached while its own stream runs is gone
the other stream has not noticed
a guest is destroyed in the middle of a stream
its interface is gone
the other guest is well
another one takes its place, and reaches it
the guests are destroyed, and nothing is left'
vif_1="'mac=00:16:3e:00:00:01,bridge=br0,script=vif-pvring'"
vif_2="'mac=00:16:3e:00:00:02,bridge=br0,script=vif-pvring'"

dom0() {
	network
	iperf3 -s -D
	iperf3 -s -D -p 5202 # the other one never hears of its stream's end
	dnsmasq --conf-file=/dev/null --user=root --port=0 --interface=br0 --bind-interfaces \
		--dhcp-range=10.9.0.50,10.9.0.99,1h --dhcp-leasefile=/run/leases --log-facility=/log/dnsmasq \
		--dhcp-host=00:16:3e:00:00:01,10.9.0.51 --dhcp-host=00:16:3e:00:00:02,10.9.0.52
	netd_start || return
	guest_vifs=$vif_1
	guest_create g1 || return
	check "a guest is given its address by DHCP" in_guest g1 leases eth0 10.9.0.51
	second_guest
	check "a guest of another type and kernel, too" in_guest g2 leases eth0 10.9.0.52
	check "they reach each other" in_guest g1 reaches 10.9.0.52
	in_guest g2 iperf_serves
	guest_start g1 streams_to 10.9.0.52 90
	check "a stream runs between them" is_sending g1 0
	check "interfaces come and go under it, 5 times" come_and_go 5
	check "one that is detached while its own stream runs is gone" detached_under_load
	check "the other stream has not noticed" guest_wait g1 600
	in_guest g2 stream_begins 10.9.0.1 5202
	check "a guest is destroyed in the middle of a stream" destroyed_under_load
	check "its interface is gone" wait_until 120 test ! -e "/sys/class/net/$gone"
	check "the other guest is well" in_guest g1 reaches 10.9.0.1
	second_guest
	in_guest g2 net_up eth0 10.9.0.3
	check "another one takes its place, and reaches it" in_guest g2 reaches 10.9.0.51
	guest_destroy g2
	check "the guests are destroyed, and nothing is left" destroyed
}

second_guest() {
	guest_vifs=$vif_2 guest_kernel=6.12 guest_type=hvm
	guest_create g2
}

is_sending() { # NAME DEVID: a megabyte more than just now
	local vif
	vif=$(vif_of "$1" "$2")
	wait_until 120 has_sent "$vif" $(($(bytes_of "$vif") + 1000000))
}

come_and_go() { # TIMES
	local left=$1
	while [ "$left" -gt 0 ]; do
		xl network-attach g2 "mac=00:16:3e:00:00:0$left" bridge=br0 script=vif-pvring || return
		wait_until 120 test -e "/sys/class/net/$(vif_of g2 1)" && detached g2 || return
		left=$((left - 1))
	done
}

# In g2, whose own one is its first.
detached_under_load() {
	xl network-attach g2 mac=00:16:3e:00:00:09 bridge=br0 script=vif-pvring && ip addr add 10.9.1.1/24 dev br0 &&
		in_guest g2 net_up eth1 10.9.1.2 && in_guest g2 stream_begins 10.9.1.1 5201 &&
		is_sending g2 1 && detached g2
}

destroyed_under_load() {
	gone=$(vif_of g2 0)
	is_sending g2 0 && guest_destroy g2
}

# ---- in the guest ----

leases() { # INTERFACE ADDRESS: that it is to be given
	load_module "${netfront:-xen-netfront}" && wait_until 120 test -e "/sys/class/net/$1" || return
	ip link set "$1" up
	cat >/run/lease <<-'END'
		#!/bin/sh
		[ "$1" != bound ] || ip addr add "$ip/${mask:-24}" dev "$interface"
	END
	chmod +x /run/lease
	udhcpc -n -q -t 10 -i "$1" -s /run/lease && ip addr show dev "$1" | grep -q "inet $2/24"
}

iperf_serves() {
	iperf3 -s -D
}

streams_to() { # ADDRESS SECONDS
	iperf3 -c "$1" -t "$2" >/run/iperf 2>&1
}

stream_begins() { # ADDRESS PORT: until its interface goes
	iperf3 -c "$1" -p "$2" -t 600 >/run/iperf 2>&1 &
}
