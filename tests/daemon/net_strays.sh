#!/bin/bash
# SPDX-License-Identifier: MIT
# Interfaces whose devices went while no daemon ran: they are taken away, and nothing else is.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/net.sh
net_test_begin 1
"$loopxen" domain create 2

owner_of() { # INTERFACE
	ip -o link show "$1" 2>/dev/null | sed -n 's/.*alias \([^\\]*[^\\ ]\).*/\1/p'
}

leave_stray() { # DOMID NAME: of its device 0, with no daemon; none runs afterwards
	dom0 "$pvring" attach vif "$1" --devid 0 --bridge br0 --vifname "$2" >/dev/null
	daemon_stop
	dom0 "$pvring" detach vif "$1" 0 --force >/dev/null 2>&1
	check_eq "an interface that outlives its device: $2" "$(owner_of "$2")" "pvring vif $1/0"
}

# ---- at the start --------------------------------------------------------------------------------------------------

dom0 "$pvring" attach vif 1 --devid 1 --bridge br0 >/dev/null
ip link add other type veth
ip link set other alias "pvring-like vif 1/0"
ip link add others type bridge
ip link set others alias "pvring vif 1/0"
leave_stray 1 stray0
log_begin
lock_hold "$T/run/journal/vif-1-0" F_WRLCK 0 0
daemon_start
check "one that another daemon is not done with stays" owner_of stray0
check_eq "and nothing is said" "$(times_said stray0)" 0
daemon_stop
lock_release $locker
daemon_start --guest 2
check_eq "so does one of a guest that is not ours" "$(owner_of stray0)" "pvring vif 1/0"
daemon_stop
daemon_start --threads 2
check "one that belongs to nobody is gone" eval '! ip link show stray0'
check_eq "which is said once" "$(times_said 'interface stray0: removed, .* vif 1/0')" 1
check_eq "that of a device that there is stays" "$(owner_of vif1.1)" "pvring vif 1/1"
check "so does what only looks like ours" eval 'ip link show other && ip link show others'

# ---- journals ------------------------------------------------------------------------------------------------------

journals_of() { # DOMID-DEVID: how many files
	find "$T/run/journal" -name "vif-$1" -o -name "vif-$1-*" | wc -l
}

check_eq "its journals went with it" "$(journals_of 1-0)" 0
check_eq "those of a device that there is stay" "$(journals_of 1-1)" 1
check_guest_up "a guest has two queues and a control ring" --devid 1 --queues 2 --hash --static
check_eq "each with a journal, and what it has set and registered" "$(journals_of 1-1)" 7
daemon_stop
guest_down
dom0 "$pvring" detach vif 1 1 --force >/dev/null 2>&1
touch "$T/run/journal/vif-1-1-x" "$T/run/journal/vbd-1-1"
lock_hold "$T/run/journal/vif-1-1" F_WRLCK 0 0
daemon_start
check_eq "those that another daemon holds stay" "$(journals_of 1-1)" 8
daemon_stop
lock_release $locker
daemon_start --guest 2
check_eq "so do those of a guest that is not ours" "$(journals_of 1-1)" 8
daemon_stop
daemon_start
check_eq "all of one that is no more go" "$(ls "$T/run/journal")" "vbd-1-1
vif-1-1-x"
check_eq "which is said once" "$(times_said 'journal/vif-1-1: removed, its device is no more')" 1
rm "$T/run/journal/vif-1-1-x" "$T/run/journal/vbd-1-1"
check "a vif stands in its place" dom0 "$pvring" attach vif 1 --devid 1 --bridge br0

# ---- when its name is asked for ------------------------------------------------------------------------------------

leave_stray 1 lan0
log_begin
daemon_start --guest 2
check "another device asks for the name of one that belongs to nobody" \
	dom0 "$pvring" attach vif 2 --devid 0 --bridge br0 --vifname lan0
check_eq "and has it" "$(owner_of lan0)" "pvring vif 2/0"
check_eq "which is said once" "$(times_said 'interface lan0: taken over, .* vif 1/0')" 1
check_match "the name of one whose device there is, is refused" \
	"$(dom0 "$pvring" attach vif 2 --devid 1 --bridge br0 --vifname vif1.1 2>&1); $?" \
	'interface vif1.1: there is one already, of pvring vif 1/1.*; 1$'
check_eq "and it stays" "$(owner_of vif1.1)" "pvring vif 1/1"
daemon_stop
daemon_start
dom0 "$pvring" detach vif 2 0 >/dev/null
dom0 "$pvring" detach vif 1 1 >/dev/null
daemon_test_end
