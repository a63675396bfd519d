#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The conformance suite against pvring-usbload, which is to pass whatever it does.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/conform/conform.bash
# shellcheck disable=SC2034 # of conform.bash
conform_class=usb

suite() {
	export CONFORM_ENTER="$loopxen run --domid 1 --"
	conform_frontend usbload "exec tests/conform/drive-usbload"
}

conform_in_parts 2 suite
done_testing
