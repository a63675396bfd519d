# SPDX-License-Identifier: MIT
# What the parts of the benchmark share. Each appends its records to $BENCH_RESULTS:
#
#	run PLACE ROW CONTENDER IOPS P50-us P99-us FRONT-CPU-s BACK-CPU-s REQUESTS OTHERS-%	one measurement
#	none PLACE ROW CONTENDER WHY...								cannot be measured
#	irqs PLACE ROW CONTENDER INTERRUPTS-PER-REQUEST 0 0 0 0 0 0				of a guest's driver
#	idle CONTENDER RSS-KiB CPU-s SECONDS							one idle disk
#	further CONTENDER KiB DISKS								each further disk
#	gap HOW LONGEST-us									a daemon is replaced under a load
#	net PLACE ROW CONTENDER SECONDS FRAMES BYTES BACK-CPU-s OTHERS-%				of networks, one measurement
#	usb-mouse WAKE-UPS-OF-WORKERS OF-OTHER-THREADS REPORTS SECONDS				what a mouse costs
#	net-idle RSS-KiB CPU-s SECONDS								one idle interface
#	net-further KiB INTERFACES								each further one
# shellcheck shell=bash disable=SC2154
say() {
	echo "bench: $*" >&2
}

record() {
	echo "$*" >>"$BENCH_RESULTS"
}

give_up() { # WHY
	say "$*"
	exit 1
}

rows() { # [CACHE]: those that were asked for
	grep -E "^[^#].*/${1:-[a-z]+}\$" tests/bench/rows | grep -E -e "${BENCH_ROWS:-.}"
}

net_rows() { # PLACE
	sed -n "s/^$1 //p" tests/bench/net_rows | grep -E -e "${BENCH_ROWS:-.}"
}

usb_rows() {
	grep -v '^#' tests/bench/usb_rows | grep -E -e "${BENCH_ROWS:-.}"
}

field() { # NAME JSON-LINE: a number that a frontend's bench has printed
	sed -n "s/.*\"$1\": \([0-9.]*\).*/\1/p" <<<"$2"
}

take_row() { # ROW: what it says, for load.fio too
	IFS=/ read -r BENCH_RW BENCH_BS BENCH_DEPTH cache <<<"$1"
	BENCH_DIRECT=$([ "$cache" = direct ] && echo 1 || echo 0)
	export BENCH_RW BENCH_BS BENCH_DEPTH BENCH_DIRECT
}

takes_direct() { # FILE: its file system can do O_DIRECT
	dd if="$1" of=/dev/null iflag=direct bs=4k count=1 status=none 2>/dev/null
}

cpu_seconds() { # PID: used so far by all its threads
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/^.*\) /, ""); printf "%.2f", ($12 + $13) / hz }' "/proc/$1/stat"
}

machine_seconds() { # CPU used so far by everything, what the host took included
	awk -v hz="$(getconf CLK_TCK)" '/^cpu / { printf "%.2f", ($2 + $3 + $4 + $7 + $8 + $9) / hz }' /proc/stat
}

# The part of the machine in percent that neither contender nor frontend used: what disturbed the measurement.
others() { # BEGUN MACHINE-SECONDS-BEFORE OWN-CPU-s
	awk -v b="$2" -v a="$(machine_seconds)" -v own="$3" -v begun="$1" -v now="$EPOCHREALTIME" -v n="$(nproc)" \
		'BEGIN { wall = now - begun; p = (a - b - own) / wall / n * 100; printf("%.0f", (p > 0) ? p : 0) }'
}

calc() { # EXPRESSION
	awk "BEGIN { print $1 }"
}
