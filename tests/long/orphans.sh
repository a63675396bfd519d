#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 600
# A disk that stops answering, and a guest that is destroyed: for a minute.
exec tests/daemon/orphans.sh 60
