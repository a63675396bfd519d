#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/guest_frontend.sh tests/vm/guest_netfront.sh tests/conform/drive-guest tests/conform/expect/netfront
# The conformance suite for frontends of networks against Linux's own, in a PV guest that is made anew whenever it has
# failed. `make conform-peers` runs what is known of it, which takes half an hour.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+'!(receive-*|control-*|multicast-*)'}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(bus-all*|bus-numbers|close-idle|node-*|queue-*|send-verify|send-large|receive-parts-1000)' frontend_of=net
. "$tests_vm/guest_frontend.sh"
. "$tests_vm/guest_netfront.sh"
# shellcheck disable=SC2034
expectation=netfront guest_vcpus=2 # two queues, if they are offered
# shellcheck disable=SC2034
expected_lines='\[g1\]' # it complains of what is done to it
