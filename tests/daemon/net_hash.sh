#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The control ring: a guest says by which hash and mapping its frames are to be spread over its rings, on two workers.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
. tests/lib/net_guest.sh
net_test_begin 1 --threads 2
key=6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa

# From io/netif.h.
GET_FLAGS=1 SET_FLAGS=2 SET_KEY=3 GET_MAPPING_SIZE=4 SET_MAPPING_SIZE=5 SET_MAPPING=6 SET_ALGORITHM=7
SUCCESS=0 NOT_SUPPORTED=1 INVALID_PARAMETER=2 BUFFER_OVERFLOW=3

# ---- helpers -------------------------------------------------------------------------------------------------------

words() { # NUMBER...: as they are in memory
	local number
	for number; do
		printf '%02x000000' "$number"
	done
}

flows() { # SEED TYPES KEY MAPPING
	python3 tests/daemon/net_hash.py vif1.0 "$T/guest" "$@"
}

# ---- what is refused, and changes nothing --------------------------------------------------------------------------

attach 00:16:3e:00:00:01 >/dev/null
check "a control ring is offered" node_is feature-ctrl-ring '^1$'
raw_guest_up "a guest connects with one, and with two queues" 2
check "frames are spread by the kernel, and have no hash" flows 1 -1 "" /2
while read -r status data type a b c name; do
	check_ask "$name" $((status)) "$data" $((type)) "$a" "$b" "$c"
done <<-'ROWS'
	NOT_SUPPORTED 0 GET_FLAGS 0 0 0 no flags without an algorithm
	INVALID_PARAMETER 0 SET_FLAGS 1 0 0 nor can they be set
	INVALID_PARAMETER 0 SET_ALGORITHM 2 0 0 an algorithm that there is none of
	SUCCESS 0 SET_ALGORITHM 1 0 0 Toeplitz
	SUCCESS 15 GET_FLAGS 0 0 0 its flags
	INVALID_PARAMETER 0 SET_FLAGS 16 0 0 flags that there are none of
	SUCCESS 0 SET_FLAGS 15 0 0 all flags
	BUFFER_OVERFLOW 0 SET_KEY gref 41 0 a key that is too long
	BUFFER_OVERFLOW 0 SET_KEY gref 4294967295 0 a key of all lengths
	INVALID_PARAMETER 0 SET_KEY 9999999 40 0 a key that is not granted
	SUCCESS 128 GET_MAPPING_SIZE 0 0 0 the largest mapping
	INVALID_PARAMETER 0 SET_MAPPING_SIZE 129 0 0 a larger one
	INVALID_PARAMETER 0 SET_MAPPING gref 1 0 a mapping without a size
	SUCCESS 0 SET_MAPPING_SIZE 8 0 0 a mapping of eight
	INVALID_PARAMETER 0 SET_MAPPING gref 9 0 one entry more than it has
	INVALID_PARAMETER 0 SET_MAPPING gref 1 8 the one behind its last
	SUCCESS 0 SET_MAPPING gref 0 8 nothing behind its last
	BUFFER_OVERFLOW 0 SET_MAPPING gref 8 4294967288 an offset that wraps with the length
	BUFFER_OVERFLOW 0 SET_MAPPING gref 4294967288 8 a length that wraps with the offset
	BUFFER_OVERFLOW 0 SET_MAPPING gref 1073741824 0 a length whose bytes wrap
	INVALID_PARAMETER 0 SET_MAPPING 9999999 8 0 a mapping that is not granted
	NOT_SUPPORTED 0 0 0 0 0 a message of no type
	NOT_SUPPORTED 0 65535 0 0 0 a message of the last type
ROWS
tell "page $(words 1 1 1 1 1 1 1 2)"
check_ask "a queue that there is none of" $INVALID_PARAMETER 0 $SET_MAPPING gref 8 0
check_eq "the vif is connected all the while" "$(node /local/domain/0/backend/vif/1/0/state)" 4
check "without a key all hashes are 0, and nothing of what was refused is in the mapping" \
	flows 2 15 00 0,0,0,0,0,0,0,0/2

