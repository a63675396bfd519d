#!/bin/bash
# SPDX-License-Identifier: MIT
# timeout: 1200
# What the conformance suite finds in frontends of USB controllers that break one clause each, and in one that breaks none.
exec tests/conform/violations usb-frontend
