# SPDX-License-Identifier: MIT
# The suite held against a peer on loopxen. Source after tap.sh and loopxen.sh:
#
#	conform_begin				an instance with guest 1; a temporary directory $T
#	conform_backend NAME PEER [ARGUMENT...]	runs the suite; each of its cases becomes a check, but for those that the
#						peer is known not to offer what they are about
#	conform_frontend NAME DRIVE [ARGUMENT...]	the same of a frontend
#	conform_in_parts N COMMAND...			calls it N times at once, each in an instance of its own with one of N
#							parts of the cases: most of them wait most of the time
#
# shellcheck shell=bash disable=SC2154 # variables of loopxen.sh
conform=$(realpath "${O:-build}/pvring-conform")
conform_class=blk # of the devices; the caller may set another

conform_begin() {
	loopxen_start
	T=$(mktemp -d "${TMPDIR:-/tmp}/conform.XXXXXX")
	trap 'loopxen_stop; rm -rf "$T"' EXIT
	"$loopxen" domain create 1 || exit 1
}

# What is known of a peer stands in tests/conform/expect/NAME; what is not there is to pass.
conform_judge() { # NAME SIDE [ARGUMENT...]
	local name=$1 side=$2 line report=${O:-build}/conform-$1${part:+-${part/\//-of-}}
	shift 2
	dom0 "$conform" "$side" "$conform_class" --expect "tests/conform/expect/$name" --json "$report.json" --html "$report.html" \
		${part:+--part "$part"} "$@" >"$T/tap" 2>"$T/stderr"
	while IFS= read -r line; do
		case $line in
		"# seed "*) echo "$line" ;;
		"ok "*" # SKIP "*) echo "# not offered: ${line#* - }" ;;
		"ok "*) ok "${line#* - }" ;;
		"not ok "*) not_ok "${line#* - }" ;;
		esac
	done <"$T/tap"
	check "the suite came to its end" grep -q '^1\.\.[1-9]' "$T/tap"
	sed 's/^/# /' "$T/stderr" | head -50
}

conform_backend() { # NAME PEER [ARGUMENT...]
	conform_judge "$1" backend --enter "$loopxen run --domid 1 --" --peer "$2" "${@:3}"
}

conform_frontend() { # NAME DRIVE [ARGUMENT...]
	conform_judge "$1" frontend --drive "$2" "${@:3}"
}

conform_in_parts() { # N COMMAND...
	local nr=$1 k out
	shift
	out=$(mktemp -d)
	for ((k = 1; k <= nr; k++)); do
		(
			part=$k/$nr
			conform_begin
			"$@"
			check "nothing is left mapped, granted or bound by part $part" "$loopxen" check
			done_testing
		) >"$out/$k" &
	done
	wait
	for ((k = 1; k <= nr; k++)); do
		tap_take "$out/$k"
		check "part $k comes to its end" grep -q '^1\.\.[1-9]' "$out/$k"
	done
	rm -r "$out"
}
