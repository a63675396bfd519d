#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 600
# A guest that registers its buffers (static grants) costs no grant operation for a frame, keeps that over a hand-over,
# and has everything unmapped when it goes. What it asks for wrongly is refused.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
. tests/lib/net_guest.sh
net_test_begin "1 2" --threads 2

# From io/netif.h.
GET_SIZE=8 ADD=9 DEL=10 SUCCESS=0 INVALID=2

status_of() { # MEMBER: a number of the first vif
	ask status | grep -o "\"$1\":[0-9]*" | head -1 | cut -d: -f2
}

grants_are() { # NUMBER: that it has registered
	[ "$(status_of static_grants)" = "$1" ]
}

nr_mapped() { # of its pages, rings included, by whatever serves it
	"$loopxen" check | grep -c '^mapped: grant [0-9]* of domain 1,'
}

check_copies() { # NAME NUMBER: that Xen has made for the vif
	check_eq "$1" "$(status_of grant_copies)" "$2"
}

# ---- what it costs ---------------------------------------------------------------------------------------------------

attach 00:16:3e:00:00:01 >/dev/null
check_guest_up "a guest without static grants connects" --queues 2
check "packets of every size" pings 10.9.0.2
check "Xen has copied them" eval '[ "$(status_of grant_copies)" -gt 100 ]'
nr_without=$(nr_mapped)
guest_down
daemon_stop
daemon_start --threads 2
check_guest_up "one that registers the buffers of both its queues" --static --queues 2
check "they are mapped" grants_are 1024
check_eq "in fact" "$(nr_mapped)" $((nr_without + 1 + 1024)) # its control ring is one more
check "metrics say so" eval 'ask metrics | grep -q "pvring_net_static_grants{[^}]*} 1024"'
before=$(status_of grant_copies)
check "packets of every size, IPv4" pings 10.9.0.2
check "packets of every size, IPv6" pings fd00::2 65487
check "streams to the guest" streams -c 10.9.0.2 -P 8 -n 50M
check "streams from the guest" streams -c 10.9.0.2 -P 8 -n 50M -R
check "many frames have passed, each way" eval '[ "$(counted tx frames)" -gt 1000 ] && [ "$(counted rx frames)" -gt 1000 ]'
check_copies "and Xen has copied nothing" "$before"

# ---- a daemon ends, another goes on ----------------------------------------------------------------------------------

ip netns exec guest iperf3 -s -1 >/dev/null 2>&1 &
server=$!
soon 30 in_guest sh -c 'ss -Htln sport = 5201 | grep -q .'
timeout 60 iperf3 -c 10.9.0.2 -P 8 -t 8 --bidir >"$T/iperf" 2>&1 &
client=$!
for threads in 1 2; do
	soon 30 eval '[ "$(counted rx frames)" -gt 1000 ]' || not_ok "the stream flows"
	daemon_stop
	daemon_start --threads $threads
	soon 30 grants_are 1024
	check_eq "a daemon with $threads workers maps them again" $? 0
done
daemon_kill
daemon_start --threads 2
check "nor does a death change that" soon 30 grants_are 1024
check "the streams flow, both ways" soon 30 eval '[ "$(counted tx frames)" -gt 100 ] && [ "$(counted rx frames)" -gt 100 ]'
check_copies "without a copy of Xen's" 0
wait $client
check_eq "they are not interrupted" $? 0
wait "$server"
guest_down
check "its pages are given back when it goes" grants_are 0
check_eq "in fact" "$(nr_mapped)" 0
check "and nothing is left beside the journals" eval '! ls "$T/run/journal" | grep static'

# ---- every octet of what it sends and receives -----------------------------------------------------------------------

dom0 "$pvring" attach vif 2 00:16:3e:00:00:02 --devid 0 --bridge br0 >/dev/null
ip link set br0 mtu 9000
guest_does() { # DOMID NETLOAD-ARGUMENT...: in the background, its pid is $started
	domu_start "$1" "$netload" --static --devid 0 --seed 7 --timeout 30 "${@:2}" >"$T/netload.$1" 2>&1
}
check_stream() { # NAME FROM TO: of frames of all sizes, in any slots; a tap queues those of two seconds
	local receiver
	guest_does "$3" --receive
	receiver=$started
	soon 20 grep -qx connected "$T/netload.$3"
	guest_does "$2" --generate 3000 --rate 500 --sizes 100-9000 --cut
	wait "$started" && wait "$receiver"
	check_eq "$1" $? 0
}
daemon_stop
daemon_start --threads 2
ip link set vif1.0 mtu 9000
ip link set vif2.0 mtu 9000
check_stream "every octet that it sends comes as it was, in order" 1 2
check_stream "and every octet that it receives" 2 1
# The bridge may say something by itself between a connection and its pages being registered.
check "with next to none of Xen's copies" eval '[ "$(status_of grant_copies)" -lt 100 ]'

# ---- what it may ask for ---------------------------------------------------------------------------------------------

