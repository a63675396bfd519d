#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 3600
# files: tests/daemon/takeover.sh
# 200 daemons killed under load (tests/daemon/takeover.sh).
nr_kills=200
. tests/daemon/takeover.sh
