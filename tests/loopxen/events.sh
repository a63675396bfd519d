#!/bin/bash
# SPDX-License-Identifier: MIT
# Event channels between two domains.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh

loopxen_start
"$loopxen" domain create 1
"$loopxen" domain create 2
puppet back 0
puppet front 1
puppet other 2

tell front alloc 0
fp=$said
check_match "a port waits for domain 0" "$("$loopxen" check)" "bound: port $fp of domain 1, by puppet .*waits for domain 0"
check_tell "another domain can not bind it" "err EINVAL" other bind 1 "$fp"
check_tell "a port nobody offers" "err EINVAL" back bind 1 "$((fp + 1))"
check_tell "a domain that does not exist" "err ESRCH" back bind 77 "$fp"
check_tell "notify before anybody bound is dropped, not refused" 0 front notify "$fp"
tell back bind 1 "$fp"
bp=$said
check_match "domain 0 binds it" "$bp" '^[0-9]+$'
check_tell "a second bind is refused" "err EINVAL" back bind 1 "$fp"
check_tell "the bind leaves the local port pending" "$bp" back pending
check_tell "once" "err EAGAIN" back pending
check_tell "the other end got no event" "err EAGAIN" front pending

# masked from delivery until unmask, in the queue at most once
tell front notify "$fp"
check_tell "a masked port is not delivered" "err EAGAIN" back pending
tell back unmask "$bp"
check_tell "its event comes with the unmask" "$bp" back wait
tell back unmask "$bp"
check_tell "once" "err EAGAIN" back pending
tell front notify "$fp"
tell front notify "$fp"
tell front notify "$fp"
check_tell "three notifications" "$bp" back wait
check_tell "are one event" "err EAGAIN" back pending
tell back unmask "$bp"
check_tell "and one more after the unmask, for those that came since" "$bp" back wait
tell back unmask "$bp"
check_tell "then none" "err EAGAIN" back pending
tell back notify "$bp"
check_tell "the other way" "$fp" front wait
check_tell "a port of another handle can not be notified" "err ENOTCONN" other notify "$fp"
check_tell "nor unbound" "err ENOTCONN" other unbind "$fp"

# one end closes: the other waits for the same domain again
tell back unbind "$bp"
check_match "the frontend's port waits again" "$("$loopxen" check)" "bound: port $fp of domain 1, .*waits for domain 0"
check_tell "a notify to nobody is dropped" 0 front notify "$fp"
check_tell "the same domain binds it again" "$bp" back bind 1 "$fp"
tell back wait
tell back unmask "$bp"
tell front notify "$fp"
check_tell "and it works" "$bp" back wait
tell back unmask "$bp"
tell front notify "$fp"
tell back unbind "$bp"
check_tell "a closed port leaves no event behind" "err EAGAIN" back pending

# a killed backend, a new one
tell back bind 1 "$fp"
end_puppet back KILL
waits() {
	"$loopxen" check | grep -q "bound: port $fp of domain 1, .*waits for domain 0"
}
check "a killed backend's port is closed" wait_until 10 waits
puppet back 0
tell back bind 1 "$fp"
bp=$said
check_tell "its successor binds the frontend's port" "$bp" back wait
tell back unmask "$bp"
tell front notify "$fp"
check_tell "and gets its events" "$bp" back wait

# a sender that is killed after it marked the port as queued, before it wrote to the FIFO
tell back unbind "$bp"
domu 0 "${puppet_bin%/*}/halfway" send 1 "$fp" 2>/dev/null
check_eq "a sender is killed half way" $? 137
rebind() {
	tell back bind 1 "$fp"
	bp=$said
	[[ $bp =~ ^[0-9]+$ ]]
}
check "its successor binds the port" wait_until 10 rebind
tell back wait
tell back unmask "$bp"
tell back notify "$bp"
check_tell "an event comes" "$fp" front wait
tell front unmask "$fp"
tell front pending
tell front unmask "$fp"
tell back notify "$bp"
check_tell "and the next one" "$fp" front wait
tell front unmask "$fp"

# a port for a domain that comes later
tell front alloc 3
early=$said
check_match "a port waits for a domain that is not there yet" "$early" '^[0-9]+$'
"$loopxen" domain create 3
puppet late 3
check_match "the domain binds it" "$(tell late bind 1 "$early"; echo "$said")" '^[0-9]+$'
end_puppet late
tell front unbind "$early"

# virqs
check_tell "xenstored has the domain exception virq" "err EEXIST" back virq 3
tell back virq 8
check_match "another virq can be bound" "$said" '^[0-9]+$'
check_tell "a virq that does not exist" "err EINVAL" back virq 99
check_tell "a port number out of range" "err EINVAL" back unbind 100000

# a loop within one domain
tell front alloc 1
one=$said
tell front bind 1 "$one"
two=$said
tell front wait
tell front unmask "$two"
tell front notify "$two"
check_tell "both ends in one domain" "$one" front wait

check_tell "3000 handles can not be opened" 0 other starve 3000
puppet extra 2
check_match "they take no room from one that can" "$(tell extra alloc 0; echo "$said")" '^[0-9]+$'
end_puppet extra

check "every event arrives, through poll, epoll and io_uring" dom0 "${puppet_bin%/*}/storm" "$loopxen"
end_puppet back
end_puppet front
end_puppet other
check_clean
done_testing
