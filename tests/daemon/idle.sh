#!/bin/bash
# SPDX-License-Identifier: MIT
# What a daemon costs with one idle disk.
daemon_is_plain=1
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

resident_kib() {
	awk '/^VmRSS/ { print $2 }' "/proc/${daemon_pid[blkd]}/status"
}

cpu_ticks() {
	awk '{ print $14 + $15 }' "/proc/${daemon_pid[blkd]}/stat"
}

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 1M)"
load_start idle 1 xvda hold
wait_state 1 xvda 4
check "less than 8 MiB are resident" test "$(resident_kib)" -lt 8192
before=$(cpu_ticks)
sleep 2 # the time that is measured
check "no CPU time is used" test $(($(cpu_ticks) - before)) -le 1
check_eq "the control socket is its owner's alone" "$(stat -c %a "$T/run/blkd.sock")" 600
load_stop idle
daemon_test_end
