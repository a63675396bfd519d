# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# pvring-netd in a network namespace of its own, a guest in another: pvring-netload gives the guest's vif to that one's
# kernel, so that what runs over it are two ordinary IP stacks, and their ping and iperf3. Sourced by tests, which run
# from their beginning again in the namespace that this makes.
#
#	net_test_begin "DOMID..." DAEMON-ARGUMENT...
#	attach MAC ARGUMENT...; guest_up NETLOAD-ARGUMENT...; streams IPERF3-ARGUMENT...
#	guest_down; detach
#	daemon_test_end
#
# Our side is 10.9.0.1 and fd00::1, the bridge br0; the guest's is 10.9.0.2 and fd00::2, its eth0.
# shellcheck disable=SC2317 # functions are called through check and wait_until

if [ -z "$PVRING_NETNS" ]; then
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(-r)
	PVRING_NETNS=1 exec unshare -n -m "${as_root[@]}" "$0"
fi
. tests/lib/tap.sh
. tests/lib/loopxen.sh
# shellcheck disable=SC2034 # daemon.sh wants it
daemon_name=netd
. tests/lib/daemon.sh
netload=$(realpath "$O/pvring-netload")
pvring=$(realpath "$O/pvring")

net_test_begin() { # "DOMID..." DAEMON-ARGUMENT...
	local domids=$1
	shift
	mount -t tmpfs none /run # for `ip netns`, which keeps its names there
	ip link set lo up
	ip netns add guest
	ip -n guest link set lo up
	ip link add br0 type bridge
	ip addr add 10.9.0.1/24 dev br0
	ip addr add fd00::1/64 nodad dev br0
	ip link set br0 up
	# shellcheck disable=SC2086 # words
	daemon_test_begin $domids
	daemon_start "$@"
}

in_guest() { # COMMAND...: not in the background, where its pid would be that of a shell around it
	ip netns exec guest "$@"
}

attach() { # ARGUMENT...
	dom0 "$pvring" attach vif 1 --devid 0 --bridge br0 "$@"
}

detach() {
	dom0 "$pvring" detach vif 1 0
}

netload_up() { # NAMESPACE DOMID LOG NETLOAD-ARGUMENT...: its eth0 there; its pid is $started
	local place=$1 domid=$2 log=$3
	shift 3
	rm -f "$log" # of an earlier one, which was connected, too
	ip netns exec "$place" "$loopxen" run --domid "$domid" -- "$netload" --tap eth0 --timeout 30 "$@" >"$log" 2>&1 &
	started=$!
	loopxen_track $started
	soon 20 grep -qx connected "$log" || { cat "$log"; return 1; }
}

address_up() { # NAMESPACE IPV4 IPV6: of its eth0
	ip -n "$1" addr add "$2/24" dev eth0
	ip -n "$1" addr add "$3/64" nodad dev eth0
	ip -n "$1" link set eth0 up
}

guest_up() { # NETLOAD-ARGUMENT...: eth0, with addresses
	local rc
	netload_up guest 1 "$T/netload" "$@"
	rc=$?
	guest_pid=$started
	[ $rc = 0 ] && address_up guest 10.9.0.2 fd00::2
}

check_guest_up() { # NAME NETLOAD-ARGUMENT...
	local name=$1
	shift
	if guest_up "$@"; then ok "$name"; else not_ok "$name" "$(tail -3 "$T/netload")"; fi
}

guest_down() {
	kill "$guest_pid"
	wait "$guest_pid"
}

pings() { # ADDRESS [LARGEST [COMMAND...]]: with packets of every size, each way; from where the command runs it
	local size
	for size in 0 1 56 1471 1472 1473 4000 4096 8192 30000 "${2:-65507}"; do
		"${@:3}" ping -q -c 2 -i 0.2 -W 10 -s "$size" "$1" || return
	done
}

streams_to() { # NAMESPACE COMMAND...: which runs iperf3 against the one that is there
	local server rc=0 place=$1
	shift
	ip netns exec "$place" iperf3 -s -1 -I "$T/iperf.pid" >"$T/iperf.server" 2>&1 &
	server=$!
	soon 30 ip netns exec "$place" sh -c 'ss -Htln sport = 5201 | grep -q .'
	timeout 60 "$@" || rc=1
	[ "$rc" = 0 ] || kill "$server" # nobody has come
	wait "$server"
	return "$rc"
}

streams() { # IPERF3-ARGUMENT...: to the guest, and from it
	streams_to guest iperf3 "$@"
}

node_is() { # NAME REGEX: of the backend's directory
	[[ $(node "/local/domain/0/backend/vif/1/0/$1") =~ $2 ]]
}

counted() { # tx|rx NAME: what the daemon has counted
	ask status | grep -o "\"$1\":{\"frames\":[^}]*" | grep -o "\"$2\":[0-9]*" | cut -d: -f2
}

rate_is() { # RATE: as the daemon has it, of some vif
	ask status | grep -q "\"rate\":\"$1\""
}

# More than this nobody can have sent in the time that has gone by, however slow or fast the machine is.
most_bytes() { # BYTES-A-SECOND WINDOW-BYTES BEGIN: a burst, and what the rate and a last frame's debt give
	local window=$2
	((window > 131072)) || window=131072
	echo $((window + $1 * ($(date +%s%N) - $3) / 1000000000 + $2 + 65535))
}
