#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# Guests that do with their disk mostly what they may, and now and then what they may not: tests/fuzz/guest/blk.c. Their
# pages are copied by one daemon and mapped by the next, to which the first one hands over. Another guest's load runs
# beside them.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

daemon_test_begin 1
. tests/lib/fuzz.sh
daemon_start --threads 2
bystander_start
check "a disk" disk_attach 1 xvda "$(make_image fuzz.img 4M)"

fuzz_once() { # SEED
	wait_state 1 xvda 2 4 6 # 4: the one before has left without a word
	domu 1 "$fuzz_guest" blk "$(devid xvda)" "$1"
}

check_seeds 6
daemon_stop
daemon_start --threads 2 --grants map
check_seeds 6
check "the bystander's disk is served" is_serving 9 xvda
daemon_test_end
