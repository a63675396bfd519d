# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# What guest_frontend.sh is of a kernel's frontend of networks, $netfront if it is not Linux's own; sourced after it.
# Packets go to an address that nobody has but the suite; of what comes back ping and cmp say whether it is the same.

guest_made() {
	guest_create g1 && in_guest g1 load_module "${netfront:-xen-netfront}"
}

# ---- in the guest ----

work() { # DEVID WORK
	[ "$2" != rebind ] || rebind "vif-$1" || return
	wait_until 15 has_interface "$1" || return
	interface_up "$1" && wait_until 15 has_carrier "$1" || return
	case $2 in
	big) streams "$1" 400k ;;
	*) pings "$1" && streams "$1" 60k ;;
	esac
}

has_interface() { # DEVID
	ls "/sys/bus/xen/devices/vif-$1/net/"* >/dev/null 2>&1
}

has_carrier() { # DEVID: ours has an interface before it is connected
	[ "$(cat "/sys/bus/xen/devices/vif-$1/net/"*/carrier)" = 1 ]
}

interface_up() { # DEVID
	local name
	name=$(ls "/sys/bus/xen/devices/vif-$1/net")
	echo 1 >"/proc/sys/net/ipv6/conf/$name/disable_ipv6" # which would send by itself
	ip addr add "10.9.$1.1/24" dev "$name" 2>/dev/null
	ip link set "$name" up
}

# Not for as long as work waits: where the driver does not come back, the next case is waiting.
rebind() { # DEVICE
	local driver
	driver=$(readlink -f "/sys/bus/xen/devices/$1/driver")
	echo "$1" >"$driver/unbind" && echo "$1" >"$driver/bind"
}

pings() { # DEVID
	local size
	for size in 56 1400 6000; do
		ping -q -A -c 4 -w 5 -s $size "10.9.$1.2" >/run/ping || { cat /run/ping; return 1; }
	done
}

streams() { # DEVID OCTETS
	head -c "$2" /dev/urandom >/run/sent
	timeout 20 nc -w 5 "10.9.$1.2" 7 </run/sent >/run/received
	cmp /run/sent /run/received || { grep ^Tcp: /proc/net/snmp; return 1; }
}
