#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# The USB daemon's k-th allocation fails, from its start to its end, for every k until none fails any more.
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/usb.sh
. tests/daemon/usb_sweep.bash

sweep_begin
sweep memory --threads 1
daemon_start
daemon_test_end
