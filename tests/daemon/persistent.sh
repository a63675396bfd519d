#!/bin/bash
# SPDX-License-Identifier: MIT
# Persistent grants: pages of a guest that offers them stay mapped while it is busy, and of no other.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

kept() { # of guest 1's xvda: how many pages stay mapped
	[[ $(device_status 1 xvda) =~ \"persistent_pages\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

keeps_more_than() { # NUMBER
	[ "$(kept)" -gt "$1" ]
}

keeps() { # NUMBER
	[ "$(kept)" = "$1" ]
}

keeps_some() {
	keeps_more_than 0
}

keeps_none() {
	[ "$(kept)" = 0 ]
}

serving() { # [ARGUMENT...]: guest 1 is served, and verifies
	load_start life 1 xvda verify --seconds 3600 --depth 4 --io-timeout 20 "$@"
	soon 30 is_serving 1 xvda
}

end_load() { # CASE
	load_stop life
	check_verified "$1: what the guest reads is what it wrote" life
}

hand_over() { # [DAEMON ARGUMENT...]: to a daemon with these, while the guest is served
	daemon_stop
	daemon_start "$@"
	soon 30 is_serving 1 xvda
}

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 8M)"

serving --depth 32
check "a busy guest's pages stay mapped" soon 30 keeps_more_than 64 # so many are unmapped at a time
check "no more than it has granted" test "$(kept)" -le 352
hand_over
check "and again by the next daemon" soon 30 keeps_some
end_load "persistent"
check "none once it has disconnected" soon 30 keeps_none
check_clean "and the hypervisor says so too"

serving --no-persistent
check "none of a guest that does not offer it" keeps_none
end_load "not offered"

mkfifo "$T/pipe"
load_start writer 1 xvda write "$T/pipe"
exec {feed}>"$T/pipe"
feed_until_kept() {
	head -c 44K "$T/1.img" >&"$feed"
	keeps_some
}
check "a guest that works now and then" soon 30 feed_until_kept
check "gets its pages back when it has been idle for a while" soon 60 keeps_none
check "and works again" soon 30 feed_until_kept
exec {feed}>&-
load_wait writer
status=$?
check_eq "with everything written: $(cat "$(load_out writer)")" $status 0
daemon_stop

# What was agreed stays agreed, whatever the next daemon offers: this guest counts on each page being unmapped.
daemon_start --grants copy
check_eq "--grants copy does not offer it" "$(node /local/domain/0/backend/vbd/1/51712/feature-persistent)" 1 # not yet
serving
check_eq "from its first connection on" "$(node /local/domain/0/backend/vbd/1/51712/feature-persistent)" 0
check "and keeps none" keeps_none
hand_over
check "nor does the daemon that takes this ring up, which would" keeps_none
end_load "handed over from copy"
serving
check "until the guest connects anew" keeps_some
hand_over --grants copy
check "one that only copies keeps none of a guest that does offer it" keeps_none
end_load "handed over to copy"
daemon_stop

# The hypervisor's table is full, or the guest's part of it: the pages are copied instead.
LOOPXEN_FAIL=map:2:persist daemon_start
serving
check "pages that cannot be mapped are not kept" keeps_none
end_load "copied"
daemon_stop

# Bounds.
without_room() { # how many uses of pages were over one
	[[ $(device_status 1 xvda) =~ \"pages_without_room\":([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -gt 0 ]
}

bounded() { # NUMBER DAEMON-ARGUMENT...: so many pages stay mapped, and the rest is copied
	local nr=$1
	shift
	daemon_start "$@"
	log_begin
	serving --depth 32
	check "$*: the rest is copied" soon 30 without_room
	check "and $nr pages stay mapped" soon 30 keeps "$nr" # one less while one takes another's place
	end_load "$*"
	check_eq "said once" "$(times_said 'vbd 1/51712: the guest uses more pages than may stay mapped')" 1
	daemon_stop
}
bounded 20 --persistent-pages 20
bounded 10 --persistent-total 40
daemon_start --persistent-pages 0
serving
check_eq "--persistent-pages 0: not offered" "$(node /local/domain/0/backend/vbd/1/51712/feature-persistent)" 0
check "and none is kept" keeps_none
end_load "none"
for bad in -1 1048577 many; do
	out=$("$daemon" --persistent-pages=$bad 2>&1)
	check_eq "--persistent-pages $bad: refused" $? 2
	check_match "saying what was expected" "$out" "number of pages.* 0 to 1048576"
done
daemon_test_end
