#!/bin/bash
# SPDX-License-Identifier: MIT
# What a daemon costs with one idle disk, before and after it was busy.
# shellcheck disable=SC2317 # functions are called through check and soon
daemon_is_plain=1
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

status_kib() { # NAME: VmRSS is what is resident, VmPin what is pinned
	awk -v name="$1:" '$1 == name { print $2 }' "/proc/${daemon_pid[blkd]}/status"
}

check_idle() { # NAME
	local before
	check "$1: less than 8 MiB are resident" test "$(status_kib VmRSS)" -lt 8192
	before=$(cpu_ticks)
	sleep 2 # the time that is measured
	check "$1: no CPU time is used" test $(($(cpu_ticks) - before)) -le 1
}

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 8M)"
load_start idle 1 xvda hold
wait_state 1 xvda 4
check_idle "never used"
check_eq "the control socket is its owner's alone" "$(stat -c %a "$T/run/blkd.sock")" 600
load_stop idle
disk_detach 1 xvda

# A guest that writes what comes through a pipe, and so is connected and idle when nothing does.
feed_until_pinned() {
	head -c 44K "$T/1.img" >&"$feed"
	test "$(status_kib VmPin)" -gt 0
}

is_trimmed() {
	test "$(status_kib VmPin)" -eq 0
}

mkfifo "$T/pipe"
disk_attach 1 xvda "file:$T/1.img,direct=on"
load_start writer 1 xvda write "$T/pipe"
exec {feed}>"$T/pipe" # after the load has started, which would keep it open too
check "direct I/O pins its buffers" soon 30 feed_until_pinned
check "and no longer when the guest has been idle for a while" soon 60 is_trimmed
check_idle "idle again"
check "used again, they are pinned again" soon 30 feed_until_pinned
exec {feed}>&-
load_wait writer
status=$?
check_eq "and everything was written: $(cat "$(load_out writer)")" $status 0

# The same with requests that have more memory than a slot's.
disk_detach 1 xvda
disk_attach 1 xvda "$T/1.img"
load_start large 1 xvda write "$T/pipe" --segments 256
exec {feed}>"$T/pipe"
before=$(status_kib RssAnon)

feed_until_resident() { # a request of 1 MiB
	head -c 1M "$T/1.img" >&"$feed"
	test $(($(status_kib RssAnon) - before)) -ge 1024
}

is_given_back() {
	test $(($(status_kib RssAnon) - before)) -lt 1024
}

check "a large request takes memory" soon 30 feed_until_resident
check "which is given back when the guest has been idle for a while" soon 60 is_given_back
check_idle "idle again after large requests"
exec {feed}>&-
load_wait large
check_eq "and they were written" $? 0
daemon_test_end
