#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# The daemon's k-th allocation fails, from its start to its end, for every seventh k until none fails any more
# (tests/long/faults_memory.sh: for every k).
. tests/lib/tap.sh
. tests/lib/loopxen.sh
. tests/lib/daemon.sh
. tests/daemon/sweep.bash

sweep_begin
sweep_step=7
sweep memory --threads 1
daemon_start
daemon_test_end
