#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/net.sh
# Large files and many short connections, between dom0 and a guest and between guests, by the bridge and by a pair.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck source=tests/vm/net.sh
. "$tests_vm/net.sh"
# shellcheck disable=SC2034
guest_kernels='6.1 6.12' guest_memory=640 extras=connections guest_extras=connections
# shellcheck disable=SC2034
verdicts='a guest starts
a guest of another kernel starts
a guest fetches 200 MB, whole
dom0 fetches them back, whole
another guest fetches them, whole
and dom0 from it
1000 connections to a guest
1000 connections from a guest
1000 connections between guests
the guests are joined by a pair, too, and reach each other
one fetches them by it, whole
1000 connections by it
no frame was dropped
the guests are destroyed, and nothing is left'
nr_connections=1000

dom0() {
	network
	many_parts /img/file >/img/large
	netd_start || return
	check "a guest starts" guest_create g1 || return
	guest_kernel=6.12 guest_vifs="'mac=00:16:3e:00:00:02,bridge=br0,script=vif-pvring'"
	check "a guest of another kernel starts" guest_create g2 || return
	in_guest g1 net_up eth0 10.9.0.2
	in_guest g2 net_up eth0 10.9.0.3
	sum=$(sum_of /img/large)
	check_fetched "a guest fetches 200 MB, whole" g1 http://10.9.0.1/large
	in_guest g1 serve
	check_eq "dom0 fetches them back, whole" "$(wget -q -O - http://10.9.0.2/file | sha256sum)" "$sum  -"
	check_fetched "another guest fetches them, whole" g2 http://10.9.0.2/file
	in_guest g2 serve
	check_eq "and dom0 from it" "$(wget -q -O - http://10.9.0.3/file | sha256sum)" "$sum  -"
	echo "a page" >/img/page
	in_guest g1 has_page
	check "1000 connections to a guest" connects http://10.9.0.2/page
	check "1000 connections from a guest" in_guest g1 connects http://10.9.0.1/page
	check "1000 connections between guests" in_guest g2 connects http://10.9.0.2/page
	check "the guests are joined by a pair, too, and reach each other" joined
	check_fetched "one fetches them by it, whole" g2 http://10.9.1.2/file
	check "1000 connections by it" in_guest g2 connects http://10.9.1.2/page
	check_eq "no frame was dropped" "$(pvring status --json | tr -d ' \n' | grep -o '"drops":{[^}]\+}')" ""
	guest_destroy g2
	check "the guests are destroyed, and nothing is left" destroyed
}

# No two parts of it are the same.
many_parts() { # FILE
	local part
	for part in 1 2 3 4 5 6 7 8 9 10 11 12 13; do
		echo $part
		cat "$1"
	done
}

check_fetched() { # VERDICT NAME URL
	in_guest "$2" fetch "$3"
	check_eq "$1" "$(guest_value "$2" sum)" "$sum"
}

# Four at a time. A reply of another length counts as failed.
connects() { # URL
	[ "$(wget -q -O - "$1")" = "a page" ] && ab -q -n $nr_connections -c 4 -s 60 "$1" >/run/ab 2>&1 &&
		grep -q "^Complete requests: *$nr_connections\$" /run/ab && grep -q '^Failed requests: *0$' /run/ab && return
	tail -30 /run/ab
	return 1
}

joined() {
	xl network-attach g1 mac=00:16:3e:00:01:01 bridge=pair:files script=vif-pvring &&
		xl network-attach g2 mac=00:16:3e:00:01:02 bridge=pair:files script=vif-pvring &&
		in_guest g1 net_up eth1 10.9.1.2 && in_guest g2 net_up eth1 10.9.1.3 && in_guest g1 reaches 10.9.1.3
}

# ---- in the guest ----

has_page() {
	echo "a page" >/run/page
}
