# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# For a test that has guests send to dom0, with iperf3 and by both versions of IP: it sources this here and in the machine,
# after net.sh.

# shellcheck disable=SC2034
extras=network guest_extras='network xdp'

streams_begin() { # in dom0
	both_versions br0 1
	iperf3 -s -D
}

both_versions() { # INTERFACE NUMBER: its addresses, good at once
	echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
	echo 0 >"/proc/sys/net/ipv6/conf/$1/accept_dad"
	ip addr add "fd00::$2/64" dev "$1"
}

# ---- in the guest ----

addressed() { # INTERFACE NUMBER
	net_up "$1" "10.9.0.$2" && both_versions "$1" "$2"
}

streams() { # [HOW-MANY]: at once, of TCP
	each_way flows "${1:-1}" -n 8M
}

datagrams() { # [HOW-MANY]: flows of UDP, of which most arrive
	each_way most_arrive "${1:-1}" -u -b 2M -l 1200 -t 2
}

each_way() { # FUNCTION HOW-MANY IPERF-ARGUMENT...
	local function=$1 nr=$2 address
	shift 2
	for address in 10.9.0.1 fd00::1; do
		"$function" -c $address -P "$nr" "$@" && "$function" -c $address -P "$nr" "$@" -R && continue
		tail -20 /run/iperf
		return 1
	done
}

flows() { # IPERF-ARGUMENT...
	iperf3 "$@" >/run/iperf 2>&1
}

# A field of the receiver's is how many of all are lost; the last line is of all flows.
most_arrive() { # IPERF-ARGUMENT...
	flows "$@" && awk '
		/receiver/ { for (i = 1; i <= NF; i++) if ($i ~ /^[0-9]+\/[0-9]+$/) split($i, n, "/") }
		END { exit !(n[2] > 0 && 2 * n[1] < n[2]) }' /run/iperf
}
