#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 600
# What a vif lets pass: as much as `rate` says, what comes from the guest's own addresses, the multicast groups that it
# has asked for.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
frames=$(realpath tests/lib/frames)

# ---- helpers -------------------------------------------------------------------------------------------------------

vif=/local/domain/0/backend/vif/1/0
vif_front=/local/domain/1/device/vif/0

vif_create() { # NODE=VALUE...: what a toolstack writes that does not look at it first
	local pair written=()
	for pair; do
		written+=("$vif/${pair%%=*}" "${pair#*=}")
	done
	dom0 xenstore-write $vif_front "" $vif ""
	dom0 xenstore-chmod $vif_front n1 r0
	dom0 xenstore-chmod $vif n0 r1
	dom0 xenstore-write -- $vif_front/backend $vif $vif_front/backend-id 0 $vif_front/state 1 $vif/frontend $vif_front \
		$vif/frontend-id 1 $vif/online 1 $vif/mac 00:16:3e:00:00:01 "${written[@]}" $vif/state 1
}

vif_remove() {
	dom0 xenstore-rm $vif
	dom0 xenstore-rm $vif_front
	soon 30 eval '! ask status | grep -q "\"vif 1/0\""'
}

check_refused() { # NAME REGEX NODE=VALUE...: by the daemon, which says so to the toolstack
	vif_create "${@:3}"
	soon 30 eval '[ -n "$(node $vif/hotplug-error)" ]'
	check_match "$1" "$(node $vif/hotplug-status): $(node $vif/hotplug-error)" "^error: $2"
	vif_remove
}

set_rate() { # RATE: live, until it holds
	dom0 xenstore-write "$vif/rate" "$1" && soon 30 rate_is "$1"
}

drops() { # tx|rx: what was dropped, by reason
	ask status | grep -o "\"$1\":{\"frames\":[^}]*}" | grep -o '"drops":{.*'
}

check_limited() { # NAME BYTES-A-SECOND WINDOW-BYTES IPERF3-ARGUMENT...: from the guest, by that rate
	local name=$1 rate=$2 window=$3 begin before sent most rc
	shift 3
	before=$(counted tx bytes)
	begin=$(date +%s%N)
	streams -c 10.9.0.2 -R "$@" >"$T/stream" 2>&1
	rc=$?
	sent=$(($(counted tx bytes) - before))
	most=$(most_bytes "$rate" "$window" "$begin")
	echo "# $sent bytes, at most $most"
	if [ $rc = 0 ] && [ $sent -le "$most" ]; then
		ok "$name"
	else
		not_ok "$name" "iperf3: $rc; $sent bytes, at most $most; $(tail -3 "$T/stream" | tr '\n' '|')"
	fi
}

# ---- bad nodes -----------------------------------------------------------------------------------------------------

net_test_begin 1
check_refused "a name that the kernel takes for a pattern" "$vif/vifname: 'vif%d': expected the name of an" vifname=vif%d
for bad in 10Mb/s 1000 '1000,' -1,50000 '1000,50000,' 1000,4294967296; do
	check_refused "a rate of '$bad'" "$vif/rate: '$bad': expected BYTES,MICROSECONDS, as 62500,50000 for 10 Mb/s" \
		"rate=$bad"
done
for bad in 13 65536 x 1514x; do
	check_refused "frames from nowhere of '$bad'" "$vif/bridge: 'null:$bad': expected null:, or behind it a frame's bytes" \
		"bridge=null:$bad"
done
vif_create bridge=pair:y mtu=1
soon 30 eval '[ -n "$(node $vif/hotplug-error)" ]'
check "an end of a pair that has something else wrong is one" \
	dom0 "$pvring" attach vif 1 --devid 1 --bridge pair:y
check_match "so a third is refused" "$(dom0 "$pvring" attach vif 1 --devid 2 --bridge pair:y 2>&1)" 'two other vifs are its ends'
dom0 xenstore-write $vif/script /etc/xen/scripts/vif-route $vif_front/state 3 # for which it is looked at anew
check "until its script is another, to which a bridge is no pair" \
	soon 20 dom0 "$pvring" attach vif 1 --devid 3 --bridge pair:y
for devid in 1 3; do
	check "vif $devid is detached" dom0 "$pvring" detach vif 1 $devid
