#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# long
# Our frontend of networks, a process in guests without a driver for them, against pvring-netd: frames that are copied by
# Xen, and from and to pages that the guests have registered (static grants).
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='pvring-netd starts
two guests without netfront start
every octet passes
Xen has copied them
every octet passes between registered pages
all of them were mapped
Xen has copied next to nothing
all are given back
what passes is right while one daemon ends and another begins
which has mapped the pages again
and copied nothing by Xen
the guests are destroyed, and nothing is left'
guest_options=front=none
guest_vifs="'bridge=br0,script=vif-pvring'"
nr_pages=512 # of either guest

dom0() {
	bridge_up br0
	check "pvring-netd starts" netd_start || return
	check "two guests without netfront start" two_guests || return
	check "every octet passes" stream_passes
	check "Xen has copied them" test "$(sum_of_status grant_copies)" -gt 2000
	netd_stop && netd_start
	check "every octet passes between registered pages" stream_passes --static
	check "all of them were mapped" test "$most" -eq $((2 * nr_pages))
	# What comes after it has connected, and before it has registered its pages: the bridge says something by itself.
	check "Xen has copied next to nothing" test "$(sum_of_status grant_copies)" -lt 100
	check "all are given back" all_given_back
	check "what passes is right while one daemon ends and another begins" stream_survives
	check "which has mapped the pages again" test "$most" -eq $((2 * nr_pages))
	check_eq "and copied nothing by Xen" "$(sum_of_status grant_copies)" 0
	check "the guests are destroyed, and nothing is left" destroyed
	netd_stop
}

two_guests() {
	guest_create g1 && guest_create g2 && in_guest g1 prepare && in_guest g2 prepare
}

sum_of_status() { # MEMBER: of both vifs
	pvring status --json | tr -d ' \n' | grep -o "\"$1\":[0-9]*" | awk -F : '{ n += $2 } END { print n + 0 }'
}

have_registered() {
	most=$(sum_of_status static_grants)
	[ "$most" -eq $((2 * nr_pages)) ]
}

# From g1 to g2; $most: pages that both had registered meanwhile, with --static.
stream_begins() { # HOW-TO-RECEIVE NETLOAD-ARGUMENT...
	sed -i 's/^connected/was connected/' /log/g2.console # of an earlier one
	guest_start g2 "$@"
	shift
	wait_until 60 grep -q '^connected' /log/g2.console || return
	guest_start g1 send "$@"
}

stream_passes() { # NETLOAD-ARGUMENT...
	stream_begins receive "$@" || return
	[ $# = 0 ] || wait_until 120 have_registered
	guest_wait g1 600 && guest_wait g2 600
}

# Of frames, some are lost: between the two no interface has a carrier.
stream_survives() {
	stream_begins receive_some --static && wait_until 120 have_registered && netd_stop && netd_start || return
	wait_until 120 have_registered
	guest_wait g1 600 && guest_wait g2 600
}

all_given_back() {
	no_grants_mapped g1 && no_grants_mapped g2
}

destroyed() {
	guest_destroy g1 && guest_destroy g2 && nothing_left
}

# ---- in a guest ----

prepare() {
	local module
	for module in xen-privcmd xen-evtchn xen-gntalloc xenfs; do load_module $module || return 1; done
	mount -t xenfs xenfs /proc/xen
}

receive() { # NETLOAD-ARGUMENT...
	pvring-netload --timeout 60 --seed 7 --receive "$@"
}

receive_some() { # NETLOAD-ARGUMENT...
	receive "$@" --json | tee /run/received
	grep -q '"good": [1-3][0-9][0-9][0-9].*"wrong_bytes": 0, "wrong_checksums": 0' /run/received
}

send() { # NETLOAD-ARGUMENT...
	pvring-netload --timeout 60 --seed 7 --generate 3000 --rate 300 --sizes 100-1514 --cut "$@"
}
