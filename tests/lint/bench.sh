#!/bin/bash
# SPDX-License-Identifier: MIT
# The benchmark's report says what its records say. (No figure is measured here.)
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/bench.XXXXXX")
trap 'rm -rf "$T"' EXIT

step() { # NAME ARGUMENT...: of the pipeline in tests/bench/run
	awk -f tests/bench/words.awk -f tests/bench/stats.awk -f "tests/bench/$1.awk" "${@:2}"
}

cat >"$T/records" <<'END'
about pvring "1.0"
none loopxen read/128k/8/direct qdisk there is none
run loopxen randread/4k/32/cached pvring 300 10 20 1 2 1000000 5
run loopxen randread/4k/32/cached qdisk 100 10 20 1 2 1000000 5
run loopxen randread/4k/32/cached pvring 100 30 20 1 4 1000000 5
run loopxen randread/4k/32/cached qdisk 100 10 20 1 2 1000000 5
run loopxen randread/4k/32/cached pvring 200 20 20 1 3 1000000 5
run loopxen randread/4k/32/cached qdisk 50 10 20 1 2 1000000 5
run loopxen read/128k/8/direct pvring 80 10 20 1 2 1000000 5
run xen randread/4k/32/cached pvring 90 10 20 1 2 1000000 0
run xen randread/4k/32/cached blkback 100 10 20 1 2 1000000 0
idle pvring 2048 0 5
further pvring 2000 15
net loopxen send/1500 pvring 2 200 300000 4 9
net loopxen send/1500 bare 2 200 300000 2 9
net loopxen send/1500 pvring 2 200 300000 2 9
net loopxen send/1500 bare 2 200 300000 2 9
net loopxen send/1500 pvring 2 200 300000 9 9
net loopxen send/1500 bare 2 200 300000 9 9
net xen out/64 pvring 2 100 6400 1 0
net xen out/64 netback 2 200 12800 1 0
run usb bulk/60k/8 pvring 1024 10 20 1 2 1000000 5
run usb bulk/60k/8 qusb 600 10 20 1 2 1000000 5
run usb interrupt/8/1 pvring 2000 10 20 1 2 1000000 5
run usb interrupt/8/1 qusb 100 10 20 1 2 1000000 5
usb-mouse 100 20 50 5
net-idle 2048 0 5
gap sigterm 60000
gap upgrade 5000
gap sigterm 40000
gap upgrade 10000
gap sigterm 50000
gap upgrade 20000
net-further 1535 15
END
step summary "$T/records" | step net_summary | step gap_summary >"$T/summary"
check_match "medians, lowest, highest and spread of the rounds" "$(grep 'cached pvring' "$T/summary" | head -1)" \
	'^sum loopxen randread/4k/32/cached pvring 200 100 300 100.0 20.0 20.0 1.000 3.000 5 300,100,200$'
check_match "of networks, by what is carried in a second of CPU" "$(grep 'send/1500 pvring' "$T/summary")" \
	'^netsum loopxen send/1500 pvring 100 1.2 155.6 20000.000 13333.333 9 75000,150000,33333$'
check_match "on Xen in any second" "$(grep 'out/64 pvring' "$T/summary")" ' 3200$'
check_match "of gaps, in milliseconds" "$(grep 'gapsum sigterm' "$T/summary")" \
	'^gapsum sigterm 50.0 40.0 60.0 40.0 60.0,40.0,50.0$'
step targets "$T/summary" >"$T/targets"
check_eq "a target is met or missed" "$(cut -d' ' -f2 "$T/targets" | tr '\n' ' ')" \
	"met missed met missed met met met met met met missed missed met met missed "
check_match "one whose peer was not measured is missed" "$(<"$T/targets")" \
	'target missed [^:]*: at least 0.5 times fio: not measured'
cat "$T/targets" >>"$T/summary"
step table "$T/summary" "$T/summary" >"$T/table"
check_match "the table has the median of each round's ratio, and says what is noisy" "$(<"$T/table")" \
	'pvring +200 +0.8 +100% +- +3.00 .*spread over 25%: noisy'
check_match "what is not there is a dash, and why" "$(<"$T/table")" 'qdisk +-.*No figures of qdisk, as there is none:'
check_match "networks have theirs" "$(grep -A1 'sends frames of 1500' "$T/table")" \
	'pvring +100 +1.2 +155% +1.00 .*spread over 25%: noisy'
check_match "USB controllers have theirs, by the length of a transfer" "$(grep -A1 '60k and back' "$T/table")" \
	'pvring +1024 +60.0 +0% +1.71 '
check_match "gaps have theirs" "$(<"$T/table")" 'pvring upgrade +10.0 +5.0 +20.0 +150% +spread over 25%: noisy'
check_match "and a target" "$(<"$T/table")" 'MET +an upgrade: [^:]*: 0.25 \(0.08 to 0.40\)'
check_match "a target that is missed is said" "$(<"$T/table")" 'MISSED +each further idle disk: under 1 MiB: 2000 KiB'
step json "$T/summary" >"$T/json"
check_eq "the JSON can be read" "$(perl -MJSON::PP -0777 -ne '
	my $all = decode_json($_); print "$all->{about}[0] ", scalar @{$all->{results}}, " $all->{results}[0]{iops} ",
		scalar @{$all->{networks}}, " $all->{networks}[3]{rounds}[0]"' "$T/json")" \
	'pvring "1.0" 9 200 4 6400'
check_eq "the plot has a bar for each contender" "$(step plot "$T/summary" | grep -cE '^[0-9]+ [0-9.]+ ')" 5
done_testing
