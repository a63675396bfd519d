#!/bin/sh
# SPDX-License-Identifier: MIT
# timeout: 1200
# The daemon is restarted and killed again and again under a guest's verified load, and the guest does not notice.
[ -n "$VM_SIDE" ] || exec tests/vm/boot "$0"

# shellcheck disable=SC2034
verdicts='pvring-blkd starts
a guest starts with a disk
SIGTERM and start, five times under load
the guest saw no error
no request took longer than 10 s
each new daemon took the disk up again
SIGKILL and start, five times under load
the guest saw no error of that either
each new daemon went on with what was unanswered
without a journal the disk is parked
a guest with a parked disk can be destroyed
nothing is left of it
its successor is served'

dom0() {
	hand_overs
}

# tests/long/vm/guests_handover.sh does the same to guests of other types.
hand_overs() {
	check "pvring-blkd starts" blkd_start || return
	guest_is_handed_over
	blkd_stop
}

guest_is_handed_over() {
	local taken_up
	taken_up=$(times_taken_up)
	image /img/a.img 64M
	check "a guest starts with a disk" guest_create g1 "$(disk xvda /img/a.img)" || return
	in_guest g1 disk_there xvda

	in_guest g1 rounds_begin /dev/xvda
	check "SIGTERM and start, five times under load" five_times blkd_restart
	check "the guest saw no error" in_guest g1 rounds_end
	echo "longest request: $(guest_value g1 longest) ms"
	check "no request took longer than 10 s" test "$(guest_value g1 longest)" -lt 10000
	check_eq "each new daemon took the disk up again" $(($(times_taken_up) - taken_up)) 5

	in_guest g1 rounds_begin /dev/xvda
	check "SIGKILL and start, five times under load" five_times blkd_die_and_restart
	check "the guest saw no error of that either" in_guest g1 rounds_end
	check_eq "each new daemon went on with what was unanswered" $(($(times_taken_up) - taken_up)) 10

	guest_start g1 verify_for /dev/xvda 3600
	check "without a journal the disk is parked" killed_under_load
	check "a guest with a parked disk can be destroyed" guest_destroy g1
	check "nothing is left of it" nothing_left
	check "its successor is served" successor
	guest_destroy g2
}

times_taken_up() {
	grep -c 'taken up again' /log/blkd
}

successor() {
	guest_create g2 "$(disk xvda /img/a.img)" && in_guest g2 use_disk xvda
}

five_times() { # COMMAND: each time under load, and the load goes on after the last
	local i
	for i in 1 2 3 4 5; do
		load_is_under_way g1 xvda && "$@" || { echo "time $i"; return 1; }
	done
	load_is_under_way g1 xvda
}

killed_under_load() {
	load_is_under_way g1 xvda && killed_and_parked g1 xvda
}
