#!/bin/bash
# SPDX-License-Identifier: MIT
# No function is defined twice in what all programs are linked from: which of the two a program got would depend on the
# order of the archive's members.
set -u
. tests/lib/tap.sh

defined_twice() { # ARCHIVE
	nm -A "$1" 2>/dev/null | awk '$2 == "T" { print $3 }' | LC_ALL=C sort | uniq -d
}

archive=${O:-build}/libpvring.a
make -s "$archive" >&2
check_match "there are functions" "$(nm "$archive" 2>/dev/null | grep -c ' T ')" '^[1-9]'
check_eq "each is defined once" "$(defined_twice "$archive")" ""
done_testing
