#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# The guest's modules compile against the headers of both kernels, and neither the compiler with more warnings than the
# kernel asks for (W=1) nor sparse has anything to say. Nothing is left in the tree.
set -u
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/modules.XXXXXX")
trap 'rm -rf "$T"' EXIT
O=$(realpath -m "${O:-build}")
before=$(find frontend/linux common/ring | sort)

build() { # TREE HEADERS: what is said
	(cd "$1" && env -u MAKEFLAGS -u MFLAGS make -s modules O="$T" KDIR="$2" KBUILD_ARGS='W=1 C=2' 2>&1) |
		grep -v '^Skipping BTF generation'
	return "${PIPESTATUS[0]}"
}

builds() { # HEADERS
	local said
	said=$(build . "$1")
	printf '%s' "$said"
	[ -z "$said" ]
}

for kernel in 6.1 6.12; do
	release=$(sed 's/^linux-image-//' "$O/xen/kernel-$kernel" 2>/dev/null)
	headers=$O/xen/root/usr/src/linux-headers-$release
	[ -d "$headers" ] || { skip "$kernel: the modules build" "no headers: tests/vm/fetch modules"; continue; }
	check "$kernel: the modules build without a warning" builds "$headers"
	for module in "$T/modules/$release"/*.ko; do
		check_eq "$kernel: $(basename "$module") is for that kernel" \
			"$(/sbin/modinfo -F vermagic "$module" | cut -d' ' -f1)" "$release"
	done
done
check_eq "the tree is as it was" "$(find frontend/linux common/ring | sort)" "$before"
check_match "without headers it says what is missing" "$(build . /nowhere)" 'no headers of a kernel in /nowhere: KDIR='

# The same, on a tree in which something must be found.
mkdir "$T/tree"
cp -r Makefile frontend common loopxen tests "$T/tree/"
cat >>"$T/tree/frontend/linux/blk/main.c" <<'END'
int planted(int __user *p);
int planted(int __user *p) { return *p; }
END
check_match "what sparse finds is said" "$([ ! -d "$headers" ] || build "$T/tree" "$headers")" 'dereference of noderef'
done_testing
