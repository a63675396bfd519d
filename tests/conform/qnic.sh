#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 1800
# The conformance suite against QEMU's backend for networks, whose interfaces are joined to nothing: what can be seen of it is how
# it connects and closes. Here those cases, and one that finds that no frame arrives; all of them take minutes.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/daemon/qdisk.bash
. tests/conform/conform.bash
conform_class=net

if ! qdisk_program >/dev/null; then
	skip "QEMU's backend" "no xen-qemu-system-i386 on this machine"
	done_testing
fi
cases='@(state-@(stays-in*|closed*|refuses*|of-others|out-of-range|text)|gone-state-in*|node-@(copies|no-rx-copy|rings*|options|number*)|send-sizes)'
[ -z "${CONFORM_ALL:-}" ] || cases='*'

suite() {
	dom0 xenstore-write /local/domain/0/domid 0
	conform_backend qnic "exec $(qdisk_command 1)" --kind qnic --case "$cases"
}

conform_in_parts 4 suite
done_testing
