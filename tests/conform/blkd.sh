#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The conformance suite against pvring-blkd, which is to pass whatever it offers, its cases in any order.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/conform/conform.bash

listed() { # ARGUMENT...
	"$conform" backend blk --list "$@"
}

serves() { # NAME "OPTION..." [ARGUMENT...]
	mkdir "$T/run"
	conform_backend "$1" "exec $(realpath "${PVRING_BLKD:-${O:-build}/pvring-blkd}") --control $T/run/blkd.sock \
		--log error $2" "${@:3}"
}

check_eq "each case is in one of two parts" "$({ listed --part 1/2; listed --part 2/2; } | sort | diff - <(listed | sort))" ""
conform_in_parts 2 serves pvring-blkd '' --shuffle
# As many segments as the protocol has.
conform_in_parts 1 serves pvring-blkd-4096 '--max-indirect-segments 4096' --case 'indirect-*'
done_testing
