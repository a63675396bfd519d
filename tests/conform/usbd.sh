#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 300
# The conformance suite against pvring-usbd.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/conform/conform.bash
usbd=$(realpath "${PVRING_USBD:-${O:-build}/pvring-usbd}")
conform_class=usb

suite() {
	mkdir "$T/run"
	conform_backend pvring-usbd "exec $usbd --control $T/run/usbd.sock --log error" --shuffle
}

conform_in_parts 2 suite
done_testing
