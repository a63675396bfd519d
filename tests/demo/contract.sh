#!/bin/bash
# SPDX-License-Identifier: MIT
# What a user can count on of `make demo`: it ends well, it tells a bad sector and fails, and when it is interrupted,
# at any of its steps, nothing is left behind.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/demo.XXXXXX")
trap 'rm -rf "$T"' EXIT
export TMPDIR=$T/tmp
mkdir "$TMPDIR"

# Everything that the demo starts has its directory in the environment.
nobody_is_left() {
	! grep -lsF "LOOPXEN_DIR=$TMPDIR" /proc/[0-9]*/environ
}

nothing_is_left() {
	[ -z "$(ls -A "$TMPDIR")" ] && nobody_is_left
}

said() { # TEXT
	grep -qF "$1" "$T/out"
}

tests/demo/run >"$T/out" 2>&1
check_eq "it ends with exit status 0" $? 0
check "having compared checksums" said "all checksums right"
check "and measured" grep -qE '^  random reads +[1-9][0-9]* requests/s, latency p50 ' "$T/out"
check "nothing is left of it" wait_until 10 nothing_is_left

tests/demo/run --inject-error 40000 >"$T/out" 2>&1
check_eq "with a read error it ends with exit status 1" $? 1
check "and says which sector" said "the guest cannot read sector 40000"
check "nothing is left of that" wait_until 10 nothing_is_left

set -m # a group of its own for each demo, in which SIGINT is not ignored
while read -r step; do
	: >"$T/out" # what the one before has said is not this one's
	tests/demo/run >"$T/out" 2>&1 &
	demo=$!
	wait_until 60 said "$step"
	kill -INT -- -$demo
	wait $demo
	check_eq "interrupted at '$step': exit status 130" $? 130
	check "and nothing is left" wait_until 10 nothing_is_left
done <<END
== Starting loopxen
== The guest reads
random requests:
randread
END
done_testing
