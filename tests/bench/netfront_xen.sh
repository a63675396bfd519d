#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# On real Xen: iperf3 between a guest and dom0, by pvring-netd, with Linux's own frontend and with ours, which take turns at the
# same interface of the same guest; ours with static grants, too. Prints a line for each measurement, and medians.
#
#   VM_CPUS=2 VM_ENV='ROUNDS=5 SECONDS_EACH=6' tests/vm/boot tests/bench/netfront_xen.sh
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

rounds=${ROUNDS:-3} seconds=${SECONDS_EACH:-5}
# shellcheck disable=SC2034
verdicts='a guest starts
all are measured'
# shellcheck disable=SC2034
extras='network netback' guest_extras='network pvring_modules' guest_vifs="'mac=00:16:3e:00:00:01,bridge=br0,script=vif-pvring'"
# shellcheck disable=SC2034
guest_options=front=none guest_memory=384
contenders=${CONTENDERS:-'xen-netfront pvring-netfront pvring-netfront,static_grants=0'}
rows=${ROWS:-'out/tcp in/tcp out/udp64 in/udp64'}

dom0() {
	bridge_up br0 10.9.0.1/24
	dd if=/dev/random of=/dev/null bs=16 count=1 2>/dev/null
	iperf3 -s -D
	netd_start || return
	check "a guest starts" guest_create g1 || return
	check "all are measured" all_rounds
	summary
	guest_destroy g1
	netd_stop
}

all_rounds() {
	local left=$rounds
	while [ "$left" -gt 0 ]; do
		for contender in $contenders; do
			in_guest g1 driver_is "$contender" || return
			for row in $rows; do measure "$row" "$contender" || return; done
			in_guest g1 driver_goes "$contender" || return
		done
		left=$((left - 1))
	done
}

measure() { # ROW CONTENDER
	local before after
	before=$(busy_ticks)
	guest_start g1 flow "$1" "$seconds"
	sleep "$seconds" # asking whether it is done would cost what is measured
	guest_wait g1 60 || return
	after=$(busy_ticks)
	echo "$1 $2 $(guest_value g1 result) $((after - before))" | tee -a /run/measured | sed 's/^/@@record /'
}

# What the CPU has done, its idle time left out, in hundredths of a second.
busy_ticks() {
	awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 }' /proc/stat
}

summary() {
	sort -k1,2 /run/measured | awk '
		function flush(  i, j, t) {
			if (!n) return
			for (i = 1; i <= n; i++) for (j = i + 1; j <= n; j++) if (v[j] < v[i]) { t = v[i]; v[i] = v[j]; v[j] = t }
			printf "@@median %-12s %-34s %10.1f per s (%.1f to %.1f) guest %d, interrupts %d, dom0 %d per million\n", row, who,
				v[int((n + 1) / 2)], v[1], v[n], cpu / sum * 1e6, irq / sum * 1e6, dom0 / sum * 1e6
		}
		$1 " " $2 != key { flush(); key = $1 " " $2; row = $1; who = $2; n = sum = cpu = irq = dom0 = 0 }
		{ v[++n] = $3 / $4; sum += $3; cpu += $5; irq += $6; dom0 += $7 }
		END { flush() }'
}

# ---- in the guest ----

driver_is() { # MODULE[,PARAMETER]
	local module=${1%%,*} parameters=''
	[ "$module" = "$1" ] || parameters=${1#*,}
	# shellcheck disable=SC2086 # none, or one
	insmod "/modules/$module.ko" $parameters && wait_until 30 test -e /sys/class/net/eth0 &&
		ip addr add 10.9.0.2/24 dev eth0 && ip link set eth0 up && wait_until 30 ping -q -c 1 -W 1 10.9.0.1
}

driver_goes() {
	echo vif-0 >/sys/bus/xen/devices/vif-0/driver/unbind && rmmod "${1%%,*}" && wait_until 30 test ! -e /sys/class/net/eth0
}

interrupts() {
	awk '/eth0|vif/ { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }' /proc/interrupts
}

# For TCP the octets that arrive, for UDP the frames of 64 octets: result is what, in how many seconds, and what it took.
flow() { # ROW SECONDS
	local options='' ticks events
	case $1 in in/*) options=-R ;; esac
	case $1 in */udp64) options="$options -u -b 0 -l 22" ;; esac
	ticks=$(busy_ticks)
	events=$(interrupts)
	# shellcheck disable=SC2086 # words
	iperf3 -f k -t "$2" -c 10.9.0.1 $options >/run/iperf 2>&1 || { tail -5 /run/iperf; return 1; }
	ticks=$(($(busy_ticks) - ticks)) events=$(($(interrupts) - events))
	value result "$(awk -v s="$2" -v rest="$ticks $events" -v row="$1" '/receiver/ {
		for (i = 1; i <= NF; i++) if ($i == "Kbits/sec") bytes = $(i - 1) * 125 * s
		} END { printf "%d %d %s", row ~ /udp/ ? bytes / 22 : bytes, s, rest }' /run/iperf)"
}
