#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh tests/vm/every_guest.sh
# The life of a vif (tests/vm/net.sh) with guests that are not PV. Beside it those of HVM have an emulated card, as xl gives them
# one if it is told nothing else, which their kernel unplugs.
# One processor: streams keep two of an emulated machine busy with Xen's locks, and all takes several times as long.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
. "$tests_vm/every_guest.sh"
guests='pvh-6.1 pvh-6.12 hvm-6.1 hvm-6.12'
# shellcheck disable=SC2034
verdicts="pvring-netd starts
$(of_every_guest "$life_verdicts")"

dom0() {
	network
	check "pvring-netd starts" netd_start || return
	with_every_guest life_of_a_vif
	netd_stop
}