done
vif_remove
vif_create ip=nonsense
soon 30 node_is vifname vif1.0
check_match "addresses that nobody looks at may be anything" "$(node $vif/hotplug-error)" '^$'
vif_remove

# ---- rate ----------------------------------------------------------------------------------------------------------

check "a vif is attached, with a rate" attach 00:16:3e:00:00:01 --rate 20Mb/s
check "which is told" rate_is 125000,50000
check_guest_up "a guest connects"
check "packets of every size" pings 10.9.0.2
check_limited "it sends no more than that" 2500000 125000 -n 5M
check "what it receives is not limited" streams -c 10.9.0.2 -n 100M
check_limited "datagrams, of which it has far more" 2500000 125000 -u -b 1G -t 2
check_match "none of them is dropped by us: they wait in the guest" "$(drops tx)" '"drops":\{\}'
check "the rate is raised" set_rate 1250000,50000
check_limited "and holds" 25000000 1250000 -n 30M
log_begin
dom0 xenstore-write $vif/rate nonsense
check_said "nonsense in its place is said" "rate: 'nonsense': expected BYTES,MICROSECONDS.*: the rate stays as it was"
check "and changes nothing" rate_is 1250000,50000
dom0 xenstore-write $vif/unrelated 1 $vif/rate nonsense $vif/unrelated 2
check "a rate of windows that are shorter than a frame is long" set_rate 1000,1000
check_eq "nonsense is said once" "$(times_said nonsense)" 1
check_limited "and holds" 1000000 1000 -n 2M
dom0 xenstore-rm $vif/rate
check "it is taken away" soon 30 rate_is ""
check "a stream that would take minutes at that rate" streams -c 10.9.0.2 -R -n 200M
guest_down
detach >/dev/null

for queues in 2 4; do
	daemon_stop
	daemon_start --threads $queues
	attach 00:16:3e:00:00:01 --rate 20Mb/s >/dev/null
	check_guest_up "a guest with $queues queues" --queues $queues
	check_limited "sends no more than with one" 2500000 125000 -n 5M -P 8
	guest_down
	detach >/dev/null
done
daemon_stop
daemon_start

# ---- a daemon ends while frames wait -------------------------------------------------------------------------------

hear() { # COMMAND... INTERFACE: what comes in by it, to $T/heard
	local before=("${@:1:$#-1}")
	"${before[@]}" "$frames" hear "${!#}" >"$T/heard" 2>&1 &
	heard_by=$!
	loopxen_track $heard_by
	soon 30 grep -q hears "$T/heard"
}

hear_no_more() {
	kill $heard_by
	wait $heard_by 2>/dev/null
}

has_heard() { # HEX
	grep -q "$1" "$T/heard"
}

generate() { # NUMBER: of frames, each another, from the guest; they wait in its ring, not in a kernel that drops some
	exec "$loopxen" run --domid 1 -- "$netload" --generate "$1" --sizes 1000-1000 --timeout 30 >"$T/generated" 2>&1
}

nr_heard() { # how many different ones
	grep "^ffffffffffff00163e000001" "$T/heard" | sort -u | wc -l
}

check "a vif of 4 Mb/s" attach 00:16:3e:00:00:01 --rate 4Mb/s
hear vif1.0
generate 3000 &
guest_pid=$!
loopxen_track $guest_pid
for i in 1 2 3; do
	soon 20 eval "[ \$(nr_heard) -ge $((i * 500)) ]" || not_ok "frames come, $i"
	daemon_stop
	daemon_start
