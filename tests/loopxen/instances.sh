#!/bin/bash
# SPDX-License-Identifier: MIT
# Instances: several at once, without privilege, started twice, died; and what the command says when it can not.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/puppets.sh

loopxen_start
first=$LOOPXEN_DIR
second=$(mktemp -d "${TMPDIR:-/tmp}/lx.XXXXXX")
trap 'LOOPXEN_DIR=$second "$loopxen" down 2>/dev/null; LOOPXEN_DIR=$first; rm -rf "$second"; loopxen_stop' EXIT

check_match "a second start in one directory is refused" "$("$loopxen" up 2>&1)" "an instance is already up in $first"
LOOPXEN_DIR=$second
sees_the_end() { # COMMAND...: of a pipe that the command inherits
	"$@" 9>&1 >/dev/null 2>&1 | timeout 20 cat
}
check "another directory is another instance, which keeps nothing open of its caller" sees_the_end "$loopxen" up
check "with a domain of its own, which does not either" sees_the_end "$loopxen" domain create 7
dom0 xenstore-write /test/where second
LOOPXEN_DIR=$first
check_eq "the first knows nothing of it" "$(dom0 xenstore-exists /test/where; echo $?)" 1
check_match "nor of its domain" "$(domu 7 true 2>&1)" "there is no domain 7"

# messages for somebody who is new here
check_match "no such command" "$("$loopxen" fly 2>&1)" "no command 'fly'"
check_match "no such domain to run in" "$(domu 9 true 2>&1)" "make it with 'loopxen domain create 9'"
check_match "a domain that is no number" "$("$loopxen" domain create x1 2>&1)" "'x1' is no domain: expected a number from 1 to"
check_match "domain 0 is not destroyed" "$("$loopxen" domain destroy 0 2>&1)" "loopxen down"
check_eq "a program that is not there exits 127" "$(dom0 no-such-program 2>/dev/null; echo $?)" 127
check_eq "a program's exit status is its own" "$(dom0 sh -c 'exit 42'; echo $?)" 42
check_match "status names the domains" "$("$loopxen" status)" "domain 0: alive"
check_match "a program without an instance is told" \
	"$(LOOPXEN_DIR=$first/nowhere LD_LIBRARY_PATH=${loopxen%/*}/loopxen-lib "${loopxen%/*}/tests/loopxen/puppet" 2>&1)" \
	"no instance answers in $first/nowhere .*start one with 'loopxen up'"
LOOPXEN_DIR=$first/nowhere "$loopxen" check >/dev/null 2>&1
check_eq "check without an instance exits 2" $? 2

bus_pid() {
	"$loopxen" status | sed -n 's/^process: loopxen-bus (pid \([0-9]*\)).*/\1/p'
}
is_gone() { # PID
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"
}

# the end
LOOPXEN_DIR=$second
pids=$("$loopxen" status | sed -n 's/.*pid \([0-9]*\).*/\1/p')
dom0_start xenstore-watch /test >"$first.watch"
check "somebody watches" wait_until 30 test -s "$first.watch"
rm "$first.watch"
echo mine >"$second/notes"
mkdir "$second/kept"
echo mine >"$second/store/notes"
check "down" "$loopxen" down
check_eq "what others keep in the directory stays, and nothing else" "$(cd "$second" && find . -type f | sort | tr '\n' ' ')" \
	"./notes ./store/notes "
check "an instance starts in a directory that is in use" "$loopxen" up
check "down" "$loopxen" down
rm -r "$second"/{notes,kept,store}
check "or is empty" "$loopxen" up
check "down once more" "$loopxen" down
check_eq "the directory is gone" "$(ls -d "$second" 2>/dev/null)" ""
ended() {
	local pid
	for pid in $pids; do
		is_gone "$pid" || return 1
	done
}
check "everything it had started has ended" wait_until 20 ended
LOOPXEN_DIR=$first
check_eq "the first goes on" "$(dom0 xenstore-read /local/domain/0/name)" Domain-0

# started by somebody who ignores signals
mkdir "$second"
LOOPXEN_DIR=$second
deaf() {
	(trap '' TERM CHLD HUP && "$@")
}
check "up for somebody who ignores signals" deaf "$loopxen" up
deaf "$loopxen" domain create 7
pids=$("$loopxen" status | sed -n 's/.*pid \([0-9]*\).*/\1/p')
check "down" timeout -k 1 60 "$loopxen" down
check "ends all the same" wait_until 20 ended

