#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# Guests that do with their vifs mostly what they may, and now and then what they may not: tests/fuzz/guest/net.c. One
# vif has nothing behind it and gives frames, one is a tap, one is joined to another guest's, whom a kernel has. Two
# more guests send to each other beside them.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
net_test_begin "1 2 3" --threads 2
. tests/lib/fuzz.sh

attach_vif() { # DOMID DEVID BRIDGE
	dom0 "$pvring" attach vif "$1" "00:16:3e:00:0$1:0$2" --devid "$2" --bridge "$3"
}

state_of() { # DEVID: of guest 1's
	node "/local/domain/0/backend/vif/1/$1/state"
}

is_free() { # DEVID: the guest before, or it without a word, has left
	[[ $(state_of "$1") =~ ^[246]$ ]]
}

fuzz_once() { # SEED
	soon 30 is_free $(($1 % 3))
	domu 1 "$fuzz_guest" net $(($1 % 3)) "$1"
}

check "vifs on nothing, on a bridge, and of two guests" \
	eval 'attach_vif 1 0 null:600 && attach_vif 1 1 br0 && attach_vif 1 2 pair:fuzz && attach_vif 2 0 pair:fuzz'
ip netns add receiver
netload_up receiver 2 "$T/receiver" && receiver=$started
check "a bystander's vif" attach_vif 3 0 null:
"$loopxen" run --domid 3 -- "$netload" --devid 0 --timeout 30 --generate 1000000000 >"$T/bystander" 2>&1 &
bystander=$!
loopxen_track $bystander
check_seeds 9
kill $bystander "$receiver"
wait $bystander
check_eq "the bystander has gone on until it was told to end" $? 0
wait "$receiver"
check_eq "and who is joined to such a guest, too" $? 0
daemon_test_end