done
wait $guest_pid
check_eq "a guest is served by four daemons" "$?: $(grep -o '^sent: 3000 frames, 3000000 bytes, 3000 slots, [0-9]* bytes of the stream$' "$T/generated" | cut -d, -f1)" "0: sent: 3000 frames"
check "what waited at the hand-overs has come, too" soon 30 eval '[ "$(nr_heard)" -eq 3000 ]'
check_eq "nothing was parked" "$(times_said parked)" 0
dom0 xenstore-write $vif/rate 1000,50000
generate 3000 &
guest_pid=$!
loopxen_track $guest_pid
check "a rate that is changed before a guest comes is what it finds" soon 20 rate_is 1000,50000
soon 20 eval '[ "$(counted tx frames)" -gt 0 ]'
dom0 xenstore-write $vif/rate nonsense
log_begin
daemon_stop
daemon_start
check_said "a daemon that finds nonsense for a rate says so" "rate: 'nonsense': expected .*: it goes on without a limit"
wait $guest_pid
check_eq "and goes on" $? 0
dom0 xenstore-write $vif/rate 1000,50000
were_sent=$(counted tx frames)
generate 3000 &
guest_pid=$!
loopxen_track $guest_pid
soon 20 rate_is 1000,50000
soon 20 eval '[ "$(counted tx frames)" -gt '$((were_sent + 130))' ]' # which a burst lets go
kill -TERM $guest_pid
wait $guest_pid
check_match "what waits when a guest leaves is dropped, not waited for" "$(drops tx)" \
	'"the connection ended before the rate let it go":[1-9]'
hear_no_more
check "the vif is detached" detach

# ---- whose it is ---------------------------------------------------------------------------------------------------

us=00163e000001
others=00163e000009
everybody=ffffffffffff
mark() { # TEXT: 24 bytes
	printf '%-24s' "$1" | od -An -tx1 | tr -d ' \n'
}
udp4() { # MAC IP TEXT
	echo "$everybody${1}08004500003400010000401100$(printf 00)${2}0a0900010009000900200000$(mark "$3")"
}
arp4() { # MAC SENDER-MAC IP TEXT
	echo "$everybody${1}08060001080006040001${2}${3}0000000000000a090001$(mark "$4")"
}
udp6() { # MAC IP TEXT
	echo "$everybody${1}86dd6000000000201140${2}fd0000000000000000000000000000010009000900200000$(mark "$3")"
}
na6() { # MAC IP TARGET TEXT
	echo "$everybody${1}86dd6000000000303aff${2}ff02000000000000000000000000000188000000e0000000${3}$(mark "$4")"
}
ours4=0a090002 others4=0a090063
ours6=fd000000000000000000000000000002 others6=fd000000000000000000000000000063
local6=fe8000000000000002163efffe000001

# Each frame, and one behind it whose coming says that the other would have come.
nr_ends=0
from_guest() { # HEX...
	in_guest "$frames" send eth0 "$@"
}
to_guest() { # HEX...
	"$frames" send vif1.0 "$@"
}
send=from_guest
check_passes() { # yes|no NAME HEX TEXT
	local verb=passes came=no
	[ "$1" = yes ] || verb="does not pass"
	nr_ends=$((nr_ends + 1))
	$send "$3" "$(udp4 $us $ours4 "end $nr_ends.")"
	if ! soon 30 has_heard "$(mark "end $nr_ends.")"; then
		not_ok "$2 $verb" "nothing comes"
		return
	fi
	! has_heard "$(mark "$4")" || came=yes
	check_eq "$2 $verb" $came "$1"
}

all_kinds() { # yes|no: what is not the guest's own passes
	check_passes yes "its own IPv4" "$(udp4 $us $ours4 own4)" own4
	check_passes yes "its own ARP" "$(arp4 $us $us $ours4 ownarp)" ownarp
	check_passes yes "its own IPv6" "$(udp6 $us $ours6 own6)" own6
	check_passes yes "its link-local address" "$(udp6 $us $local6 ownlocal)" ownlocal
	check_passes yes "its own neighbour advertisement" "$(na6 $us $local6 $ours6 ownna)" ownna
	check_passes "$1" "another's MAC address" "$(udp4 $others $ours4 mac)" mac
	check_passes "$2" "another's IPv4" "$(udp4 $us $others4 ip4)" ip4
	check_passes "$2" "another's IPv4 in ARP" "$(arp4 $us $us $others4 arp)" arp
	check_passes "$2" "another's MAC address in ARP" "$(arp4 $us $others $ours4 arpmac)" arpmac
	check_passes "$2" "another's IPv6" "$(udp6 $us $others6 ip6)" ip6
	check_passes "$2" "a neighbour advertisement of another" "$(na6 $us $ours6 $others6 na)" na
	check_passes "$2" "IPv4 within something else" "$everybody${us}886411000001$(mark pppoe)" pppoe
}

guest_of() { # ATTACH-ARGUMENT...
	attach 00:16:3e:00:00:01 "$@" >/dev/null
	check_guest_up "a guest connects"
	hear vif1.0
}

