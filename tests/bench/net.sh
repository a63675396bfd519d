#!/bin/bash
# SPDX-License-Identifier: MIT
# On loopxen: pvring-netd between a guest that sends or receives as fast as it can and a tap; and as the limit, the bare
# cost of writing and reading the same frames on a tap. What counts is how much one second of the daemon's CPU carries.
# "static" is pvring-netd, too, with a guest that has registered its pages, so that no grant operation is done for a frame.
# Then memory and CPU of interfaces that are connected and idle.
#
# Beside them pvring-netd with nothing behind the vif: what is left without the host's network stack.
#
# Whoever feeds the tap does it from the kernel's side; what is written to one is for nobody, so the kernel drops it.
# shellcheck disable=SC2317 # functions are called through soon
if [ -z "$PVRING_NETNS" ]; then
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(-r)
	PVRING_NETNS=1 exec unshare -n "${as_root[@]}" "$0"
fi
set -u
daemon_is_plain=1
daemon_name=netd
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/bench/lib.sh
netload=$(realpath "$O/pvring-netload")
tap_cost=$(realpath "$O/tests/tap_cost")
pvring=$(realpath "$O/pvring")
further=({2..16})
settles=20 # seconds, in which an interface may still have work to do: frames wait for a guest that has stopped, for 10

# Of all vifs: "FRAMES BYTES" that the guests have sent, or received.
carried() { # tx|rx
	ask status | grep -o "\"$1\":{\"frames\":[0-9]*,\"bytes\":[0-9]*" | awk -F '[:,]' '{ f += $3; b += $5 } END { printf "%.0f %.0f\n", f, b }'
}

has_carried_more() { # tx|rx FRAMES-BEFORE
	local frames
	read -r frames _ < <(carried "$1")
	[ "$frames" -gt "$2" ]
}

