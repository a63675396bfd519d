#!/bin/bash
# SPDX-License-Identifier: MIT
# Requests whose segments stand in pages of their own: of every size that is offered, however the data moves, from one
# daemon to the next, and when those pages cannot be read.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

# None of them fits a slot; a slot's buffer; one page of segments, nor two of them the memory that there is for such.
small=(--segments 32 --bs-min 48K --requests 300)
large=(--segments 256 --bs-min 132K --requests 300)
largest=(--segments 4096 --bs-min 2100K --depth 6 --requests 50)

offered() { # what the guest is told; "": nothing
	node "$(back 1 xvda)/feature-max-indirect-segments" 2>/dev/null
}

daemon_restart() { # [ARGUMENT...]: by one that is perhaps to offer something else, the guest being away
	disk_detach 1 xvda
	daemon_stop
	daemon_start "$@"
}

daemon_test_begin 1
daemon_start
disk_attach 1 xvda "$(make_image 1.img 64M)"
check_eq "as many are offered as by Linux's backend" "$(offered)" 256

for direct in off on; do
	for grants in auto copy map; do
		[ $grants = map ] && [ $direct = on ] && continue
		how="grants $grants, direct $direct"
		daemon_restart --grants $grants
		disk_attach 1 xvda "file:$T/1.img,direct=$direct"
		check_serves "a 64-bit guest's, $how" 1 xvda "${small[@]}"
		check_serves "a 32-bit guest's, $how" 1 xvda "${small[@]}" --protocol x86_32-abi
		check_serves "without persistent grants, $how" 1 xvda "${small[@]}" --no-persistent
		check_serves "as many segments as are offered, $how" 1 xvda "${large[@]}"
		daemon_restart --grants $grants --max-indirect-segments 4096
		disk_attach 1 xvda "file:$T/1.img,direct=$direct"
		check_serves "as many as stand in eight pages, $how" 1 xvda "${largest[@]}"
	done
done
check_eq "--max-indirect-segments is what is offered" "$(offered)" 4096
check_serves "a 32-bit guest's of 4096" 1 xvda "${largest[@]}" --protocol x86_32-abi
check_serves "4096 without persistent grants" 1 xvda "${largest[@]}" --no-persistent
check_serves "small ones and large ones" 1 xvda --segments 4096 --depth 12 --requests 200
daemon_restart
disk_attach 1 xvda "$T/1.img"
check_serves "with others among them, in the largest ring" 1 xvda --segments 32 --ring-order 4 --depth 512 --requests 3000
check_serves "more large ones at once than there is memory for" 1 xvda "${large[@]}" --ring-order 4 --depth 200 --requests 1000

handed_over() { # WHAT LOAD-OPTIONS -- NEXT-DAEMON'S-OPTIONS
	local what=$1 load=()
	shift
	while [ "$1" != -- ]; do load+=("$1"); shift; done
	load_start over 1 xvda verify "${load[@]}" --requests 1000000 --io-timeout 20
	soon 30 is_serving 1 xvda
	daemon_stop
	log_begin
	daemon_start "${@:2}"
	check_said "a ring full of $what is handed over" 'vbd 1/51712: taken up again'
	load_stop over
	check_verified "and the guest does not notice" over
}

handed_over "small ones" "${small[@]}" --
handed_over "large ones" "${large[@]}" --
for other in 256 0; do
	daemon_restart --max-indirect-segments 4096
	disk_attach 1 xvda "$T/1.img"
	handed_over "4096, to one that would offer $other," "${largest[@]}" -- --max-indirect-segments $other
done

daemon_restart --max-indirect-segments 0
disk_attach 1 xvda "$T/1.img"
check_eq "none are offered with --max-indirect-segments 0" "$(offered)" ""
check_match "a guest that needs them sees that" "$(guest 1 xvda verify "${small[@]}" 2>&1)" 'the backend offers 0 indirect'
check_serves "others are served" 1 xvda
for bad in 4097 -1 x 12x ''; do
	out=$("$daemon" --max-indirect-segments "$bad" 2>&1)
	check_eq "--max-indirect-segments '$bad' is refused" "$?" 2
	check_match "and why" "$out" "'$bad' is not a number of segments: expected 0 to 4096|'$bad'.*0 to 4096"
done

segments_fail() { # WHICH-COPY LOAD-OPTION...: the page of segments that is copied as that is lost
	disk_detach 1 xvda
	daemon_stop
	LOOPXEN_FAIL=copy:$1 daemon_start --grants copy --max-indirect-segments 4096
	disk_attach 1 xvda "$T/1.img"
	log_begin
	out=$(guest 1 xvda verify "${@:2}" --depth 1 --requests 20 --keep-going 2>&1)
	check_eq "one whose segments cannot be copied is answered with an error" \
		"$(grep -c 'failed: Input/output error' <<<"$out")" 1
	check_said "for a reason" 'request refused: operation 0, sector 0, [0-9]+ segment\(s\): a grant that cannot be used'
	check_serves "and the next ones are served" 1 xvda "${@:2}"
}

segments_fail 1 "${small[@]}"
segments_fail 3 --segments 1100 --bs-min 4100K --requests 20 # of three pages
daemon_test_end
