#!/bin/bash
# SPDX-License-Identifier: MIT
# The other compiler finds nothing to complain about either, in the tests no more than in the programs.
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/clang.XXXXXX")
trap 'rm -rf "$T"' EXIT

with_clang() { # TARGET...
	env -u MAKEFLAGS -u MFLAGS make O="$T" CC=clang CFLAGS=-O0 "$@"
}

check "clang compiles everything without a warning" \
	with_clang all unit-tests ring-tests loopxen-tests daemon-test-programs fuzz-replays
cat >"$T/x.c" <<<'int f(int x) { if (x = 1) return 2; return 0; }'
check_match "and would say what it finds" "$(clang -Wall -Werror -c -o "$T/x.o" "$T/x.c" 2>&1)" 'Wparentheses'
done_testing
