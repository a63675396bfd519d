#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# A guest with Linux's own frontend on a bridge of dom0, by pvring-netd.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

life_verdicts='a guest with a vif starts
its interface is in the bridge
the guest has an address
dom0 reaches the guest
the guest reaches dom0 with packets of every size
it fetches a file, whole
dom0 fetches it back, whole
segments and blank checksums went through the ring
a hand-over interrupts no stream
nor do twenty deaths of the daemon
a vif is attached
it is detached, and its interface is gone
the guest is destroyed, and nothing is left'
# shellcheck disable=SC2034
verdicts="pvring-netd starts
$life_verdicts"
# shellcheck disable=SC2034
guest_vifs="'mac=00:16:3e:00:00:01,bridge=br0,script=vif-pvring'"

dom0() {
	network
	check "pvring-netd starts" netd_start || return
	life_of_a_vif
	netd_stop
}

life_of_a_vif() {
	check "a guest with a vif starts" guest_create g1 || return
	check "its interface is in the bridge" test -e "/sys/class/net/br0/brif/$(vif_of g1 0)"
	check "the guest has an address" in_guest g1 net_up eth0 10.9.0.2
	check "dom0 reaches the guest" ping -c 3 -W 5 10.9.0.2
	check "the guest reaches dom0 with packets of every size" in_guest g1 reaches 10.9.0.1
	in_guest g1 fetch http://10.9.0.1/file
	check_eq "it fetches a file, whole" "$(guest_value g1 sum)" "$(sum_of /img/file)"
	in_guest g1 serve
	check_eq "dom0 fetches it back, whole" "$(wget -q -O - http://10.9.0.2/file | sha256sum)" "$(sha256sum - </img/file)"
	check "segments and blank checksums went through the ring" frames_are_large
	check "a hand-over interrupts no stream" stream_survives netd_stop 1
	check "nor do twenty deaths of the daemon" stream_survives netd_die 20
	xl network-attach g1 mac=00:16:3e:00:00:02 bridge=br0 script=vif-pvring
	check "a vif is attached" in_guest g1 net_up eth1 10.9.0.3
	check "it is detached, and its interface is gone" detached g1
	check "the guest is destroyed, and nothing is left" destroyed
}

network() {
	ip link set lo up
	bridge_up br0 10.9.0.1/24
	dd if=/dev/urandom of=/img/file bs=1M count=16 2>/dev/null
	httpd -h /img
}

vif_of() { # NAME DEVID
	echo "vif$(guest_id "$1").$2"
}

# A frame of a file's data is longer than what fits a wire, if both ends leave cutting it up to each other. On average, and
# either way: such a one has 1514 octets at most. By how much is TCP's choice, which sends less at once the slower all is.
frames_are_large() {
	pvring status --json >/log/status
	tr -d ' \n' </log/status | grep -o '"[rt]x":{"frames":[0-9]*,"bytes":[0-9]*' | awk -v least=1600 -F '[:,]' '
		{ n++; if ($5 < least * $3) bad = 1; print $1, $5 / $3 } END { exit bad || n != 2 }'
}

bytes_of() { # INTERFACE: that the guest has sent
	cat "/sys/class/net/$1/statistics/rx_bytes"
}

has_sent() { # INTERFACE BYTES
	[ "$(bytes_of "$1")" -ge "$2" ]
}

# As many streams as that takes, each time when another megabyte has come.
stream_survives() { # HOW THE DAEMON ENDS, HOW OFTEN
	local nr=0
	while [ $nr -lt "$2" ]; do
		wget -q -O - http://10.9.0.2/file | sha256sum >/log/streamed &
		fetching=$!
		while [ $nr -lt "$2" ] && another_megabyte_comes "$(vif_of g1 0)"; do
			"$1" && netd_start || return
			nr=$((nr + 1))
		done
		wait $fetching && [ "$(cat /log/streamed)" = "$(sha256sum - </img/file)" ] || return
	done
}

another_megabyte_comes() { # INTERFACE; false: all has come
	local least=$(($(bytes_of "$1") + 1000000))
	wait_until 120 has_sent_or_ended "$1" $least && kill -0 "$fetching" 2>/dev/null
}

has_sent_or_ended() { # INTERFACE BYTES
	has_sent "$1" "$2" || ! kill -0 "$fetching" 2>/dev/null
}

detached() { # NAME: its second interface
	local name
	name=$(vif_of "$1" 1)
	xl network-detach "$1" 1
	wait_until 120 test ! -e "/sys/class/net/$name"
}

destroyed() {
	local name
	name=$(vif_of g1 0)
	guest_destroy g1
	wait_until 120 test ! -e "/sys/class/net/$name" && nothing_left
}

# ---- in the guest ----

net_up() { # INTERFACE ADDRESS
	load_module "${netfront:-xen-netfront}"
	wait_until 120 test -e "/sys/class/net/$1"
	ip addr add "$2/24" dev "$1"
	ip link set "$1" up
}

reaches() { # ADDRESS [LARGEST]
	local size
	for size in 0 1 56 1472 1473 4000 4096 9000 30000 "${2:-65507}"; do
		ping -q -c 2 -W 10 -s "$size" "$1" || return
	done
}

fetch() { # URL
	wget -q -O /run/file "$1"
	value sum "$(sha256sum /run/file | cut -d' ' -f1)"
}

serve() {
	httpd -h /run
}
