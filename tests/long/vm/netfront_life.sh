#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/net.sh tests/vm/netfront.sh tests/vm/every_guest.sh
# pvring-netfront loaded and unloaded again and again, its interface attached and detached under a stream, its guest saved
# and restored in the middle of one; in guests of every type, whose kernels look for memory that is used after it was freed.
# One processor: streams keep two of an emulated machine busy with Xen's locks, and all takes several times as long.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
# shellcheck source=tests/vm/netfront.sh
. "$tests_vm/netfront.sh"
guests=${GUESTS:-'pv-6.1 pvh-6.12 hvm-6.1'}
# shellcheck disable=SC2034
times=${TIMES:-20} guest_memory=192

# shellcheck disable=SC2034
verdicts=$(of_every_guest "a guest starts
packets of every size
streams run both ways
loaded and unloaded again and again
the two drivers take the interface over from each other
attached and detached under a stream, again and again
saved and restored, a stream goes on
no grant is mapped when the interface is gone
the guest is destroyed, and nothing is left")

dom0() {
	network
	iperf3 -s -D
	nc -ll -p 7777 -e cat >/dev/null 2>&1 &
	netd_start || return
	with_every_guest driver
	netd_stop
}

driver() {
	check "a guest starts" guest_create g1 || return
	in_guest g1 net_up eth0 10.9.0.2
	in_guest g1 waits_for_carrier eth0
	check "packets of every size" in_guest g1 reaches 10.9.0.1
	check "streams run both ways" in_guest g1 streams
	check "loaded and unloaded again and again" in_guest g1 loaded_times "$times"
	check "the two drivers take the interface over from each other" in_guest g1 taken_over
	check "attached and detached under a stream, again and again" unplugged_times 5
	check "saved and restored, a stream goes on" saved
	xl network-detach g1 0
	check "no grant is mapped when the interface is gone" wait_until 120 no_grants_mapped g1
	check "the guest is destroyed, and nothing is left" gone
}

gone() {
	guest_destroy g1 && nothing_left
}

unplugged_times() { # TIMES
	local left=$1
	while [ "$left" -gt 0 ]; do
		unplugged_under_stream || return
		left=$((left - 1))
	done
}

# Into a file system of its own: that of /img holds all that dom0 has.
saved() {
	in_guest g1 stream_begins 10.9.0.1 && wait_until 120 has_sent "$(vif_of g1 0)" 1000000 &&
		xl save g1 /run/saved >/log/save 2>&1 && guest_console_end g1 && xl restore /run/saved >/log/restore 2>&1 ||
		{ tail -3 /log/save /log/restore; rm -f /run/saved; return 1; }
	rm /run/saved
	console_again g1 && wait_until 60 ping -q -c 1 -W 2 10.9.0.2 && wait_until 120 has_sent "$(vif_of g1 0)" 1000000 &&
		in_guest g1 stream_ends
}

# It is as it was, and does not say again that it is ready.
console_again() { # NAME
	local seq
	seq=$(cat "/log/$1.seq")
	guest_console_begin "$1"
	echo "$seq" >"/log/$1.seq"
}

# ---- in the guest ----

waits_for_carrier() { # INTERFACE
	wait_until 120 carries "$1"
}

loaded_times() { # TIMES
	local left=$1
	while [ "$left" -gt 0 ]; do
		unloaded && net_up eth0 10.9.0.2 && waits_for_carrier eth0 || return
		left=$((left - 1))
	done
	ping -q -c 2 -W 10 10.9.0.1
}

taken_over() {
	load_module xen-netfront
	driver_takes vif && ping -q -c 2 -W 10 10.9.0.1 && driver_takes pvring-netfront && ping -q -c 2 -W 10 10.9.0.1 &&
		rmmod xen-netfront
}

driver_takes() { # DRIVER
	echo vif-0 >/sys/bus/xen/devices/vif-0/driver/unbind && interface_gone eth0 &&
		echo vif-0 >"/sys/bus/xen/drivers/$1/bind" && wait_until 120 test -e /sys/class/net/eth0 &&
		ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up && waits_for_carrier eth0
}