frame_of() { # ROW: bytes of a frame, and what makes pvring-netload send such
	frame_bytes=${1#*/}
	options=()
	[ "$frame_bytes" != 64k ] || frame_bytes=65535 options=(--tcp-gso 1448)
}

guest_runs() { # DOMID DEVID NETLOAD-ARGUMENT...: in the background, for ever; its pid is $started
	domu_start "$1" "$netload" "${@:3}" --devid "$2" --io-timeout 3600 >"$T/netload.$1" 2>&1
}

# Lets the daemon's load run for a while: what it carried, and its CPU.
measure_daemon() { # ROW CONTENDER tx|rx
	local begun before cpu machine frames bytes now_frames now_bytes seconds
	read -r frames _ < <(carried "$3")
	soon 20 has_carried_more "$3" "$frames" || give_up "$1: nothing is carried: $(cat "$T"/netload.*)"
	machine=$(machine_seconds)
	begun=$EPOCHREALTIME
	cpu=$(cpu_seconds "${daemon_pid[netd]}")
	read -r frames bytes < <(carried "$3")
	sleep "$BENCH_SECONDS" # the time that is measured
	read -r now_frames now_bytes < <(carried "$3")
	cpu=$(calc "$(cpu_seconds "${daemon_pid[netd]}") - $cpu")
	seconds=$(calc "$EPOCHREALTIME - $begun")
	record net loopxen "$1" "$2" "$seconds" $((now_frames - frames)) $((now_bytes - bytes)) "$cpu" \
		"$(others "$begun" "$machine" "$cpu")"
}

measure_bare() { # ROW write|read
	local machine begun=$EPOCHREALTIME seconds frames bytes cpu
	machine=$(machine_seconds)
	read -r seconds frames bytes cpu < <("$tap_cost" "$2" bare0 "$frame_bytes" "$BENCH_SECONDS") || give_up "$1: no figures"
	record net loopxen "$1" bare "$seconds" "$frames" "$bytes" "$cpu" "$(others "$begun" "$machine" "$cpu")"
}

feed() { # INTERFACE SECONDS: in the background, its pid is $feeder
	"$tap_cost" feed "$1" "$frame_bytes" "$2" >/dev/null &
	feeder=$!
	loopxen_track $feeder
}

send_by() { # ROW CONTENDER DEVID NETLOAD-ARGUMENT...
	guest_runs 1 "$3" --generate 4294967295 --to 02:00:00:00:00:02 --sizes "$frame_bytes-$frame_bytes" "${options[@]}" "${@:4}"
	measure_daemon "$1" "$2" tx
	end_started "$started"
}

attach_null() { # BYTES: as the second vif of guest 1
	dom0 "$pvring" attach vif 1 --devid 1 --bridge "null:$1" >/dev/null || give_up "attach to null:$1"
}

detach_null() {
	dom0 "$pvring" detach vif 1 1 || give_up "detach"
}

send_row() { # ROW
	send_by "$1" pvring 0
	send_by "$1" static 0 --static
	attach_null ""
	send_by "$1" null 1
	detach_null
	measure_bare "$1" write
}

receive_by() { # ROW CONTENDER NETLOAD-ARGUMENT...
	guest_runs 1 0 --receive "${@:3}"
	soon 20 grep -qx connected "$T/netload.1" || give_up "$1: $(cat "$T/netload.1")"
	feed vif1.0 3600
	measure_daemon "$1" "$2" rx
	end_started $feeder
	end_started "$started"
}

receive_row() { # ROW
	receive_by "$1" pvring
	receive_by "$1" static --static
	attach_null "$frame_bytes"
	guest_runs 1 1 --receive
	measure_daemon "$1" null rx
	end_started "$started"
	detach_null
	feed bare0 3600
	measure_bare "$1" read
	end_started $feeder
}

one_round() {
	local row
	for row in $(net_rows loopxen); do
		frame_of "$row"
		"${row%/*}_row" "$row"
	done
}

# ---- idle ----------------------------------------------------------------------------------------------------------

# Without the guests' memory, as in idle.sh.
resident_kib() {
	awk '/^[0-9a-f]+-[0-9a-f]+ / { is_guests = /\/(ram\.[0-9.]+|hv)$/ } /^Rss:/ && !is_guests { n += $2 } END { print n }' \
		"/proc/${daemon_pid[netd]}/smaps"
}

# A guest that has filled its ring, and of whose interface a burst was read; it is connected and does nothing.
use_and_hold() { # DOMID
	local frames
	frame_bytes=65535
	guest_runs "$1" 0 --generate 2000 --sizes 65535-65535 --tcp-gso 1448 --receive
	soon 20 grep -qx connected "$T/netload.$1" || give_up "guest $1: $(cat "$T/netload.$1")"
	read -r frames _ < <(carried rx)
	feed "vif$1.0" 1
	wait $feeder
	has_carried_more rx "$frames" || give_up "guest $1 has received nothing"
	kill -STOP "$started"
}

idle() {
	local before cpu guest
	use_and_hold 1
	sleep $settles
	cpu=$(cpu_seconds "${daemon_pid[netd]}")
	sleep "$BENCH_IDLE_SECONDS" # the time that is measured
	before=$(resident_kib)
	record net-idle "$before" "$(calc "$(cpu_seconds "${daemon_pid[netd]}") - $cpu")" "$BENCH_IDLE_SECONDS"
	for guest in "${further[@]}"; do
		attach "$guest"
		use_and_hold "$guest"
	done
	sleep $settles
	record net-further "$(calc "int(($(resident_kib) - $before) / ${#further[@]})")" ${#further[@]}
}

attach() { # DOMID: with an interface that is in no bridge, which would have costs of its own
	local mac
	printf -v mac '00:16:3e:00:00:%02x' "$1"
	dom0 "$pvring" attach vif "$1" "$mac" --devid 0 --bridge br0 >/dev/null && ip link set "vif$1.0" nomaster ||
		give_up "attach"
}

ip link set lo up
ip link add br0 type bridge
ip tuntap add dev bare0 mode tap vnet_hdr
ip link set bare0 address fe:ff:ff:ff:ff:ff arp off up
daemon_test_begin 1 "${further[@]}"
# shellcheck disable=SC2086 # words
daemon_start --log info $BENCH_NETD
attach 1
for ((round = 1; round <= BENCH_ROUNDS; round++)); do
	say "networks: round $round of $BENCH_ROUNDS"
	one_round
done
say "networks: idle, one interface and ${#further[@]} more"
idle
