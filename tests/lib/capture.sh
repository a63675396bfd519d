# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# `pvring CLASS capture` of one device. Source after net.sh or usb.sh.
#
#	captured=(net capture vif1.0); capture_to FILE ARGUMENT...; capture_end SIGNAL; capture_counts captured|lost
#
# shellcheck disable=SC2154 # $T, $pvring, $daemon_name and $captured are theirs who source this

capture_says() { # ARGUMENT...: one that does not begin, and its exit status
	local said
	said=$("$pvring" "${captured[@]}" --control "$T/run/$daemon_name.sock" "$@" 2>&1)
	echo "$said; $?"
}

capture_to() { # FILE ARGUMENT...: in the background, once it has begun; $capture_pid; it says things in $T/capture
	local file=$1
	shift
	rm -f "$T/capture"
	"$pvring" "${captured[@]}" --control "$T/run/$daemon_name.sock" -w "$file" "$@" 2>"$T/capture" &
	capture_pid=$!
	loopxen_track $capture_pid
	soon 30 grep -q 'capturing to' "$T/capture" || not_ok "a capture begins" "$(cat "$T/capture")"
}

capture_end() { # SIGNAL: its exit status
	kill "-$1" "$capture_pid"
	wait "$capture_pid"
}

capture_counts() { # captured|lost: as it has said at its end
	sed -n "s/^.*: \([0-9]*\) [a-z]*(s) captured, \([0-9]*\) lost$/\\$([ "$1" = captured ] && echo 1 || echo 2)/p" "$T/capture"
}
