#!/bin/bash
# SPDX-License-Identifier: MIT
# A disk whose journal cannot be used is parked, and the operator decides: as before once it is mended, without the journal, or
# closed.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

recover() { # ARGUMENT...
	dom0 "$O/pvring" recover "$@" --control "$T/run/blkd.sock" 2>&1
}

spoil() { # HOW
	local journal=$T/run/journal/vbd-1-51712
	case $1 in
	missing) rm "$journal" ;;
	truncated) truncate -s 100 "$journal" ;;
	"of another version") printf '\x63' | dd of="$journal" bs=1 seek=8 conv=notrunc status=none ;;
	"of another ring") cp "$T/run/journal/vbd-2-51712" "$journal" ;;
	unreadable) rm "$journal" && mkdir "$journal" ;;
	esac
}

is_parked() {
	[[ $(device_status 1 xvda) == *'"phase":"parked"'* ]]
}

nr_abandoned() {
	[[ $(device_status 1 xvda) =~ \"abandoned\":([0-9]+) ]] && echo "${BASH_REMATCH[1]}"
}

# What the guest has asked for is answered, and nothing is in the ring: as of a guest that is idle.
freeze() {
	kill -STOP "${load_pid[guest]}"
	soon 10 eval '[[ $(device_status 1 xvda) == *"\"in_flight\":0"* ]]'
}

daemon_test_begin 1 2
disk_create 1 xvda "$(make_image 1a.img 4M)"
disk_create 2 xvda "$(make_image 2a.img 4M)"
daemon_start
load_start other 2 xvda hold # asks for nothing: a daemon that is to die at some step does so of the first guest's
wait_state 2 xvda 4

load_start guest 1 xvda verify --seconds 3600 --depth 8 --io-timeout 60
for how in missing truncated "of another version" "of another ring"; do
	soon 30 is_serving 1 xvda
	freeze
	daemon_stop
	spoil "$how"
	log_begin
	daemon_start
	check "the journal is $how: the disk is parked" soon 30 is_parked
	check_match "the log says what can be done" "$(log_tail)" "vbd 1/51712: parked: .*by 'pvring recover vbd 1/51712'"
	check_match "and so does status" "$(dom0 "$O/pvring" status --control "$T/run/blkd.sock")" \
		"vbd 1/51712 +xvda +parked .*'pvring recover vbd 1/51712'; or the same with --replay-nothing or --close"
	out=$(recover vbd 1/51712)
	check_eq "to try again changes nothing: exit status 1" $? 1
	check_match "and it says why" "$out" '^pvring recover: vbd 1/51712 is still parked: .*journal'
	out=$(recover vbd 1/51712 --replay-nothing)
	check_eq "without its journal: exit status 0" $? 0
	check_eq "a guest that was idle has lost nothing" "$out" "vbd 1/51712: connected"
	kill -CONT "${load_pid[guest]}"
	check "it goes on" soon 30 is_serving 1 xvda
done
load_stop guest
check_verified "and all it has read was right" guest

# A directory cannot be locked: nobody has the claim, so nobody may decide.
load_start guest 1 xvda verify --seconds 3600 --depth 8 --io-timeout 60
soon 30 is_serving 1 xvda
freeze
daemon_stop
spoil unreadable
log_begin
daemon_start
check_said "a journal that cannot be opened: not taken up yet" 'vbd 1/51712: cannot be taken up yet: .*cannot open'
out=$(recover vbd 1/51712 --replay-nothing)
check_match "which the operator is told" "$out" 'vbd 1/51712 is not parked: .*vbd-1-51712: cannot open: Is a directory'
rmdir "$T/run/journal/vbd-1-51712"
check "once it can be: parked" soon 30 is_parked
check_eq "and the choice is there" "$(recover vbd 1/51712 --replay-nothing)" "vbd 1/51712: connected"
kill -CONT "${load_pid[guest]}"
check "the guest goes on" soon 30 is_serving 1 xvda

# What was wrong is mended.
daemon_kill
mv "$T/1a.img" "$T/away.img"
daemon_start
soon 30 is_parked
check_match "the image is missing: still parked" "$(recover vbd 1/51712)" 'is still parked: image .*No such file'
mv "$T/away.img" "$T/1a.img"
check_eq "the image is there again: taken up with all that was unanswered" "$(recover vbd 1/51712)" "vbd 1/51712: connected"
check "and the guest goes on" soon 30 is_serving 1 xvda
load_stop guest
check_verified "and has lost nothing" guest

# Requests that nobody knows.
if daemon_has_steps; then
	# The second daemon makes what the first one has taken suspect, so that the third answers that alone, and dies; the
	# guest, which would ask for another at once, sleeps meanwhile.
	daemon_stop
	PVRING_CRASH_AT=consumer-advanced:40 daemon_start
	load_start guest 1 xvda hold --depth 16 --io-timeout 600
	daemon_dies consumer-advanced
	kill -STOP "${load_pid[guest]}"
	PVRING_CRASH_AT=replayed:1 daemon_launch "$daemon_name"
	daemon_dies replayed
	PVRING_CRASH_AT=pushed:1 daemon_launch "$daemon_name"
	daemon_dies pushed
	spoil truncated
	daemon_start
	soon 30 is_parked
	out=$(recover vbd 1/51712 --replay-nothing)
	left=$(nr_abandoned)
	check_match "the guest waits for something: how much of it is never answered" "$out" \
		"^vbd 1/51712: connected
$left request\(s\) of its guest are never answered"
	kill -CONT "${load_pid[guest]}"
	check "the others are" soon 30 is_serving 1 xvda
	for how in stop kill; do
		nr_before[1/xvda]=
		daemon_$how
		log_begin
		daemon_start
		check_said "the next daemon ($how) takes it up by itself" 'vbd 1/51712: taken up again'
		check_eq "and knows what is never answered" "$(nr_abandoned)" "$left"
		check "and serves the rest" soon 30 is_serving 1 xvda
	done
	check_match "a dump knows it, too" "$(dom0 "$O/pvring" journal dump "$T/run/journal/vbd-1-51712")" \
		"$left more that nobody will answer"
	load_kill guest
	check_serves "the guest starts over" 1 xvda
	check_eq "and waits for nothing" "$(nr_abandoned)" ""
	daemon_stop
	PVRING_CRASH_AT=consumer-advanced:32 daemon_start
	load_start guest 1 xvda hold --depth 32 --io-timeout 600
	daemon_dies consumer-advanced
	spoil truncated
	daemon_start
	soon 30 is_parked
	check_match "a ring in which there is no room left stays parked" "$(recover vbd 1/51712 --replay-nothing)" \
		'still parked: all 32 slots of the ring are of requests that nobody will answer'
	load_kill guest
	check_serves "until the guest starts over" 1 xvda
fi

# The guest is to let go.
bystander_start
load_start guest 1 xvda hold --io-timeout 60
soon 30 grep -q connected "$(load_out guest)"
wait_state 1 xvda 4
daemon_stop
spoil missing
daemon_start
soon 30 is_parked
check_match "to close it is asked of the guest" "$(recover vbd 1/51712 --close)" '^vbd 1/51712: its guest is asked to let go'
load_wait guest
check "which does" wait_state 1 xvda 6
check_serves "and is served when it comes back" 1 xvda

# What cannot be decided.
complains() { # STATUS WHAT TEXT ARGUMENT...
	local out
	out=$(recover "${@:4}")
	check_eq "$2: exit status $1" $? "$1"
	check_match "$2: says so" "$out" "$3"
}
complains 1 "a disk that is served" 'vbd 2/51712 is not parked: connected' vbd 2/51712 --replay-nothing
complains 1 "a disk that is not there" "there is no device 'vbd 1/51728' here" vbd 1/51728
complains 2 "two ways at once" 'expected one of --replay-nothing and --close' vbd 1/51712 --close --replay-nothing
complains 2 "no kind" "'vdb' is not a kind of device: expected vbd, vif or vusb" vdb 1/51712
complains 2 "no device" "'xvda' is not a device: expected DOMID/DEVID" vbd xvda

load_stop other
daemon_test_end
