#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's own xenstore tools, unmodified, in domain 0 and in guests.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh

loopxen_start
check "domain 1 is created" "$loopxen" domain create 1
check "domain 2 is created" "$loopxen" domain create 2
check_match "an existing domain is refused by name" "$("$loopxen" domain create 1 2>&1)" "domain 1 exists already"

# domain 0
check "domain 0 writes" dom0 xenstore-write /test/a one /test/b two
check_eq "domain 0 reads" "$(dom0 xenstore-read /test/a)" one
check_match "xenstore-ls lists the tree" "$(dom0 xenstore-ls /test)" 'a = "one".*b = "two"'
check_match "xenstore-ls shows who may read a guest's directory" "$(dom0 xenstore-ls -p /local/domain/1)" 'n0,r1'

# a guest: itself to xenstored, not domain 0
check_eq "a guest reads a relative path" "$(domu 1 xenstore-read domid)" 1
check_eq "another guest reads its own" "$(domu 2 xenstore-read domid)" 2
check "a guest writes where it may" domu 1 xenstore-write data/mine here
check_eq "domain 0 sees it there" "$(dom0 xenstore-read /local/domain/1/data/mine)" here
check_match "domain 1 owns it" "$(dom0 xenstore-ls -p /local/domain/1/data)" 'mine = "here" .*n1'

denied() { # COMMAND...: fails with EACCES
	local out
	out=$("$@" 2>&1) && return 1
	[[ $out =~ (ermission denied|could not|couldn.t) ]] || { echo "$out"; return 1; }
}
check "a guest can not write its own name" denied domu 1 xenstore-write name other
check "a guest can not read another's data" denied domu 2 xenstore-read /local/domain/1/data/mine
check "a guest can not write into domain 0's tree" denied domu 1 xenstore-write /local/domain/0/evil 1
check "a guest can not list domain 0's backends" denied domu 1 xenstore-ls /local/domain/0/backend
check_eq "nothing of it was written" "$(dom0 xenstore-exists /local/domain/0/evil; echo $?)" 1
dom0 xenstore-write /local/domain/0/backend/x/1/0/key shared
dom0 xenstore-chmod /local/domain/0/backend/x/1/0/key n0 r1
check_eq "a guest reads what it was given" "$(domu 1 xenstore-read /local/domain/0/backend/x/1/0/key)" shared
check "the other guest still can not" denied domu 2 xenstore-read /local/domain/0/backend/x/1/0/key

# watches
dom0_start timeout 60 xenstore-watch -n 2 /test/watched >"$LOOPXEN_DIR.w0"
domu_start 1 timeout 60 xenstore-watch -n 2 data/watched >"$LOOPXEN_DIR.w1"
domu_start 1 timeout 60 xenstore-watch -n 2 data/watched >"$LOOPXEN_DIR.w2"
grew() { # FILE LINES
	[ "$(wc -l <"$1")" -ge "$2" ]
}
wait_until 30 grew "$LOOPXEN_DIR.w0" 1
wait_until 30 grew "$LOOPXEN_DIR.w1" 1
wait_until 30 grew "$LOOPXEN_DIR.w2" 1
dom0 xenstore-write /test/watched/x 1
dom0 xenstore-write /local/domain/1/data/watched/y 1
check "domain 0's watch fires" wait_until 30 grep -q /test/watched/x "$LOOPXEN_DIR.w0"
check "a guest's watch fires with a relative path" wait_until 30 grep -q ^data/watched/y "$LOOPXEN_DIR.w1"
check "two programs of one guest watch the same path" wait_until 30 grep -q ^data/watched/y "$LOOPXEN_DIR.w2"
rm -f "$LOOPXEN_DIR".w?

# several clients at a time, more than one message under way
many() {
	local i pids=()
	for i in $(seq 1 20); do
		domu 1 xenstore-write "data/many/$i" "$(printf '%01000d' "$i")" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || return 1
	done
	[ "$(dom0 xenstore-list /local/domain/1/data/many | wc -l)" = 20 ]
}
check "20 programs of one guest write at once" many
check_eq "a long value arrives whole" "$(domu 1 xenstore-read data/many/7)" "$(printf '%01000d' 7)"
check "errors, transactions, watches and leftovers of a guest's programs" domu 1 "${O:-build}/tests/loopxen/bus"

# domains made at the same time: the transactions of their toolstacks meet
crowd() {
	local i pids=() rc=0
	for i in 11 12 13 14 15 16 17 18; do
		"$loopxen" domain create "$i" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || rc=1
	done
	return "$rc"
}
check "8 domains are created at once" crowd
check_eq "each works" "$(for i in 11 12 13 14 15 16 17 18; do domu "$i" xenstore-read domid; done | tr '\n' ' ')" \
	"11 12 13 14 15 16 17 18 "

# destroy
dom0_start timeout 60 xenstore-watch -n 2 @releaseDomain >"$LOOPXEN_DIR.w0"
wait_until 30 grew "$LOOPXEN_DIR.w0" 1
check "a domain is destroyed" "$loopxen" domain destroy 2
check "@releaseDomain fires" wait_until 30 grew "$LOOPXEN_DIR.w0" 2
rm -f "$LOOPXEN_DIR".w?
check_eq "its directory is gone" "$(dom0 xenstore-exists /local/domain/2; echo $?)" 1
check_match "nothing runs in it any more" "$(domu 2 true 2>&1)" "there is no domain 2"
check "it can be created again" "$loopxen" domain create 2
check_eq "and works" "$(domu 2 xenstore-read domid)" 2
check_clean
done_testing
