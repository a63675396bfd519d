# SPDX-License-Identifier: MIT
# tests/daemon/sweep.bash of a USB controller with a stick. Source after usb.sh.
# shellcheck shell=bash disable=SC2317,SC2034,SC2154 # functions are sweep.bash's to call, variables its own
. tests/daemon/sweep.bash

sweep_attach() {
	head -c 64K /dev/zero >"$T/stick"
	attach 1 "fake:storage,$T/stick"
}

sweep_back() {
	usb_back 1
}

sweep_front() {
	usb_front 1
}

sweep_life() {
	usbload_start load.life 1 storage --requests 3 --timeout 5 --io-timeout 10
	load_pid[life]=$started
}

# A stick that fails, or that there was no memory for; a command that fails in the middle leaves no status.
sweep_answered() {
	grep -q '^pvring-usbload: ' "$1" &&
		! grep -vqE '^(stick|blocks|refused): |^pvring-usbload: (.*: (IOERROR|NODEV|STALL|the stick says that it failed)|there is no device, after 5 s)$' "$1"
}
