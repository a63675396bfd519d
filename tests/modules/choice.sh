#!/bin/bash
# SPDX-License-Identifier: MIT
# Whom modprobe loads for a guest's disk, as udev asks it: with dist/guest/modprobe.conf our driver and then the stock one,
# which finds nothing to do; without our module the stock one alone. Whoever asks for the stock one by name gets the same.
set -u
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/choice.XXXXXX")
trap 'rm -rf "$T"' EXIT
O=$(realpath -m "${O:-build}")
release=$(sed 's/^linux-image-//' "$O/xen/kernel-6.1" 2>/dev/null)
stock=$O/xen/root/lib/modules/$release
[ -e "$O/modules/$release/pvring-blkfront.ko" ] && [ -d "$stock" ] ||
	{ skip "our driver comes first" "no modules, or no kernel: make modules, tests/vm/fetch vm"; done_testing; }

install -D -m 644 -t "$T/lib/modules/$release" "$stock"/modules.{order,builtin,builtin.modinfo}
install -D -m 644 -t "$T/lib/modules/$release/kernel/drivers/block" "$stock/kernel/drivers/block/xen-blkfront.ko"
ours=$T/lib/modules/$release/updates/pvring-blkfront.ko
install -D -m 644 "$O/modules/$release/pvring-blkfront.ko" "$ours"
install -D -m 644 dist/guest/modprobe.conf "$T/etc/modprobe.d/pvring-guest.conf"

loads() { # NAME: the modules, in their order
	/sbin/depmod -b "$T" "$release"
	/sbin/modprobe -d "$T" -C "$T/etc/modprobe.d" -S "$release" -n -v "$1" | sed -n 's/^insmod \([^ ]*\).*/\1/p' |
		xargs -rn1 basename | awk '!seen[$0]++' | tr '\n' ' '
}

check_eq "our driver comes first" "$(loads xen:vbd)" "pvring-blkfront.ko xen-blkfront.ko "
check_eq "also before the stock one by its name" "$(loads xen-blkfront)" "pvring-blkfront.ko xen-blkfront.ko "
rm "$ours"
check_eq "without ours there is the stock one" "$(loads xen:vbd)" "xen-blkfront.ko "
done_testing
