#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 900
# The rows of the table of bad inputs that take minutes.
export BAD_INPUT_TABLE=tests/long/bad_input.table
exec tests/daemon/bad_input.sh
