#!/bin/bash
# SPDX-License-Identifier: MIT
# What `make mutation` breaks for Xen's advisories is there to be broken: each of those lines stands in its file.
set -u
. tests/lib/tap.sh

check "each line that an advisory is about is there" tests/conform/mutate --list-advisories

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tests/conform" "$tree/backend/blk"
cp tests/conform/mutate tests/conform/mutants.advisories "$tree/tests/conform/"
touch "$tree/backend/blk/io.c"
check_match "one that is not is found" "$("$tree/tests/conform/mutate" --list-advisories 2>&1)" \
	'^mutants.advisories: not in backend/blk/io.c: plan'
done_testing
