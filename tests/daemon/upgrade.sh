#!/bin/bash
# SPDX-License-Identifier: MIT
# A daemon's program is installed anew, and takes over while guests work: none of them notices. One that does not start changes
# nothing, and it is said why.
# shellcheck disable=SC2317 # functions are called through check and soon
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh

install() { # FILE: as a package does, in place of a file that is in use
	cp "$1" "$T/bin/new"
	chmod +x "$T/bin/new"
	mv "$T/bin/new" "$T/bin/pvring-blkd"
}

goes_on() { # NAME REGEX: the upgrade failed for that reason, and nothing else has happened
	local out
	out=$(daemon_upgrade)
	check_eq "$1: exit status 1" $? 1
	check_match "$1: and why" "$out" "^pvring upgrade: .*$T/bin/pvring-blkd(: cannot be started| does not start): $2"
	check_match "$1: the daemon goes on" "$(ask status)" "\"pid\":${daemon_pid[blkd]},"
	check "$1: with its disks" is_serving 1 xvda
}

daemon_test_begin 1
mkdir "$T/bin"
program=$daemon
install "$program"
daemon=$T/bin/pvring-blkd
daemon_start
bystander_start
disk_create 1 xvda "$(make_image 1a.img 4M)"
load_start guest 1 xvda verify --seconds 3600 --depth 8 --io-timeout 20
soon 30 is_serving 1 xvda
disk_attach 1 xvdb "$(make_image 1b.img 1M)"
before=$(store)

bad=0
for _ in {1..20}; do
	nr_before[1/xvda]=
	last=${daemon_pid[blkd]}
	install "$program"
	daemon_upgrade >"$T/said" || { bad=$((bad + 1)); cat "$T/said"; }
	[ "${daemon_pid[blkd]}" != "$last" ] || bad=$((bad + 1))
	soon 30 is_serving 1 xvda || bad=$((bad + 1))
done
check_eq "20 upgrades under load: none failed, each is another process, which serves" $bad 0
check_match "the last has said so" "$(cat "$T/said")" \
	"^blkd: version .* \\(pid ${daemon_pid[blkd]}\\) serves, with 3 device\\(s\\)\$"
check_eq "each daemon before has ended with exit status 0" "$daemon_bad_exits" ""
check_eq "each took up what the one before it had" "$(times_said 'vbd 1/51712: taken up again, with 0 unanswered')" 20
check_eq "nothing was parked" "$(times_said parked)" 0
check_eq "the store is untouched" "$(store)" "$before"
check_serves "a disk that nobody used is there" 1 xvdb

# What does not start.
printf '#!/bin/sh\necho "a library is missing" >&2\nexit 127\n' >"$T/broken"
install "$T/broken"
goes_on "a program that cannot be loaded" "a library is missing"
printf '#!/bin/sh\nexec %q "$@" --no-such-option\n' "$program" >"$T/broken"
install "$T/broken"
goes_on "one that knows other options" ".*unknown option '--no-such-option'"
printf '#!/bin/sh\nexec %q "$@" --control /no/such/place/s.sock\n' "$program" >"$T/broken"
install "$T/broken"
goes_on "one that cannot do what it is told" "/no/such/place: cannot make it: No such file or directory"
printf '#!/bin/sh\nkill -SEGV $$\n' >"$T/broken"
install "$T/broken"
goes_on "one that crashes" 'it died of signal 11'
printf '#!/bin/sh\nexec sleep 60\n' >"$T/broken"
install "$T/broken"
goes_on "one that hangs" 'not ready in 8 s'
rm "$T/bin/pvring-blkd"
goes_on "none" 'No such file or directory'
install "$program"
daemon_upgrade >"$T/said"
check_eq "a good one takes over: exit status 0" $? 0

# Told to end while another gets ready.
printf '#!/bin/sh\nuntil [ -e %q ]; do sleep 0.05; done\nexec %q "$@"\n' "$T/go" "$program" >"$T/slow"
install "$T/slow"
(daemon_upgrade) >"$T/said" &
under_way=$!
soon 10 eval 'ask status | grep -q "\"upgrade\":\"under way\""'
check_match "a second upgrade at once is refused" "$(daemon_upgrade)" 'a new process \(pid [0-9]+\) is being started already'
daemon_stop
check_eq "a daemon that is told to end meanwhile does: exit status 0" $? 0
touch "$T/go"
check_said "and so does the other, without serving" 'the daemon that started this process has ended and not handed over'
wait $under_way
check_eq "who has asked for it is told" "$?$(grep -c '^pvring upgrade: ' "$T/said")" 11
install "$program"
daemon_start
nr_before[1/xvda]=
check "the next one takes up what there is" soon 30 is_serving 1 xvda
load_stop guest
check_verified "the guest has noticed nothing of all that" guest
daemon_test_end
