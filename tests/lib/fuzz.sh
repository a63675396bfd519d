# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Guests that do mostly what they may, each of a seed of its own (tests/fuzz/guest), one after the other. Source after
# the class' library, then
#
#	fuzz_once() { ... }	SEED: what it says; false: something did not hold
#	check_seeds NUMBER	of the fixed ones
#
# FUZZ_SECONDS=N: for so long, from a seed of chance on; FUZZ_SEED=N: that one alone.
# shellcheck disable=SC2154 # of daemon.sh
fuzz_guest=$(realpath "$O/tests/fuzz/guest")
fuzz_log=$T/seeds
nr_seeds=0

fuzz_one() { # SEED: and the daemon is well
	nr_seeds=$((nr_seeds + 1))
	echo "seed $1 begins" >>"$fuzz_log"
	fuzz_once "$1" >>"$fuzz_log" 2>&1 && daemon_is_alive && no_sanitizer_report
}

fuzz_seeds() { # NUMBER: the seed that something does not hold of is $bad_seed
	local seed=1 last=$1 end=
	if [ -n "${FUZZ_SEED:-}" ]; then
		seed=$FUZZ_SEED last=$FUZZ_SEED
	elif [ -n "${FUZZ_SECONDS:-}" ]; then
		seed=$(shuf -i 1000-1000000000 -n 1) last=$((seed + 1000000))
		end=$((SECONDS + FUZZ_SECONDS))
	fi
	for (( ; seed <= last; seed++)); do
		bad_seed=$seed
		fuzz_one "$seed" || return
		[ -z "$end" ] || [ $SECONDS -lt $end ] || break
	done
	bad_seed=
}

check_seeds() { # NUMBER
	fuzz_seeds "$1"
	check_eq "whatever guests do, by their seed: $nr_seeds of them" "$bad_seed" ""
	[ -z "$bad_seed" ] || tail -5 "$fuzz_log" | sed 's/^/# /; $s/$/ (again: FUZZ_SEED='"$bad_seed"')/'
}
