# SPDX-License-Identifier: MIT
# shellcheck shell=dash
# How a test inside the VM tells its verdicts: a line "@@ ok NAME" or "@@ not ok NAME: WHY" on the console.
#
# Xen may print in the middle of a line of dom0's. So every verdict is printed twice, the second time at the end.

# Stands before every name: for a test that does the same to several guests.
verdict_prefix=''

verdict() { # ok|"not ok" NAME[: WHY]
	echo "@@ $1 $verdict_prefix$2"
	echo "at $(uptime_s) s"
	echo "@@ $1 $verdict_prefix$2" >>/run/verdicts
}

all_verdicts() {
	cat /run/verdicts
}

ok() { # NAME
	verdict ok "$1"
}

not_ok() { # NAME WHY
	verdict "not ok" "$1: $2"
}

check() { # NAME COMMAND...: the verdict is the command's exit status
	local name=$1 rc
	shift
	"$@"
	rc=$?
	if [ $rc -eq 0 ]; then ok "$name"; else not_ok "$name" "'$*' exit status $rc"; fi
	return $rc
}

check_eq() { # NAME GOT WANT
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}

check_text() { # NAME FILE EXTENDED-REGEX
	if grep -qE "$3" "$2"; then ok "$1"; else not_ok "$1" "no '$3' in: $(tail -5 "$2" | tr '\n' '|')"; fi
}

wait_until() { # SECONDS COMMAND...: polls until the command succeeds
	local end now
	read -r now _ </proc/uptime
	end=$((${now%.*} + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		read -r now _ </proc/uptime
		[ "${now%.*}" -lt $end ] || return 1
		sleep 0.2
	done
}

uptime_s() {
	cut -d' ' -f1 /proc/uptime
}

load_module() { # NAME [PARAMETER=VALUE...]: and what it depends on
	local name=$1 file
	shift
	# Some are for a CPU that this is not and refuse; the last one tells whether those were needed.
	while read -r file; do
		case $file in
		"$name.ko") insmod "/modules/$file" "$@" ;;
		*)          [ -e "/sys/module/$(basename "$file" .ko | tr - _)" ] || insmod "/modules/$file" ;;
		esac 2>/run/insmod
	done <"/modules/$name.order"
	[ -e "/sys/module/$(echo "$name" | tr - _)" ] || { cat /run/insmod; return 1; }
}

now_ms() {
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}
