#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/conform.expect tests/conform/expect/pvring-blkd
# The conformance suite in a guest, without the kernel's blkfront in its way, against pvring-blkd in dom0.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

class=${class:-blk} parts=${parts:-1}
# A case for each clause that has one which is quick here; tests/long/vm sets $cases to have others.
quick='bus-own-links-changed bus-leaves-nodes bus-numbers bus-only-what-must-be bus-unknown-nodes bus-offers-in-time
bus-nodes-changed bus-flood-memory bus-says-why state-stays-in-init-wait state-waits-for-script
state-connected-serves state-of-others close-serves-when-told close-touches-nothing close-writes-again
close-offline-forgets close-starts-anew gone-state-after-closing gone-frontend-in-init-wait
gone-backend-in-init-wait beside-broken-ring takeover-event ring-begins-with-requests ring-leaves-the-rest
ring-never-empty ring-no-room ring-event-for-later ring-producer-backwards ring-overflow-in-flight
ring-own-indexes-in-flight ring-data-changes ring-event-indexes-change gnt-across-pages gnt-failed-reads
gnt-read-only-write gnt-same-page-twice gnt-response-ends-write gnt-revoked gnt-no-such-ring gnt-persistent
gnt-persistent-many evt-requests-before-bind evt-for-nothing evt-one-by-one evt-storm evt-port-closed
value-optional-malformed node-order-0-ring-ref0 node-order-too-great queue-one-said node-features-offered
request-octets-barrier-x86-32 request-handle request-padding request-equal-ids reject-unknown-operation
reject-no-segments reject-too-many-segments reject-last-before-first reject-last-beyond-page reject-beyond-end
data-parts-of-sectors-4096 reject-read-only read-only-barrier disk-sizes disk-sizes-4096 disk-info-cdrom data-overlapping
data-read-beyond-cut flush-with-data flush-in-flight barrier-answers discard-disabled indirect-read indirect-numbers
indirect-operations indirect-flicker'
# shellcheck disable=SC2086 # words
cases=${CASES:-${cases:-"@($(echo $quick | tr ' ' '|'))"}}
# shellcheck disable=SC2034
guest_options="front=none${CASES:+ CASES=$CASES}"

verdicts_of_cases() {
	echo "a guest without blkfront starts"
	echo "the suite comes to its end"
	"${O:-build}/pvring-conform" backend "$class" --list --case "$cases" | cut -f1
}
[ "$VM_SIDE" != host ] || verdicts=$(verdicts_of_cases)

dom0() {
	conform pvring-blkd --peer 'exec pvring-blkd --threads 2 --log error 2>>/log/blkd'
}

# What a test expects of the peer stands beside it, in the file of its name. As many guests at once as there are parts, as most
# cases wait most of the time; each has an agent, so a peer that these start is for one guest.
conform() { # PEER AGENT-OPTION...
	local peer=$1 part agents=''
	shift
	load_module loop # for disks with large sectors
	for part in $(seq "$parts"); do
		check "a guest without blkfront starts" guest_create "g$part" || return
		in_guest "g$part" prepare
		[ "$class" != net ] || bridge_for_suite "br$part"
		guest=$(guest_id "g$part")
		export guest # for a peer that wants to know
		pvring-conform agent --domid "$guest" --bridge "br$part" "$@" &
		agents="$agents $!"
		wait_until 60 xenstore-exists "/local/domain/$guest/conform"
		guest_start "g$part" suite "$peer" "$part/$parts"
	done
	for part in $(seq "$parts"); do
		guest_wait "g$part" 3600
		verdicts_of_suite <"/log/g$part.console"
	done
	# shellcheck disable=SC2086 # words
	kill $agents && wait $agents
	for part in $(seq "$parts"); do guest_destroy "g$part"; done
}

# Nobody but the suite is to say anything there: a frame of the kernel's own, of IPv6 or IGMP, is one too many.
bridge_for_suite() { # NAME
	local of
	load_module bridge
	for of in all default; do echo 1 >/proc/sys/net/ipv6/conf/$of/disable_ipv6; done
	ip link add "$1" type bridge
	echo 0 >"/sys/class/net/$1/bridge/multicast_snooping"
	ip link set "$1" up
}

# ---- in the guest ----

prepare() {
	local module
	for module in xen-privcmd xen-evtchn xen-gntalloc xenfs; do load_module $module || return 1; done
	mount -t xenfs xenfs /proc/xen
	# A case that is through has its pages until the backend lets go of them.
	echo 65536 >/sys/module/xen_gntalloc/parameters/limit
}

suite() { # PEER PART
	printf 'include %s\n' "$1" conform.expect >/test/expect
	pvring-conform backend "$class" --agent --expect /test/expect --case "$cases" --part "$2" --timeout 400
}
