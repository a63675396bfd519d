#!/bin/bash
# SPDX-License-Identifier: MIT
# slow
# timeout: 600
# The k-th map, copy or bind of the USB daemon fails, for every k until nothing fails any more: its guest is
# served, told, or served next time; nothing is left, and no sanitizer has anything to say.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh
. tests/daemon/usb_sweep.bash

sweep_begin
for what in map copy bind; do
	sweep $what
	sweep $what:persist
done
daemon_start
daemon_test_end