guest_of_no_more() {
	hear_no_more
	guest_down
	detach >/dev/null
}

guest_of --ip "10.9.0.2 fd00::2"
all_kinds yes yes
guest_of_no_more

daemon_stop
daemon_start --antispoof
check_refused "an IP address that is none" "$vif/ip: '10.9.0' is not an IP address" "ip=10.9.0.2 10.9.0"
check_refused "a pair" "$vif/bridge: 'pair:x': who is joined to another guest cannot be held to its own addresses" \
	bridge=pair:x
guest_of --ip "10.9.0.2 fd00::2"
check "packets of every size, IPv4" pings 10.9.0.2
check "packets of every size, IPv6" pings fd00::2 65487
check "streams" streams -c 10.9.0.2 -n 20M --bidir
check "streams over IPv6" streams -c fd00::2 -n 20M --bidir
all_kinds no no
for reason in 'not from the MAC address of the vif' 'not from an IP address of the vif' \
	'ARP for an address that the vif does not have' 'neighbour discovery for an address that the vif does not have' \
	'neither IP nor ARP, so that nobody knows whose it is'; do
	check_match "is counted: $reason" "$(drops tx)" "\"$reason\":[1-9]"
done
guest_of_no_more

guest_of
all_kinds no yes
guest_of_no_more

# ---- multicast groups ----------------------------------------------------------------------------------------------

filters() { # true|false
	ask status | grep -q "\"multicast_control\":$1"
}
ask_for_filter() { # VALUE: as a guest does at any time
	dom0 xenstore-write $vif_front/request-multicast-control "$1"
}
to_group() { # MAC TEXT: of the same flow as the frame behind it, so by the same queue
	local frame
	frame=$(udp4 $others $ours4 "$2")
	echo "$1${frame:12}"
}
kept=01005e0000fb taken_back=01005e0000fc strange=333300000001
check_groups() { # yes|no TEXT: strange ones pass
	check_passes yes "a group that was asked for" "$(to_group $kept "kept$2")" "kept$2"
	check_passes "$1" "one that was taken back" "$(to_group $taken_back "back$2")" "back$2"
	check_passes "$1" "one that was not asked for" "$(to_group $strange "strange$2")" "strange$2"
	check_passes yes "what is sent to the guest alone" "$(to_group $us "us$2")" "us$2"
	check_passes yes "a broadcast" "$(to_group $everybody "all$2")" "all$2"
}

send=to_guest
daemon_stop
daemon_start
attach 00:16:3e:00:00:01 >/dev/null
check "multicast control is offered" node_is feature-multicast-control '^1$'
check "at any time, too" node_is feature-dynamic-multicast-control '^1$'
check_guest_up "a guest that asks for nothing" --queues 2
hear ip netns exec guest eth0
check_groups yes 1
hear_no_more
guest_down
check_guest_up "one that asks for groups" --queues 2 \
	--groups 01:00:5e:00:00:fb,01:00:5e:00:00:fc,-01:00:5e:00:00:fc,-33:33:00:00:00:01
check "multicast control is on" filters true
hear ip netns exec guest eth0
check_groups no 2
check_match "what was not asked for is counted" "$(drops rx)" \
	'"of a multicast group that the guest has not asked for":[1-9]'
ask_for_filter 0
check "it is turned off" soon 30 filters false
check_groups yes 3
ask_for_filter 1
check "and on" soon 30 filters true
check_groups no 4
log_begin
ask_for_filter perhaps
check_said "nonsense is said" "request-multicast-control: 'perhaps' is not a number from 0 to 1"
check_groups no 5
ask_for_filter 1
daemon_stop
daemon_start
check "the next daemon goes on with it" soon 30 filters true
check_groups no 6
hear_no_more
guest_down
check_guest_up "a guest that asks for 65" \
	--groups "$(printf '01:00:5e:00:00:%02x,' {1..64})01:00:5e:00:00:fb"
hear ip netns exec guest eth0
check_passes yes "the 64th" "$(to_group 01005e000040 64th)" 64th
check_passes no "the 65th" "$(to_group $kept 65th)" 65th
hear_no_more
guest_down
check_match "it has been told that there was no room for one" "$(cat "$T/netload")" ', 1 multicast groups refused'
detach >/dev/null
daemon_test_end
