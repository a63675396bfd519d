#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 7200
# files: tests/vm/guest_frontend.sh tests/vm/guest_netfront.sh tests/conform/drive-guest tests/conform/expect/pvring-netfront
# What conform_netfront.sh does, with our module.
[ -n "$VM_SIDE" ] || CASES=${CASES:-${CONFORM_ALL:+*}} exec tests/vm/boot "$0"

# shellcheck disable=SC2034
cases='@(answer-*|close-*|grant-*|receive-*|ring-*)' frontend_of=net
. "$tests_vm/guest_frontend.sh"
. "$tests_vm/guest_netfront.sh"
# shellcheck disable=SC2034
expectation=pvring-netfront guest_vcpus=2 # two queues, if they are offered
# shellcheck disable=SC2034
netfront=pvring-netfront guest_options=front=none guest_extras=pvring_modules
# shellcheck disable=SC2034
expected_lines='\[g1\] \[ *[0-9.]+\] (vif|xenbus|net)' # it complains of what is done to it
