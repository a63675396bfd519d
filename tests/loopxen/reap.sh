#!/bin/bash
# SPDX-License-Identifier: MIT
# What processes leave behind when they are killed, exit, exec or lose their domain.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh

loopxen_start
"$loopxen" domain create 1
check_clean "a new instance is clean"

hold() { # everything a process can hold, in both domains
	puppet front 1
	puppet back 0
	tell front share 0 2 w
	read -r area a b <<<"$said"
	tell front alloc 0
	fp=$said
	tell back bind 1 "$fp"
	bp=$said
	tell back map 1 w "$a" "$b"
	here=$said
}

# a killed mapper
hold
tell front poke "$area" 64 1
end_puppet back KILL
held() {
	"$loopxen" check | grep -q "held: 0 mapped, 2 granted, 1 bound"
}
check "a killed backend holds nothing; the frontend's grants and port stay" wait_until 10 held
check_tell "the frontend can end its grants at once" 0 front unshare "$area"
end_puppet front KILL
check_clean "a killed frontend leaves nothing"

# a killed owner
hold
tell back poke "$here" 100 42
end_puppet front KILL
deferred() {
	"$loopxen" check | grep -q "held: 2 mapped, 2 granted, 1 bound"
}
check "a killed frontend's grants stay while they are mapped" wait_until 10 deferred
check_tell "the backend reads on" 42 back peek "$here" 100
check_tell "its port has nobody at the other end" 0 back notify "$bp"
tell back unmap "$here"
tell back unbind "$bp"
check_clean "with the unmap they are gone"
end_puppet back

# notification by a killed process
puppet front 1
puppet back 0
tell front alloc 0
fp=$said
tell back bind 1 "$fp"
bp=$said
tell front share 0 1 w
read -r area a <<<"$said"
tell front poke "$area" 9 1
tell back map_notify 1 "$a" 9 "$bp"
end_puppet back KILL
check_tell "a killed mapper's event comes" "$fp" front wait
check_tell "and its byte is cleared" 0 front peek "$area" 9
end_puppet front

# exit without closing anything
hold
echo exit >&"${puppet_to[back]}"
wait "${puppet_pid[back]}"
check_match "a normal exit gives everything back before the process is gone" "$("$loopxen" check)" "held: 0 mapped"
end_puppet front
check_match "so does the owner's" "$("$loopxen" check)" "clean"

# exec without closing anything
hold
echo exec sleep 600 >&"${puppet_to[back]}"
held() {
	"$loopxen" check | grep -q "held: 0 mapped, 2 granted, 1 bound"
}
check "an exec gives everything back" wait_until 10 held
end_puppet back KILL
puppet back 0
tell back map 1 w "$a"
# ... of another Xen program, which joins in the same pid before the reaper has seen the end of the first
ln -s "$puppet_bin" "$LOOPXEN_DIR/again"
joins() {
	[ "$(cat "/proc/${puppet_pid[back]}/comm")" = again ] && [[ $(ls -l "/proc/${puppet_pid[back]}/fd") == *socket:* ]]
}
reaper=$("$loopxen" status | sed -n 's/^reaper: pid //p')
kill -STOP "$reaper"
echo exec "$LOOPXEN_DIR/again" >&"${puppet_to[back]}"
check "an exec of another Xen program in the same pid" wait_until 30 joins
kill -CONT "$reaper"
IFS= read -r -t 60 said <&"${puppet_from[back]}"
check_eq "is a process of its own" "$said" "ok ${puppet_pid[back]}"
rm "$LOOPXEN_DIR/again"
check_tell "and starts afresh" 0 back map 1 w "$a"
check_match "it holds nothing of the one before" "$("$loopxen" check)" "held: 1 mapped, 2 granted, 1 bound"
end_puppet back
end_puppet front KILL
check_clean

# fork: a crowd of killed processes
crowd() {
	for _ in $(seq 1 12); do
		hold
		kill -KILL "${puppet_pid[front]}" "${puppet_pid[back]}"
	done
}
crowd 2>/dev/null
check_clean "a dozen killed pairs leave nothing"