# ---- what it sets is what it gets ----------------------------------------------------------------------------------

tell "page $key"
check_ask "a key" $SUCCESS 0 $SET_KEY gref 40 0
tell "page $(words 0 1 1 0 1 0 0 1)"
check_ask "a mapping" $SUCCESS 0 $SET_MAPPING gref 8 0
check "flows are where it says, with their hash" flows 3 15 $key 0,1,1,0,1,0,0,1/2
check_ask "only IPv4's addresses" $SUCCESS 0 $SET_FLAGS 1 0 0
check "flows, by these" flows 4 1 $key 0,1,1,0,1,0,0,1/2
check_ask "only TCP, of both" $SUCCESS 0 $SET_FLAGS 10 0 0
check "flows, by that" flows 5 10 $key 0,1,1,0,1,0,0,1/2
tell "page $(words 1 1)"
check_ask "a part of the mapping" $SUCCESS 0 $SET_MAPPING gref 2 5
check "is a part" flows 6 10 $key 0,1,1,0,1,1,1,1/2

# ---- the next daemon knows it --------------------------------------------------------------------------------------

daemon_stop
daemon_start --threads 2
check "after a hand-over nothing has changed" flows 7 10 $key 0,1,1,0,1,1,1,1/2
check_ask "the ring goes on" $SUCCESS 15 $GET_FLAGS 0 0 0
daemon_stop
daemon_start --threads 1
check "nor where both rings are one worker's" flows 8 10 $key 0,1,1,0,1,1,1,1/2
daemon_kill
daemon_start --threads 1
check "nor after a death" flows 12 10 $key 0,1,1,0,1,1,1,1/2
check_ask "no mapping" $SUCCESS 0 $SET_MAPPING_SIZE 0 0 0
check_ask "all flags" $SUCCESS 0 $SET_FLAGS 15 0 0
tell "page ${key:0:32}"
check_ask "a shorter key" $SUCCESS 0 $SET_KEY gref 16 0
check "flows are spread by modulo" flows 9 15 "${key:0:32}" /2
check_ask "no algorithm" $SUCCESS 0 $SET_ALGORITHM 0 0 0
check "flows have no hash" flows 10 -1 "" /2
raw_guest_down "it leaves"
daemon_stop
daemon_start --threads 2
raw_guest_up "the next guest connects" 2
check_ask "begins with nothing" $NOT_SUPPORTED 0 $GET_FLAGS 0 0 0
check "and gets what the kernel spreads" flows 11 -1 "" /2
raw_guest_down "it leaves, too"

# ---- under load, by two stacks -------------------------------------------------------------------------------------

check_guest_up "a guest with a stack of its own asks for hashing" --queues 2 --hash
check "packets of every size, IPv4" pings 10.9.0.2
check "packets of every size, IPv6" pings fd00::2 65487
check "eight streams to the guest" streams -c 10.9.0.2 -P 8 -n 50M
check "eight streams from the guest" streams -c 10.9.0.2 -P 8 -n 50M -R
ip netns exec guest iperf3 -s -1 >/dev/null 2>&1 &
server=$!
soon 30 in_guest sh -c 'ss -Htln sport = 5201 | grep -q .'
timeout 60 iperf3 -c 10.9.0.2 -P 8 -t 4 >"$T/iperf" 2>&1 &
client=$!
for i in 1 2; do
	soon 30 eval '[ "$(counted rx frames)" -gt 1000 ]' || not_ok "the streams flow, $i"
	daemon_stop
	daemon_start --threads 2
done
wait $client
check_eq "two hand-overs interrupt no stream" $? 0
wait "$server"
guest_down
check_eq "nothing was parked" "$(times_said parked)" 0
check "the vif is detached" detach
check "nothing of what they had set is left" eval '! ls "$T/run" | grep state'
daemon_test_end
