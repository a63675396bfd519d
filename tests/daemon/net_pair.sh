#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 900
# Two guests whose vifs are joined to each other: no interface of ours is between them, and each gets of the other's
# frames what it takes.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
net_test_begin "1 2" --threads 2
declare -A netload_pid

attach_end() { # DOMID ARGUMENT...
	local domid=$1
	shift
	dom0 "$pvring" attach vif "$domid" "00:16:3e:00:00:0$domid" --devid 0 --bridge pair:link "$@"
}

end_up() { # DOMID NETLOAD-ARGUMENT...: in the namespace gDOMID, with addresses
	local domid=$1 rc
	shift
	ip netns list | grep -qw "g$domid" || ip netns add "g$domid"
	netload_up "g$domid" "$domid" "$T/netload.$domid" "$@"
	rc=$?
	netload_pid[$domid]=$started
	[ $rc = 0 ] && address_up "g$domid" "10.8.0.$domid" "fd08::$domid"
}

end_down() { # DOMID
	kill "${netload_pid[$1]}"
	wait "${netload_pid[$1]}"
}

check_end_up() { # NAME DOMID NETLOAD-ARGUMENT...
	local name=$1
	shift
	if end_up "$@"; then ok "$name"; else not_ok "$name" "$(tail -3 "$T/netload.$1")"; fi
}

ends_ping() { # [LARGEST]
	pings 10.8.0.2 "${1:-65487}" ip netns exec g1 && pings fd08::1 "${1:-65487}" ip netns exec g2
}

ends_stream() { # IPERF3-ARGUMENT...: from 2 to 1
	streams_to g1 ip netns exec g2 iperf3 "$@"
}

both_ways() {
	ends_stream -c 10.8.0.1 -n 30M && ends_stream -c 10.8.0.1 -n 30M -R && ends_stream -c fd08::1 -n 30M &&
		ends_stream -c fd08::1 -n 30M -R
}

received() { # how many frames, by the first
	counted rx frames | head -1
}

hand_over() { # TIMES FRAMES WHAT [HOW]: each time once so many more have come, to a daemon with another number of workers
	local i seen
	for ((i = 1; i <= $1; i++)); do
		seen=$(received)
		soon 30 eval "[ \$(received) -gt $((${seen:-0} + $2)) ]" || not_ok "$3, $i"
		"${4:-daemon_stop}"
		daemon_start --threads $((i % 2 + 1))
	done
}

drops_of() { # tx|rx: by reason, of both ends
	ask status | grep -o "\"$1\":{[^}]*\"drops\":{[^}]*}" | grep -o '"drops":{..*}'
}

# ---- what each takes of the other ----------------------------------------------------------------------------------

check "one end is attached" attach_end 1
check "and the other" attach_end 2
check "neither has an interface here" eval '! ip link show vif1.0 && ! ip link show vif2.0'
while IFS='|' read -r of_1 of_2 <&3; do
	# shellcheck disable=SC2086 # words
	check_end_up "a guest with '$of_1'" 1 $of_1
	# shellcheck disable=SC2086
	check_end_up "and one with '$of_2'" 2 $of_2
	check "packets of every size, each way" ends_ping
	check "streams, each way" both_ways
	check "datagrams" ends_stream -c 10.8.0.1 -u -b 20M -t 1
	end_down 1
	end_down 2
done 3<<-'ROWS'
	|
	--no-gso|
	--no-csum|
	--no-sg|
	--no-split --no-sg --no-csum|--no-gso
	--buffers 32|--buffers 32 --no-gso
ROWS
# ---- comings and goings --------------------------------------------------------------------------------------------

check_end_up "the first comes back" 1
check "it hears nothing" eval '! ip netns exec g1 ping -q -c 1 -W 1 10.8.0.2'
check_match "and its frames are counted" "$(ask status)" '"there is nobody at the other end":[1-9]'
check_end_up "the second comes" 2
ip -n g1 neigh flush dev eth0 # of what it has asked in vain
check "they hear each other" ends_ping
for how in daemon_stop daemon_kill; do
	ip netns exec g1 iperf3 -s -1 >/dev/null 2>&1 &
	server=$!
	soon 30 ip netns exec g1 sh -c 'ss -Htln sport = 5201 | grep -q .'
	timeout 60 ip netns exec g2 iperf3 -c 10.8.0.1 -t 15 >"$T/iperf" 2>&1 &
	client=$!
	hand_over 3 1000 "the stream flows" $how
	wait $client
	check_eq "$how, three times: it interrupts no stream" $? 0
	wait "$server"
done
# A datagram that is lost is not sent again: so few that the guest's ring and its stack hold them meanwhile.
ends_stream -c 10.8.0.1 -u -b 400K -l 500 -t 8 >"$T/iperf" 2>&1 &
client=$!
hand_over 2 20 "the datagrams flow"
wait $client
check_match "two hand-overs lose no datagram" "$(grep receiver "$T/iperf")" ' 0/[1-9][0-9]* \(0%\)'
check_eq "nor is any said to have failed" "$(drops_of tx)" ""

# ---- one end is up before the other --------------------------------------------------------------------------------