# killed while it joins: the reaper does not know it yet
halfway() { # WHAT [ARGUMENT...]: is killed half way
	dom0 "${puppet_bin%/*}/halfway" "$@" 2>/dev/null
	[ $? -eq 137 ]
}
check "killed while it joins" halfway join
check_clean "it holds nothing"
check_eq "and its slot is free" "$("$loopxen" status | grep halfway)" ""

# killed half way through a change, with the lock held
puppet front 1
tell front share 0 1 w
read -r _ a <<<"$said"
check "killed in the last unmap of a grant that was given up" halfway end_map 1 "$a"
check_clean "the grant is gone with it"
end_puppet front
a=$(dom0 "${puppet_bin%/*}/halfway" free_grant 2>/dev/null)
check_match "killed while it freed a frame" "$a" '^[0-9]+$'
check_eq "the frame is free" "$(dom0 "${puppet_bin%/*}/halfway" tell_used "$a")" free
a=$(dom0 "${puppet_bin%/*}/halfway" free_unseen 2>/dev/null)
dom0_start "${puppet_bin%/*}/halfway" tell_used "$a" >"$LOOPXEN_DIR.said"
waits_for_reaper() {
	[[ $(ls -l "/proc/$started/fd") == *socket:* ]]
}
check "a process that joins recovers the lock" wait_until 30 waits_for_reaper
kill -CONT "$reaper"
wait "$started"
check_eq "it finds the frame free" "$(cat "$LOOPXEN_DIR.said")" free
rm "$LOOPXEN_DIR.said"
check "killed while it made a domain" halfway make_domain 1
check "the domain can be used" domu 1 true
puppet front 1
tell front share 0 1 w
tell front alloc 0
check "killed while it destroyed a domain" halfway kill_domain 1
domain_gone() {
	! "$loopxen" status | grep -q "^domain 1:"
}
check "the domain goes" wait_until 10 domain_gone
wait "${puppet_pid[front]}" 2>/dev/null
check_eq "what ran in it was killed" $? 137
check "its number is free" "$loopxen" domain create 1
check_clean "nothing is held after all this"

# killed at any moment: the lock is recovered, the counts are right
check "killed in the middle of mapping, 100 times" dom0 "${puppet_bin%/*}/murder" "$loopxen"
check_clean "and nothing is left"
check_eq "nor anybody who is dead" "$("$loopxen" status | grep murder)" ""

# killed after every few instructions of a change
check "killed all through a change" dom0 env LD_BIND_NOW=1 "${puppet_bin%/*}/everystep"
check_clean "and nothing is left of that either"

# a destroyed domain
hold
check_match "destroy says who still maps" "$("$loopxen" domain destroy 1)" "domain 1 is dying: puppet .*still maps its grant $a"
gone() {
	! kill -0 "${puppet_pid[front]}"
}
wait "${puppet_pid[front]}" 2>/dev/null
check "its processes are ended" gone
check_tell "a mapping made before stays readable" 0 back peek "$here" 0
check_tell "no new one is made" "err EINVAL" back map 1 w "$a"
check_tell "nor copies" -1 back copy_from 1 "$a" 0 1
check_tell "the port has no other end" 0 back notify "$bp"
check_match "it is shown as dying" "$("$loopxen" status)" "domain 1: dying"
check_match "its number is not free yet" "$("$loopxen" domain create 1 2>&1)" "domain 1 exists already"
tell back unmap "$here"
check_tell "after the unmap the domain is not found" -2 back copy_from 1 "$a" 0 1
check "its number is free" "$loopxen" domain create 1
tell back unbind "$bp"
puppet front 1
tell front share 0 1 w
read -r area a <<<"$said"
tell front poke "$area" 3 33
tell back map 1 w "$a"
check_tell "the new domain's memory is its own" 33 back peek "$said" 3
check_tell "also for a copy" 0 back copy_from 1 "$a" 3 1
check_tell "what was copied is the new domain's" 33 back buffer 0
end_puppet back
end_puppet front
check_clean
done_testing
