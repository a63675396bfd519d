#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 600
# pvring-netd and a guest with a stack of its own: what it makes, carries, hands over and refuses.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
net_test_begin 1

# ---- what it makes -------------------------------------------------------------------------------------------------

check "a vif is attached" attach 00:16:3e:00:00:01 --mtu 9000
check_match "its interface is up, in the bridge, and has the port's address" "$(ip -o link show vif1.0)" \
	'NO-CARRIER.*NOARP,UP.* mtu 9000 .*master br0 .*fe:ff:ff:ff:ff:ff'
check_guest_up "the guest connects"
check_match "the interface has a carrier" "$(ip -o link show vif1.0)" 'LOWER_UP'
ip link set br0 mtu 9000
ip -n guest link set eth0 mtu 9000
check "packets of every size, IPv4" pings 10.9.0.2
check "packets of every size, IPv6" pings fd00::2 65487
check "a stream to the guest" streams -c 10.9.0.2 -n 100M
check "a stream from the guest" streams -c 10.9.0.2 -n 100M -R
check "the same over IPv6" streams -c fd00::2 -n 50M
check "datagrams to the guest" streams -c 10.9.0.2 -u -b 20M -t 2
check "most of the streams' data came in large segments, both ways" eval \
	'[ $(($(counted tx bytes) / $(counted tx frames))) -gt 2000 ] && [ $(($(counted rx bytes) / $(counted rx frames))) -gt 2000 ]'
check "nothing was dropped" eval '! ask status | grep -o "\"drops\":{[^}]" | grep .'

# ---- a daemon ends, another goes on ----------------------------------------------------------------------------------

ip netns exec guest iperf3 -s -1 >/dev/null 2>&1 &
server=$!
soon 30 in_guest sh -c 'ss -Htln sport = 5201 | grep -q .'
timeout 60 iperf3 -c 10.9.0.2 -t 15 >"$T/iperf" 2>&1 &
client=$!
for i in 1 2 3; do
	seen=$(counted rx frames)
	soon 30 eval "[ \$(counted rx frames) -gt $((${seen:-0} + 1000)) ]" || not_ok "the stream flows, $i"
	daemon_stop
	daemon_start
done
wait $client
check_eq "three hand-overs interrupt no stream" $? 0
wait "$server"
check_eq "nothing was parked" "$(times_said parked)" 0
ip link del vif1.0
in_guest ping -q -c 1 -W 1 10.9.0.1 >/dev/null 2>&1 # at the latest now
check_said "an interface that somebody deletes ends the connection" 'its interface is gone'
guest_down
check_guest_up "and is made anew for the next"
check "packets of every size" pings 10.9.0.2
guest_down
check "the vif is detached" detach
check "its interface is gone" eval '! ip link show vif1.0'

# ---- what frontends do not take ------------------------------------------------------------------------------------

for options in --no-sg --no-gso --no-csum --no-split "--no-sg --no-csum --no-split" "--buffers 32"; do
	attach >/dev/null
	# shellcheck disable=SC2086 # words
	check_guest_up "a guest with $options" $options
	check "packets of every size" pings 10.9.0.2
	check "streams" streams -c 10.9.0.2 -n 20M --bidir
	check "streams over IPv6" streams -c fd00::2 -n 20M --bidir
	guest_down
	detach >/dev/null
done

# ---- a guest with too few buffers ----------------------------------------------------------------------------------

attach --mtu 60000 >/dev/null
ip link set br0 mtu 60000
check_guest_up "a guest with four buffers" --buffers 4
ip -n guest link set eth0 mtu 9000
ping -q -c 1 -W 1 -s 20000 10.9.0.2 >/dev/null # five
check "a frame that does not fit in its time is no obstacle to those that do" ping -q -c 1 -W 25 10.9.0.2
check_match "and is counted" "$(ask status)" '"the guest has posted no buffers":[1-9]'
guest_down
detach >/dev/null

# ---- beside others -------------------------------------------------------------------------------------------------

ip link add br1 type bridge
ip link add lan mtu 9000 type veth
ip link set lan master br1
attach --bridge br1 >/dev/null
check_match "a bridge keeps its MTU" "$(ip -o link show br1)" ' mtu 9000 '
check_match "which is the interface's, too" "$(ip -o link show vif1.0)" ' mtu 9000 .*master br1'
detach >/dev/null
check "a bridge is no matter of ours where the script is another" attach --script /bin/true --bridge br9
check_match "so the interface is in none" "$(ip -o link show vif1.0)" 'UP> mtu 1500 qdisc [^ ]+ state'
detach >/dev/null

# ---- bad input -----------------------------------------------------------------------------------------------------

ip link add other type veth
while IFS='|' read -r name options expected; do
	# shellcheck disable=SC2086 # words
	out=$(dom0 "$pvring" attach vif 1 --devid 0 $options 2>&1)
	check_match "$name" "$?: $out" "^1: .*$expected"
	dom0 "$pvring" detach vif 1 0 --force >/dev/null 2>&1
	soon 30 eval '! ask status | grep -q "\"vif 1/0\""' || not_ok "and it is gone"
done <<-'ROWS'
	a bridge that is not there|--bridge br9|bridge br9: there is no such interface
	one that is none|--bridge other|bridge other: the interface is veth, not a bridge
	a name that is taken|--bridge br0 --vifname other|interface other: there is one already, of somebody else
	an MTU that a tap does not take|--bridge br0 --mtu 65535|mtu: '65535' is not a number from 68 to 65521
ROWS
front=/local/domain/1/device/vif/0
while IFS='|' read -r name path value expected; do
	attach >/dev/null
	log_begin
	dom0 xenstore-write $front/request-rx-copy 1 $front/tx-ring-ref 8 $front/rx-ring-ref 9 \
		$front/event-channel 1 "$front/$path" "$value" $front/state 4
	check_said "a guest that writes $name" "$expected"
	dom0 "$pvring" detach vif 1 0 --force >/dev/null 2>&1
done <<-'ROWS'
	no request-rx-copy|request-rx-copy|0|request-rx-copy: not 1
	nine queues|multi-queue-num-queues|9|multi-queue-num-queues
	a ring of no grant|tx-ring-ref|12x|tx-ring-ref
	a ring that it has not granted|tx-ring-ref|77|cannot map the ring of 1 page
ROWS
daemon_test_end
