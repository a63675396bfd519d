#!/bin/bash
# SPDX-License-Identifier: MIT
# LOOPXEN_FAIL: the Kth of what a process asks for fails (an unmap is late), others do not.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh

loopxen_start
"$loopxen" domain create 1
puppet front 1
tell front share 0 2 w
read -r _ a b <<<"$said"
tell front alloc 0
p1=$said
tell front alloc 0
p2=$said

puppet back 0 LOOPXEN_FAIL=map:2
check_match "map 1 of map:2 works" "$(tell back map 1 w "$a"; echo "$said")" '^[0-9]+$'
check_tell "map 2 fails" "err ENOMEM" back map 1 w "$b"
check_tell "and leaves nothing behind: map 3 works" 1 back map 1 w "$b"
check_match "other calls are not hit" "$(tell back bind 1 "$p1"; echo "$said")" '^[0-9]+$'
end_puppet back

puppet back 0 LOOPXEN_FAIL=copy:2
check_tell "the second segment fails alone" "0 -1 0" back copy_from 1 "$a" 0 1 "$a" 0 1 "$b" 0 1
end_puppet back

puppet back 0 LOOPXEN_FAIL=bind:1:persist,map:1
check_tell "bind:1:persist" "err ENOMEM" back bind 1 "$p1"
check_tell "fails on" "err ENOMEM" back bind 1 "$p2"
check_tell "a second rule" "err ENOMEM" back map 1 w "$a"
check_tell "is over after once" 0 back map 1 w "$a"
end_puppet back

puppet back 0
check_match "another process is not hit" "$(tell back bind 1 "$p1"; echo "$said")" '^[0-9]+$'
end_puppet back

puppet other 1 LOOPXEN_FAIL=alloc:2
check_match "share is allocation 1" "$(tell other share 0 1 w; echo "$said")" '^0 [0-9]+$'
check_tell "a port is allocation 2" "err ENOMEM" other alloc 0
check_match "3 works" "$(tell other share 0 1 w; echo "$said")" '^1 [0-9]+$'
end_puppet other

# :persist, for each of the others
puppet back 0 LOOPXEN_FAIL=map:2:persist,copy:2:persist
check_match "map 1 of map:2:persist works" "$(tell back map 1 w "$a"; echo "$said")" '^[0-9]+$'
check_tell "map 2 fails" "err ENOMEM" back map 1 w "$b"
check_tell "map 3 as well" "err ENOMEM" back map 1 w "$b"
check_tell "so do segments of a copy" "0 -1 -1" back copy_from 1 "$a" 0 1 "$a" 0 1 "$b" 0 1
check_tell "in the next call, too" -1 back copy_from 1 "$a" 0 1
end_puppet back
puppet other 1 LOOPXEN_FAIL=alloc:2:persist
check_match "allocation 1 of alloc:2:persist works" "$(tell other share 0 1 w; echo "$said")" '^0 [0-9]+$'
check_tell "a port fails" "err ENOMEM" other alloc 0
check_tell "and so does a share" "err ENOMEM" other share 0 1 w
end_puppet other

# an unmap that is late: the process is done with it, the grant is not free yet
puppet back 0 LOOPXEN_FAIL=unmap:2:persist
map_and_unmap() { # says what is mapped after that
	tell back map 1 w "$a"
	tell back unmap "$said"
	[ "$said" = 0 ] && "$loopxen" check | grep '^mapped'
}
check_eq "unmap 1 of unmap:2:persist is done when it returns" "$(map_and_unmap)" ""
check "a later one gives the same answer and is not" wait_until 20 map_and_unmap
end_puppet back
tell front unshare 0
end_puppet front
check_clean

# memory, of a program that has never heard of loopxen
says() { # TEXT COMMAND...: fails, with this among its words
	! "${@:2}" >"$LOOPXEN_DIR/said" 2>&1 && grep -q "$1" "$LOOPXEN_DIR/said"
}
check "memory:1:persist: the program has none" says 'memory 1 fails' \
	env LOOPXEN_FAIL=memory:1:persist "$loopxen" run -- xenstore-read domid
check_eq "memory:100000: it never needs so many, so nothing is said" \
	"$(LOOPXEN_FAIL=memory:100000 dom0 xenstore-read domid 2>&1)" 0

# what is no failure is refused, not ignored
refused() { # LOOPXEN_FAIL
	LOOPXEN_FAIL=$1 dom0 true 2>"$LOOPXEN_DIR/said"
	[ $? -eq 2 ] && grep -q "LOOPXEN_FAIL='$1': expected WHAT:K or WHAT:K:persist" "$LOOPXEN_DIR/said"
}
for rule in mapp:1 map map: map:0 map:-1 map:1x map:1:persists map:1:persist:2 map:99999999999 map:1,,copy:1 'map:1,' ','; do
	check "LOOPXEN_FAIL=$rule is refused" refused "$rule"
done
rm "$LOOPXEN_DIR/said"
check "none at all is fine" env LOOPXEN_FAIL= "$loopxen" run -- true
check_match "a library says what it does not understand" \
	"$(echo share 1 1 w | dom0 env LOOPXEN_FAIL=mpa:1 "$puppet_bin" 2>&1)" "LOOPXEN_FAIL='mpa:1': expected"

# an instance that is started with failures to come
"$loopxen" down
export LOOPXEN_FAIL=bind:1:persist,map:1:persist,alloc:1:persist
check "what loopxen runs itself is not hit" "$loopxen" up
check "not even for a domain" "$loopxen" domain create 1
unset LOOPXEN_FAIL
check_eq "it works" "$(domu 1 xenstore-read domid)" 1
done_testing
