#!/bin/bash
# SPDX-License-Identifier: MIT
# The hotplug script vif-pvring, and what it does for the tap of an HVM guest's emulated card, in a network of its own.
# shellcheck disable=SC2317 # functions are called through check
. tests/lib/tap.sh
. tests/lib/loopxen.sh

loopxen_start
"$loopxen" domain create 2
back=/local/domain/0/backend/vif/2/0

netns=(unshare -n)
[ "$(id -u)" -eq 0 ] || netns+=(-r)
tap_script() { # COMMANDS: with the tap vif2.0-emu and the bridge br7, both the script's alone
	dom0 "${netns[@]}" sh -c '
		ip link add br7 mtu 1400 type bridge && ip tuntap add dev vif2.0-emu mode tap || exit
		export XENBUS_PATH=backend/vif/2/0 INTERFACE=vif2.0-emu vif=vif2.0
		'"$1" 2>&1
}
dom0 xenstore-write $back/state 2 $back/feature-rx-copy 1 $back/bridge br7 $back/vifname vif2.0
if ! tap_script : >/dev/null; then
	skip "the tap of an emulated card" "needs a network namespace with a bridge and a tap, and may not make one"
else
	check_match "it is joined to the bridge, which is what its MTU comes from" \
		"$(tap_script 'dist/vif-pvring add type_if=tap && ip -o link show vif2.0-emu')" \
		'vif2.0-emu: <[^>]*UP[^>]*> mtu 1400 .*master br7 .*fe:ff:ff:ff:ff:ff'
	check_match "and parted from it" "$(tap_script 'dist/vif-pvring add type_if=tap
		dist/vif-pvring remove type_if=tap && ip -o link show vif2.0-emu | grep -v master')" 'vif2.0-emu: '
	check_eq "or has gone with its QEMU" \
		"$(tap_script 'ip link del vif2.0-emu; dist/vif-pvring remove type_if=tap; echo $?')" 0
	dom0 xenstore-write $back/vifname lan $back/mtu 1300
	check_match "it is called and as wide as the device's interface" \
		"$(tap_script 'dist/vif-pvring add type_if=tap && ip -o link show lan-emu')" 'lan-emu: .* mtu 1300 .*master br7 '
	dom0 xenstore-write $back/vifname fifteen-letters
	check_match "a name that is too long with the ending" "$(tap_script 'dist/vif-pvring add type_if=tap || echo $?')" \
		'vif-pvring: ip link set dev vif2.0-emu name fifteen-letters-emu: .*'$'\n''1$'
	dom0 xenstore-write $back/bridge br8
	dom0 xenstore-rm $back/mtu
	check_match "a bridge that is not there" "$(tap_script 'dist/vif-pvring add type_if=tap || echo $?')" 'no bridge br8.*1$'
	check_eq "libxl is told" "$(dom0 xenstore-read $back/hotplug-status $back/hotplug-error | tr '\n' ' ')" \
		"error there is no bridge br8 "
fi

# ---- the device itself ---------------------------------------------------------------------------------------------

script() { # WORD...
	dom0 env PATH="$(realpath "${O:-build}"):$PATH" XENBUS_PATH=backend/vif/2/0 vif=vif2.0 dist/vif-pvring "$@" 2>&1
}
check_match "words that libxl does not use" "$(script add type_if=vif)" "'add type_if=vif' is not known"
dom0 xenstore-write $back/feature-rx-copy 1 $back/hotplug-status "" $back/vifname vif2.0
check_eq "online: the daemon's verdict" "$(script online type_if=vif; echo $?)" 0
check_eq "is passed on" "$(dom0 xenstore-read $back/hotplug-status)" connected
check_eq "offline has nothing to do" "$(script offline type_if=vif; echo $?)" 0
dom0 xenstore-rm $back
check_match "without a device" "$(script online type_if=vif; echo $?)" $'vif/2/0/state is gone.*\n1$'
check_clean
done_testing