raw_guest_up "a guest asks by itself" 2
tell "grant w 40"
read -ra w <<<"${told#page }" # its pages, one after the other
tell "grant r 3"
read -ra r <<<"${told#page }"
while IFS='|' read -r status data type queue list nr name; do
	tell "grefs $list"
	check_ask "$name" "$status" "$data" "$type" "$queue" gref "$nr"
	[ "$type" != $ADD ] || [ "$status" = $SUCCESS ] || check "and adds none" grants_are "$((${held:=0}))"
done <<-ROWS
	$INVALID|0|$GET_SIZE|2||0|how many pages a queue that there is none of can have
	$SUCCESS|512|$GET_SIZE|1||0|how many the last one can
	$INVALID|0|$ADD|2|${w[0]}/0/1|1|pages for a queue that there is none of
	$INVALID|0|$ADD|0|${w[0]}/0/1|513|more than a page lists
	$INVALID|0|$ADD|0|${w[0]}/0/1|536870913|more than 32 bits have octets
	$INVALID|0|$ADD|0|${w[0]}/2/1|1|a flag that there is none of
	$INVALID|0|$ADD|0|${w[0]}/0/30 999999/0/1|31|one that is not granted
	$INVALID|0|$ADD|0|${w[0]}/0/30 ${r[0]}/0/1|31|one that may only be read, to be written
	$INVALID|0|$ADD|0|${w[0]}/0/30 ${w[9]}/1/1|31|one of them twice
	$SUCCESS|0|$ADD|0||0|none
	$SUCCESS|0|$DEL|0|${w[0]}/0/2|2|to take back what was never given
ROWS
check_eq "and nothing of it is mapped" "$(nr_mapped)" "$((nr_without + 1))"
tell "grefs ${w[0]}/0/40 ${r[0]}/1/3"
check_ask "as it should be" $SUCCESS 0 $ADD 1 gref 43
check "it is" grants_are 43
check_ask "the same again" $INVALID 0 $ADD 1 gref 43
check "has changed nothing" grants_are 43
check_ask "for another queue" $SUCCESS 0 $ADD 0 gref 43
check "they are mapped twice" grants_are 86
tell "grefs ${w[0]}/0/3 999999/0/1 ${w[1]}/0/1 ${r[2]}/0/1"
check_ask "some back, and some that are not there" $SUCCESS 4 $DEL 1 gref 6
tell "show 6"
check_eq "it is told which" "$told" \
	"page ${w[0]}/0/0 ${w[1]}/0/0 ${w[2]}/0/0 999999/0/2 ${w[1]}/0/2 ${r[2]}/0/0"
check "the others stay" grants_are 82
check_eq "in fact" "$(nr_mapped)" "$((nr_without + 1 + 82))"
tell "grefs ${w[3]}/0/1"
tell "grant r 1"
ro=${told#page }
check_ask "a list where nothing can be written" $INVALID 0 $DEL 1 "$ro" 1
daemon_stop
daemon_start --threads 1
check "the next daemon has them" grants_are 82
tell "grefs ${w[0]}/0/40 ${r[0]}/0/3"
check_ask "and gives them back" $SUCCESS 39 $DEL 1 gref 43
check "the other queue's stay" grants_are 43
tell "grefs ${w[0]}/0/40"
nr_told=$(grep -c '^answer' "$T/guest")
for how in daemon_stop daemon_kill daemon_kill daemon_stop daemon_kill; do
	nr=$(grep -c '^answer' "$T/guest")
	for _ in {1..300}; do echo "ask $ADD 1 gref 40"$'\n'"ask $DEL 1 gref 40"; done >&"$to_guest"
	soon 60 eval "[ \$(grep -c '^answer' \$T/guest) -gt $((nr + 50)) ]" || not_ok "the guest goes on asking"
	$how
	daemon_start --threads $((nr % 2 + 1))
done
soon 60 eval '[ "$(grep -c "^answer" "$T/guest")" = $((nr_told + 3000)) ]'
check_eq "lists that come and go through two hand-overs and three deaths are answered as ever" \
	"$(grep '^answer' "$T/guest" | tail -n "+$((nr_told + 1))" | sort | uniq -c | tr -s ' \n' ' ')" \
	" 1500 answer $DEL 0 40 1500 answer $ADD 0 0 "
check "and what is registered is what it was" grants_are 43

# ---- a guest that goes without a word --------------------------------------------------------------------------------

kill -KILL "$guest_pid"
wait "$guest_pid" 2>/dev/null
exec {to_guest}>&-
check "they stay until somebody says that it is gone" grants_are 43
dom0 "$pvring" detach vif 1 0 --force >/dev/null 2>&1
soon 30 eval '[ "$(nr_mapped)" = 0 ]'
check_eq "then they are unmapped" $? 0
check "and nothing is left beside the journals" eval '! ls "$T/run/journal" | grep static'
dom0 "$pvring" detach vif 2 0 >/dev/null
daemon_test_end
