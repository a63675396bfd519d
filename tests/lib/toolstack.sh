# SPDX-License-Identifier: MIT
# What pvring attach and detach are held against: the whole of what a toolstack writes, and what they say. Source after
# tap.sh and loopxen.sh.
# shellcheck shell=bash

dump() { # DOMID: the whole tree of the guest's devices, and of the toolstack's and the backend's view of them
	local path
	for path in "/local/domain/$1/device" "/libxl/$1" /local/domain/0/backend; do
		echo "== $path"
		dom0 xenstore-ls -fp "$path" 2>&1
	done | sort
}

check_same() { # NAME A B
	local out
	if out=$(diff "$2" "$3"); then ok "$1"; else not_ok "$1"; printf '%s\n' "$out" | sed 's/^/# /'; fi
}

fails_with() { # STATUS REGEX COMMAND...
	local status=$1 regex=$2 out got
	shift 2
	out=$("$@" 2>&1)
	got=$?
	echo "exit status $got: $out"
	[ "$got" -eq "$status" ] && [[ $out =~ $regex ]]
}
