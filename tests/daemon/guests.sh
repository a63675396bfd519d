#!/bin/bash
# SPDX-License-Identifier: MIT
# Guests of either word size, those that do not say which they are, and what a guest can ask for beside reads and
# writes: flushes, barriers, a CD-ROM.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

requests_of() { # KIND: how many of them the disk has answered
	device_status 1 xvda | grep -o '"requests":{[^}]*}' | tr -d '\n' | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"
}

# A frontend with the wrong layout sends requests that make no sense: none of its data comes back right.
check_fails() { # NAME ARGUMENT...
	local name=$1 out
	shift
	out=$(guest 1 xvda verify --requests 50 --length 64K --io-timeout 3 "$@" 2>&1)
	if grep -q '^verified' <<<"$out"; then not_ok "$name" "$out"; else ok "$name"; fi
}

daemon_test_begin 1
daemon_start
bystander_start
disk_attach 1 xvda "$(make_image 1.img 4M)"

# ---- word size -----------------------------------------------------------------------------------------------------

for order in 0 3; do
	check_serves "a 64-bit guest is served, ring order $order" 1 xvda --ring-order $order
	check_serves "a 32-bit guest is served, ring order $order" 1 xvda --protocol x86_32-abi --ring-order $order
done
check_serves "a guest that does not say is a 32-bit one" 1 xvda --protocol x86_32-abi --omit-protocol
check_fails "and not a 64-bit one" --omit-protocol
load_start hold 1 xvda verify --seconds 3600 --protocol x86_32-abi --depth 8
soon 30 is_serving 1 xvda
daemon_stop
check_match "the journal says which" "$(dom0 "$O/pvring" journal dump "$T/run/journal/vbd-1-51712")" 'x86_32-abi'
daemon_start --default-protocol x86_64-abi
check_said "a 32-bit guest's ring is handed over" 'vbd 1/51712: taken up again'
load_stop hold
check_verified "and goes on" hold
check_serves "--default-protocol x86_64-abi: a guest that does not say is a 64-bit one" 1 xvda --omit-protocol
check_fails "and not a 32-bit one" --protocol x86_32-abi --omit-protocol
check_serves "one that says is what it says" 1 xvda --protocol x86_32-abi
out=$("$daemon" --default-protocol arm-abi 2>&1)
check_eq "--default-protocol of a protocol that is not served" "$?" 2
check_match "says what is" "$out" "'arm-abi' is not served: expected x86_64-abi or x86_32-abi"

# ---- barriers ------------------------------------------------------------------------------------------------------

check_match "flushes and barriers are offered" "$(guest 1 xvda info | tr '\n' ' ')" 'flush 1 barrier 1'
for grants in copy map; do
	for direct in off on; do
		[ $grants = map ] && [ $direct = on ] && continue
		daemon_stop
		daemon_start --grants $grants
		disk_detach 1 xvda
		disk_attach 1 xvda "file:$T/1.img,direct=$direct"
		check_serves "barriers keep their place, grants $grants, direct $direct" 1 xvda --requests 3000 --depth 32
		check "and there were some" [ "$(requests_of barrier)" -gt 3 ]
	done
done
disk_detach 1 xvda
disk_attach 1 xvda mem:1M
check_serves "barriers keep their place in memory" 1 xvda --requests 3000 --depth 32
disk_detach 1 xvda

# ---- CD-ROM --------------------------------------------------------------------------------------------------------

before=$(sha256sum "$T/1.img")
check "a CD-ROM is attached, though its mode says it may be written" disk_attach 1 xvdc "$T/1.img" device-type=cdrom mode=w
check_eq "its info says CD-ROM and read-only" "$(node "$(back 1 xvdc)/info")" 5
check_match "and so does the guest" "$(guest 1 xvdc info | tr '\n' ' ')" 'mode r cdrom 1'
check_serves "it is read" 1 xvdc
for case in write write-barrier flush-with-segments; do
	check_match "a $case is refused" "$(domu 1 "$O/tests/daemon/hostile" --vdev xvdc $case | tr '\n' ';')" \
		'response operation=[0-9]+ status=-1;'
done
check_eq "the image is as it was" "$(sha256sum "$T/1.img")" "$before"
disk_detach 1 xvdc
disk_attach 1 xvda "$T/1.img" mode=r
check_serves "a read-only disk is read" 1 xvda
for case in write write-barrier flush-with-segments; do
	check_match "a $case to a read-only disk is refused" \
		"$(domu 1 "$O/tests/daemon/hostile" --vdev xvda $case | tr '\n' ';')" 'response operation=[0-9]+ status=-1;'
done
check_eq "the image is as it was" "$(sha256sum "$T/1.img")" "$before"
daemon_test_end
