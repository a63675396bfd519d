#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh tests/vm/every_guest.sh
# The guest's own driver of networks, pvring-netfront, in a PV guest, by pvring-netd: packets of every size, streams, files,
# static grants, a hand-over, unplugging under load, loading again.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
. "$tests_vm/every_guest.sh"
guests='pv-6.12'
# shellcheck disable=SC2034
extras=network guest_extras='network pvring_modules' netfront=pvring-netfront
# shellcheck disable=SC2034
guest_options='front=none slub_debug=FZPU page_poison=1' guest_vcpus=2
driver_verdicts='a guest with a vif starts
pvring-netfront has it, with two queues
the guest has an address
the backend keeps its pages mapped
the guest reaches dom0 with packets of every size
dom0 reaches the guest
streams run both ways
it fetches a file, whole
dom0 fetches it back, whole
segments and blank checksums went through the ring
a hand-over interrupts no stream
the number of queues is changed
a second vif is unplugged under a stream
the driver is unloaded and loaded again
the guest is destroyed, and nothing is left'
# shellcheck disable=SC2034
verdicts=$(of_every_guest "$driver_verdicts")

dom0() {
	network
	iperf3 -s -D
	nc -ll -p 7777 -e cat >/dev/null 2>&1 &
	netd_start || return
	with_every_guest driver
	netd_stop
}

netd_start() { # with a queue for each of the guest's processors
	daemon_start netd --threads 2 || return
	netd_pid=$started
}

driver() {
	check "a guest with a vif starts" guest_create g1 || return
	in_guest g1 net_up eth0 10.9.0.2
	check "pvring-netfront has it, with two queues" in_guest g1 driven_by_ours eth0 2
	check "the guest has an address" in_guest g1 carries eth0
	check "the backend keeps its pages mapped" in_guest g1 is_static eth0
	check "the guest reaches dom0 with packets of every size" in_guest g1 reaches 10.9.0.1
	check "dom0 reaches the guest" ping -q -c 3 -W 5 -s 65507 10.9.0.2
	check "streams run both ways" in_guest g1 streams
	in_guest g1 fetch http://10.9.0.1/file
	check_eq "it fetches a file, whole" "$(guest_value g1 sum)" "$(sum_of /img/file)"
	in_guest g1 serve
	check_eq "dom0 fetches it back, whole" "$(wget -q -O - http://10.9.0.2/file | sha256sum)" "$(sha256sum - </img/file)"
	check "segments and blank checksums went through the ring" frames_are_large
	check "a hand-over interrupts no stream" stream_survives netd_stop 1
	check "the number of queues is changed" in_guest g1 has_queues eth0 1
	check "a second vif is unplugged under a stream" unplugged_under_stream
	check "the driver is unloaded and loaded again" in_guest g1 loaded_again
	check "the guest is destroyed, and nothing is left" destroyed
}

unplugged_under_stream() {
	ip addr add 10.9.1.1/24 dev br0 2>/dev/null
	xl network-attach g1 mac=00:16:3e:00:00:02 bridge=br0 script=vif-pvring
	in_guest g1 net_up eth1 10.9.1.2 && in_guest g1 stream_begins 10.9.1.1 &&
		wait_until 120 has_sent "$(vif_of g1 1)" 1000000 && detached g1 && in_guest g1 interface_gone eth1 &&
		in_guest g1 stream_ends
}

# ---- in the guest ----

driven_by_ours() { # INTERFACE QUEUES
	wait_until 120 carries "$1"
	ethtool -i "$1" | grep -q '^driver: pvring-netfront' && [ -e "/sys/class/net/$1/queues/rx-$(($2 - 1))" ]
}

carries() { # INTERFACE
	[ "$(cat "/sys/class/net/$1/carrier")" = 1 ]
}

is_static() { # INTERFACE
	ethtool -S "$1" | grep -q 'static_grants: 1'
}

streams() {
	iperf3 -c 10.9.0.1 -n 16M >/run/iperf 2>&1 && iperf3 -c 10.9.0.1 -n 16M -R >>/run/iperf 2>&1 && return
	tail -20 /run/iperf
	return 1
}

has_queues() { # INTERFACE NUMBER: after it was told
	ethtool -L "$1" combined "$2" && wait_until 120 carries "$1" && [ ! -e "/sys/class/net/$1/queues/rx-$2" ] &&
		ping -q -c 2 -W 10 10.9.0.1
}

stream_begins() { # ADDRESS: of a server that may be left without a word
	head -c 1000000000 /dev/zero | nc "$1" 7777 >/run/stream 2>&1 &
}

stream_ends() {
	killall nc
}

interface_gone() { # INTERFACE
	wait_until 120 test ! -e "/sys/class/net/$1"
}

# xenbus holds on to the module of a driver that has a device.
unloaded() {
	local device
	for device in /sys/bus/xen/drivers/pvring-netfront/vif-*; do
		[ ! -e "$device" ] || echo "${device##*/}" >"${device%/*}/unbind" || return
	done
	wait_until 60 rmmod pvring-netfront
}

loaded_again() {
	unloaded && interface_gone eth0 && net_up eth0 10.9.0.2 && wait_until 120 carries eth0 &&
		ping -q -c 2 -W 10 10.9.0.1
}
