# SPDX-License-Identifier: MIT
# Verdicts of a shell test, as TAP. Source it, state verdicts, end with `done_testing`: a test that ends
# without its plan line counts as failed.
tap_count=0
tap_failed=0

ok() { # NAME
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

not_ok() { # NAME [WHY...]
	tap_count=$((tap_count + 1))
	tap_failed=$((tap_failed + 1))
	echo "not ok $tap_count - $1"
	shift
	[ $# -eq 0 ] || echo "# $*"
}

skip() { # NAME WHY
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

check() { # NAME COMMAND...: the verdict is the command's exit status; its output is shown on failure
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name"
		printf '%s\n' "$out" | sed 's/^/# /'
	fi
}

check_eq() { # NAME GOT WANT
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}

check_match() { # NAME TEXT EXTENDED-REGEX
	if [[ $2 =~ $3 ]]; then ok "$1"; else not_ok "$1" "'$2' does not match '$3'"; fi
}

wait_until() { # SECONDS COMMAND...: polls until the command succeeds
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

tap_take() { # FILE: verdicts that another process has given, as ours
	local line
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "${line#* - }" ;;
		"not ok "*) not_ok "${line#* - }" ;;
		"# "*) echo "$line" ;;
		esac
	done <"$1"
}

done_testing() {
	echo "1..$tap_count"
	exit $((tap_failed > 0))
}
