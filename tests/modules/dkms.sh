#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# What `make install-guest` brings is what DKMS needs to build, install and remove the modules, for both kernels. All of it
# in a folder of its own.
set -u
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/dkms.XXXXXX")
trap 'rm -rf "$T"' EXIT
O=$(realpath -m "${O:-build}")
command -v dkms >/dev/null || { skip "DKMS builds the modules" "no dkms: run tests/deps check"; done_testing; }

check "what a guest needs is installed" env -u MAKEFLAGS -u MFLAGS make -s install-guest DESTDIR="$T" O="$O"
version=$(basename "$T"/usr/src/pvring-*)
version=${version#pvring-}
check "and its configuration names the version" grep -qx "PACKAGE_VERSION=\"$version\"" "$T/usr/src/pvring-$version/dkms.conf"

with_dkms() { # COMMAND ARGS...
	dkms "$1" "pvring/$version" --dkmstree "$T/dkms" --sourcetree "$T/usr/src" --installtree "$T/lib/modules" \
		--no-depmod "${@:2}"
}

mkdir -p "$T/dkms"
check "dkms takes the sources" with_dkms add
for kernel in 6.1 6.12; do
	release=$(sed 's/^linux-image-//' "$O/xen/kernel-$kernel" 2>/dev/null)
	headers=$O/xen/root/usr/src/linux-headers-$release
	[ -d "$headers" ] || { skip "$kernel: dkms builds the modules" "no headers: tests/vm/fetch modules"; continue; }
	mkdir -p "$T/lib/modules/$release"
	check "$kernel: dkms builds the modules" with_dkms build -k "$release" --kernelsourcedir "$headers"
	check "$kernel: and installs them" with_dkms install -k "$release" --kernelsourcedir "$headers"
	for module in "$T"/lib/modules/"$release"/updates/dkms/*.ko*; do
		check_eq "$kernel: $(basename "$module") is for that kernel" \
			"$(/sbin/modinfo -F vermagic "$module" | cut -d' ' -f1)" "$release"
	done
done
check "dkms removes them" with_dkms remove --all
check_eq "nothing is left in the kernels' folders" "$(find "$T/lib/modules" -name '*.ko*' 2>/dev/null)" ""
check "the initramfs hook is a script" sh -n "$T/usr/share/initramfs-tools/hooks/pvring"
done_testing