# started with few descriptors, and more processes than those would do for
mkdir "$second"
few() {
	(ulimit -Sn 32 && "$@")
}
check "up with few descriptors" few "$loopxen" up
mkfifo "$second/in"
exec {in}<>"$second/in"
crowd=()
for _ in $(seq 24); do
	dom0_start "${loopxen%/*}/tests/loopxen/puppet" <"$second/in" >>"$second/out" 2>&1
	crowd+=("$started")
done
all_answered() {
	[ "$(grep -c . "$second/out")" -ge 24 ]
}
wait_until 30 all_answered
check_eq "24 processes join" "$(grep -c '^ok' "$second/out")" 24
for pid in "${crowd[@]}"; do
	end_started "$pid"
done
exec {in}>&-
rm "$second"/{in,out}
"$loopxen" down

# a reaper that died
mkdir "$second"
"$loopxen" up >/dev/null
"$loopxen" domain create 7
bus=$(bus_pid)
reaper=$("$loopxen" status | sed -n 's/^reaper: pid //p')
kill -KILL "$reaper"
died() {
	"$loopxen" status 2>&1 | grep -q "has died"
}
check "a died instance is recognised" wait_until 20 died
check "its bus processes end" wait_until 20 is_gone "${bus:?}"
check "a died instance is taken down" "$loopxen" down
check_eq "the directory is gone" "$(ls -d "$second" 2>/dev/null)" ""
"$loopxen" up >/dev/null
kill -KILL "$("$loopxen" status | sed -n 's/^reaper: pid //p')"
wait_until 20 died

# an `up` that has the lock and no reaper yet
lock_hold "$second/lock" F_WRLCK 0 0
check_match "an instance that is just starting is not taken down" "$("$loopxen" down 2>&1)" "just starting in $second"
lock_release "$locker"

race() { # how many of four succeed
	local i pids=() won=0
	for i in 1 2 3 4; do
		"$loopxen" up >/dev/null 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && won=$((won + 1))
	done
	echo "$won"
}
check_eq "of four who replace it at once one does" "$(race)" 1
check_eq "which works" "$(dom0 xenstore-read /local/domain/0/name)" Domain-0

# a process that outlives its instance, and gives back what it had when the next one is there
puppet old 0
kill -KILL "$("$loopxen" status | sed -n 's/^reaper: pid //p')"
wait_until 20 died
"$loopxen" up >/dev/null
puppet new 0
tell new alloc 0
port=$said
end_puppet old
puppet peer 0
tell peer bind 0 "$port"
tell peer notify "$said"
check_tell "a process of the last instance ends without harm to this one" "$port" new wait
end_puppet peer
end_puppet new
"$loopxen" down

# an `up` that died before there was anything
mkdir "$second"
touch "$second/hv" "$second/lock"
check "what is left of an instance that never was is taken down" "$loopxen" down
check_eq "its directory is gone" "$(ls -d "$second" 2>/dev/null)" ""

# without privilege, with a copy of all that it takes: the tree may be somewhere that others can not reach
copy_of_loopxen() { # DIRECTORY
	local xenstored root
	LOOPXEN_DIR=$first
	xenstored=$(dom0 sh -c 'command -v xenstored') || return
	LOOPXEN_DIR=$second
	root=${xenstored%/usr/*/xenstored}
	mkdir -p "$1/xen/root" && cp -r "$loopxen" "${loopxen%/*}/loopxen-lib" "$1" || return
	[ -z "$root" ] || (
		shopt -s nullglob
		cd "$root" && cp -L --parents usr/lib/xen-*/bin/xenstored usr/bin/xenstore* usr/lib/*/libxen*.so* "$1/xen/root"
	) || return
	chmod -R go=u,go-w "$1"
}
unprivileged() {
	setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}
if [ "$(id -u)" != 0 ]; then
	ok "this whole test ran without privilege"
elif mkdir "$second" && chown nobody "$second" && ! unprivileged test -w "$second"; then
	skip "an instance without privilege" "nobody can not reach $second"
else
	copy=$(mktemp -d "${TMPDIR:-/tmp}/lx.XXXXXX")
	check "a copy of loopxen is made" copy_of_loopxen "$copy"
	check "nobody starts an instance" unprivileged "$copy/loopxen" up
	check "creates a domain" unprivileged "$copy/loopxen" domain create 1
	check_eq "runs a program in it" "$(unprivileged "$copy/loopxen" run --domid 1 -- xenstore-read domid)" 1
	check "is clean" unprivileged "$copy/loopxen" check
	check "and takes it down" unprivileged "$copy/loopxen" down
	rm -rf "$copy"
fi
LOOPXEN_DIR=$first
check_clean
done_testing
