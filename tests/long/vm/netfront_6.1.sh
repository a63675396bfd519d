#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# files: tests/vm/netfront.sh tests/vm/net.sh tests/vm/every_guest.sh
# What tests/vm/netfront.sh does, with the other kernel. One processor, as in netfront_life.sh.
[ -n "$VM_SIDE" ] || VM_CPUS=1 exec tests/vm/boot "$0"

# shellcheck source=tests/vm/netfront.sh
. "$tests_vm/netfront.sh"
# shellcheck disable=SC2034
{
	guests='pv-6.1'
	verdicts=$(of_every_guest "$driver_verdicts")
}