ip -n g2 neigh replace 10.8.0.1 lladdr 00:16:3e:00:00:01 nud permanent dev eth0
daemon_stop
daemon_start --guest 2
ip netns exec g1 python3 tests/daemon/net_datagrams.py receive 10.8.0.1 200 >"$T/datagrams" 2>&1 &
receiver=$!
soon 30 ip netns exec g1 sh -c 'ss -Huln sport = 9 | grep -q .'
check "what is sent before the other end is back" ip netns exec g2 python3 tests/daemon/net_datagrams.py send 10.8.0.1 200
daemon_stop
daemon_start --threads 2
wait $receiver
check_eq "waits in the ring, over one more hand-over" "$(cat "$T/datagrams")" "all, in order"
daemon_stop
daemon_start --guest 2
check "but not for ever" ip netns exec g2 python3 tests/daemon/net_datagrams.py send 10.8.0.1 1
soon 60 eval '[[ "$(drops_of tx)" = *"the other end has not come back\":1"* ]]' || not_ok "it is dropped" "$(ask status)"
check "nor does what is sent then wait" ip netns exec g2 python3 tests/daemon/net_datagrams.py send 10.8.0.1 5
soon 30 eval '[[ "$(drops_of tx)" = *"there is nobody at the other end\":"* ]]' || not_ok "it is dropped" "$(ask status)"
daemon_stop
daemon_start --threads 2
end_down 2
check_end_up "the second comes back" 2
ip netns exec g1 ping -q -f -w 6 10.8.0.2 >/dev/null 2>&1 &
flood=$!
seen=$(received)
soon 30 eval "[ \$(received) -gt $((seen + 1000)) ]"
end_down 2
wait $flood
check_end_up "and again, after it has left under load" 2
ip -n g1 neigh flush dev eth0
check "they hear each other" ends_ping

# ---- rate ----------------------------------------------------------------------------------------------------------

set_rate() { # RATE: of what 2 sends, live, until it holds
	dom0 xenstore-write /local/domain/0/backend/vif/2/0/rate "$1" && soon 30 rate_is "$1"
}

sent_by_2() { # BYTES
	ask status | grep -o '"device":"vif 2/0".*' | grep -o '"tx":{"frames":[0-9]*,"bytes":[0-9]*' | head -1 | cut -d: -f4
}

check "a rate is written" set_rate 125000,50000
before=$(sent_by_2)
begin=$(date +%s%N)
check "a stream at that rate" ends_stream -c 10.8.0.1 -n 5M
sent=$(($(sent_by_2) - before))
most=$(most_bytes 2500000 125000 "$begin")
check_eq "is no faster ($sent bytes, at most $most)" "$((sent > 1000000 && sent <= most))" 1
check "the other way there is none" ends_stream -c 10.8.0.1 -n 100M -R
check "next to nothing may be sent" set_rate 1000,1000000
ip -n g2 link set eth0 txqueuelen 5000
ip -n g2 neigh replace 10.8.0.1 lladdr 00:16:3e:00:00:01 nud permanent dev eth0
ip netns exec g2 ping -q -f -c 300 -s 1400 -W 1 10.8.0.1 >"$T/ping" 2>&1 # more than a burst and the ring
ip netns exec g1 python3 tests/daemon/net_datagrams.py receive 10.8.0.1 100 >"$T/datagrams" 2>&1 &
receiver=$!
soon 30 ip netns exec g1 sh -c 'ss -Huln sport = 9 | grep -q .'
check "datagrams queue up behind that" ip netns exec g2 python3 tests/daemon/net_datagrams.py send 10.8.0.1 100
daemon_stop
daemon_start --threads 2
check "the next daemon has the rate" soon 30 rate_is 1000,1000000
dom0 xenstore-write /local/domain/0/backend/vif/2/0/rate nonsense
check_said "nonsense in its place is said" "rate: 'nonsense': expected BYTES,MICROSECONDS.*: the rate stays as it was"
dom0 xenstore-rm /local/domain/0/backend/vif/2/0/rate
wait $receiver
check_eq "without it they come, over a hand-over" "$(cat "$T/datagrams")" "all, in order"
check_eq "and nothing was dropped" "$(drops_of tx)" ""

# ---- what cannot be cut ---------------------------------------------------------------------------------------------

end_down 1
end_down 2
daemon_stop
daemon_start --threads 2
check_end_up "a guest that takes a page at once" 2 --no-sg
"$loopxen" run --domid 1 -- "$netload" --generate 10 --sizes 60000-60000 --tcp-gso 5000 --timeout 30 >"$T/netload.1" 2>&1
check_eq "another one, which sends it packets whose segments are longer, is told that none has gone" $? 1
for way in tx rx; do
	check_match "each is dropped with the first of them, $way" "$(drops_of $way)" \
		'"longer than a page, and the guest takes no more at once":10[^0-9]'
done
end_down 2
check_end_up "it comes back as it was" 2
check_end_up "and so does the other one" 1
ip -n g1 neigh flush dev eth0

# ---- a third -------------------------------------------------------------------------------------------------------

"$loopxen" domain create 3
check_match "a third vif of that name is refused" \
	"$(dom0 "$pvring" attach vif 3 00:16:3e:00:00:03 --devid 0 --bridge pair:link 2>&1)" 'pair:link: two other vifs are its ends'
check "the two hear each other" ends_ping 1000
check "a vif of another pair is attached with a rate" \
	dom0 "$pvring" attach vif 3 00:16:3e:00:00:03 --devid 2 --bridge pair:other --rate 20Mb/s
check "which holds" rate_is 125000,50000
check "and is detached" dom0 "$pvring" detach vif 3 2
check_match "a pair without a name is refused" \
	"$(dom0 "$pvring" attach vif 3 00:16:3e:00:00:03 --devid 1 --bridge pair: 2>&1)" 'expected pair: and a name of 1 to 63 bytes'
for domid in 1 2; do
	end_down $domid
	check "the end of $domid is detached" dom0 "$pvring" detach vif $domid 0
done
daemon_test_end
