#!/bin/bash
# SPDX-License-Identifier: MIT
# Debian's xenconsoled and xenconsole, with a guest's console at the other end.
# shellcheck disable=SC2317,SC2119 # functions are called through check and wait_until
. tests/lib/tap.sh
. tests/lib/loopxen.sh

loopxen_start
"$loopxen" domain create 1
dir=$LOOPXEN_DIR
dom0_start xenconsoled -i --pid-file="$dir/xenconsoled.pid" >"$dir/xenconsoled.log" 2>&1
daemon=$started
has_tty() {
	[ -n "$(dom0 xenstore-read /local/domain/1/console/tty)" ]
}
check "xenconsoled makes a terminal for the domain" wait_until 30 has_tty

domu_start 1 "${O:-build}/tests/loopxen/guest_console" >"$dir/guest.log" 2>&1
guest=$started
mkfifo "$dir/in"
exec {to}<>"$dir/in"
dom0_start xenconsole --interactive 1 <"$dir/in" >"$dir/out" 2>"$dir/xenconsole.log"
client=$started
check "xenconsole shows what the guest says" wait_until 30 grep -q "hello from the guest" "$dir/out"
echo "how do you do" >&"$to"
check "the guest hears what xenconsole is told" wait_until 30 grep -q "heard: how do you do" "$dir/out"
echo quit >&"$to"
left() {
	! kill -0 "$guest"
}
check "the guest leaves" wait_until 30 left
[ ! -s "$dir/xenconsole.log" ] || sed 's/^/# /' "$dir/xenconsole.log"
exec {to}>&-
end_started "$client"

check_match "xenconsoled holds the console meanwhile" "$("$loopxen" check)" "mapped: grant 0 of domain 1, by xenconsoled"
check "the domain is destroyed" "$loopxen" domain destroy 1
released() {
	! "$loopxen" check | grep -q "domain 1"
}
check "xenconsoled gives the console back" wait_until 30 released
end_started "$daemon"
check_clean
done_testing
