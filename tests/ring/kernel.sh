#!/bin/bash
# SPDX-License-Identifier: MIT
# The ring headers compile and link as a kernel module, without a warning, against every installed set of headers.
# Which barriers came out is checked in the object: on x86 the full fence is a locked instruction.
set -u
. tests/lib/tap.sh

unset MAKEFLAGS MFLAGS # the kernel's make is not a part of ours
out=$(realpath -m "${O:-build}")/tests/ring/kernel

build() { # HEADERS DIR
	rm -rf "$2"
	mkdir -p "$2"
	cp tests/ring/kernel/Kbuild tests/ring/kernel/ring_check.c "$2"
	make -C "$1" M="$2" PVRING="$PWD" W=1 modules >"$2/log" 2>&1 || {
		tail -20 "$2/log"
		return 1
	}
}

no_warning() { # DIR
	! grep -i 'warning' "$1/log"
}

nr_fences() { # DIR: the pushes and final checks of both halves
	objdump -d --no-show-raw-insn "$1/ring_check.ko" | grep -c 'lock \(addl\|orl\)'
}

found=0
for headers in /usr/src/linux-headers-*-"$(dpkg --print-architecture 2>/dev/null)"; do
	[ -f "$headers/Module.symvers" ] || continue
	found=1
	name=${headers##*/linux-headers-}
	check "$name: the module builds" build "$headers" "$out/$name"
	check "$name: without a warning" no_warning "$out/$name"
	if [ "$(uname -m)" = x86_64 ]; then
		check "$name: its full fences are there" test "$(nr_fences "$out/$name")" -ge 4
	fi
done
[ $found = 1 ] || skip "the module builds" "no kernel headers in /usr/src (package linux-headers-amd64)"
done_testing
