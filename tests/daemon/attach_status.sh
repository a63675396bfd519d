#!/bin/bash
# SPDX-License-Identifier: MIT
# What pvring says about daemons: status, metrics and drain over the control socket.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until; optional arguments
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
pvring=$(realpath "${PVRING:-$O/pvring}")

daemon_test_begin 1
socket=$T/run/blkd.sock

says() { # STATUS REGEX COMMAND...: its exit status, and what it prints on either stream
	local status=$1 regex=$2 got out
	shift 2
	out=$("$pvring" "$@" 2>&1)
	got=$?
	echo "exit status $got: $out"
	[ "$got" -eq "$status" ] && [[ $out =~ $regex ]]
}

check "no daemon: says so, and what xl will say" says 1 'no daemon answers there: No such file.*time-out' \
	status --control "$socket"
daemon_start
check "a daemon without disks" says 0 'blkd \(pid [0-9]+, .*: 0 device' status --control "$socket"

disk_attach 1 xvda "$(make_image good.img 2M)"
disk_create 1 xvdb /no-such.img
wait_until 10 said 'no-such.img'
check_serves "a load" 1 xvda
check "a disk that was used" says 0 $'vbd 1/51712 +xvda[^\n]* w [^\n]*good.img' status --control "$socket"
check "a bad image: why" says 0 $'vbd 1/51728 +xvdb[^\n]*\n +[^\n]*no-such.img' status --control "$socket"
check "as JSON, for programs" says 0 '^\{.*"devices":\[' status --json --control "$socket"
check "metrics" says 0 'pvring_.*vbd' metrics --control "$socket"
check "an option may come before or after" says 0 'devices' status --control "$socket" --json

check "drain wants to know which" says 2 'which daemon' drain
check "drain hands over" says 0 'handing over' drain --control "$socket"
wait "${daemon_pid[blkd]}"
check_eq "and the daemon has ended" $? 0
check "a socket that nobody answers at" says 1 'no daemon answers' status --control "$socket"

# A daemon that breaks the rules: rubbish, silence, a line without an end.
liar() { # TEXT
	rm -f "$T/liar.sock"
	perl -MIO::Socket::UNIX -e '
		my $l = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die;
		my $s = $l->accept; <$s>; print $s $ARGV[1]' "$T/liar.sock" "$1" &
	liar_pid=$!
	loopxen_track $liar_pid
	wait_until 5 test -S "$T/liar.sock"
}
for text in $'rubbish\n' $'[1]\n' $'{"ok":true' $'\n' ""; do
	liar "$text"
	check "a daemon that answers '${text%$'\n'}' is reported" says 1 'liar.sock: ' status --control "$T/liar.sock"
	wait $liar_pid
done
liar $'{"ok":true,"devices":[{"device":7,"requests":"x","errors":[1]},3]}\n'
check "nodes of other types do no harm" says 0 '2 device' status --control "$T/liar.sock"
wait $liar_pid

# What pvring-netd says of its devices.
vifs='{"ok":true,"name":"netd","pid":7,"version":"1","threads":1,"xenstore":"connected","devices":[
	{"device":"vif 5/0","kind":"vif","domid":5,"devid":0,"state":"Connected","phase":"connected","reason":"","queues":2,
	"interface":"vif5.0","bridge":"xenbr0","mac":"00:16:3e:11:22:33","tx":{"frames":11,"bytes":2200,"drops":{"no room":3}},
	"rx":{"frames":33,"bytes":4400,"drops":{"no buffer":4}}},
	{"device":"vif 5/1","kind":"vif","domid":5,"devid":1,"state":"InitWait","phase":"ready",
	"reason":"there is no bridge br7","interface":"vif5.1","bridge":"br7","mac":"00:16:3e:11:22:34",
	"tx":{"frames":0,"bytes":0},"rx":{"frames":0,"bytes":0,"drops":{"too long":5}}},
	{"device":"vbd 5/51712","phase":"connected","requests":{"read":1,"write":2}}]}'
liar "${vifs//$'\n'/}"$'\n'
liar_says=$("$pvring" status --control "$T/liar.sock")
wait $liar_pid
check_eq "network devices have a table of their own, and then disks one of theirs" "$(tr -s ' ' <<<"$liar_says")" \
	"netd (pid 7, version 1, 1 threads): 3 device(s)
DEVICE INTERFACE STATE BRIDGE MAC QUEUES TX FRAMES TX BYTES RX FRAMES RX BYTES DROPS
vif 5/0 vif5.0 connected xenbr0 00:16:3e:11:22:33 2 11 2200 33 4400 7
 3 frame(s) from the guest dropped: no room
 4 frame(s) to the guest dropped: no buffer
vif 5/1 vif5.1 faulty br7 00:16:3e:11:22:34 0 0 0 0 5
 there is no bridge br7
 5 frame(s) to the guest dropped: too long
DEVICE VDEV STATE MODE GRANTS QUEUES READS WRITES IN FLIGHT ERRORS P50 us P99 us IMAGE
vbd 5/51712 connected 1 2 0 "
disk_remove 1 xvda
disk_remove 1 xvdb
check_clean
check "no sanitizer has reported anything" no_sanitizer_report
done_testing
