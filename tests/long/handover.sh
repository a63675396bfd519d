#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# Two hundred hand-overs at moments of no choice, under the verifying load of three guests.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

daemon_test_begin 1 2
daemon_start
bystander_start
for domid in 1 2; do
	disk_attach $domid xvda "$(make_image $domid.img 4M)"
	load_start $domid $domid xvda verify --seconds 3600 --depth 32 --ring-order $domid --io-timeout 30
	wait_until 10 is_serving $domid xvda
done

bad_exits=0
for _ in {1..200}; do
	daemon_stop || bad_exits=$((bad_exits + 1))
	daemon_start
	# As far as the load has come by then: the next stop meets whatever is in flight.
	perl -e "select undef, undef, undef, rand 0.2"
done
check_eq "200 hand-overs: exit status 0 each time" $bad_exits 0
check_eq "nothing was parked" "$(times_said parked)" 0
for domid in 1 2; do
	load_stop $domid
	check_verified "the load of guest $domid never noticed" $domid
done
daemon_test_end
