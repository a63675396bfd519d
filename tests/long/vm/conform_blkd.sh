#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 2400
# files: tests/vm/conform.sh tests/vm/conform.expect tests/conform/expect/pvring-blkd
# The conformance suite in a guest (tests/vm/conform.sh) against pvring-blkd, but for cases of which `make conform-peers` alone
# sees what comes of them on Xen.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
left_out='beside-* bus-flood-memory bus-many-* combine-* *-4096 disk-grows gnt-each-page-of-ring gnt-other-* gnt-persistent-unused
gnt-ring-page-twice gone-frontend-refused gone-frontend-silent indirect-pages node-*pages* ring-nobody-starves
ring-producer-at-attach ring-*-after-index ring-*-before-index state-refuses-other-port takeover-another-ring takeover-broken
value-longest'
cases="!($(echo "$left_out" | tr ' \n' '||'))"
. "$tests_vm/conform.sh"
