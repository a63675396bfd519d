#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# Guests that do with their USB controller mostly what they may, and now and then what they may not:
# tests/fuzz/guest/usb.c. Another guest's transfers run beside them.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh

usb_test_begin 1 2
. tests/lib/fuzz.sh
daemon_start --threads 2
attach 2 fake:loopback >/dev/null
usbload_start bystander 2 loopback --seconds 3600
bystander=$started
check "a controller, with a device" attach 1 fake:loopback
check "and another" attach 1 fake:iso --port 4

is_free() { # the guest before, or it without a word, has left
	[[ $(node "$(usb_back 1 state)") =~ ^[246]$ ]]
}

fuzz_once() { # SEED
	soon 30 is_free
	domu 1 "$fuzz_guest" usb 0 "$1"
}

check_seeds 8
kill "$bystander"
wait "$bystander"
check_match "another guest's transfers ran through all of it, unharmed" "$(cat "$T/bystander")" '^verified [1-9]'
daemon_test_end
