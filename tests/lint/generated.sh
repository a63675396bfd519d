#!/bin/bash
# SPDX-License-Identifier: MIT
# What a script makes and is kept all the same is what that script makes: docs/clauses.md and the diagrams.
set -u
. tests/lib/tap.sh

differs() { # FOLDER: files of docs/diagrams that its make.py makes otherwise, or not at all
	cp "$1/make.py" "$T/"
	(cd "$T" && python3 make.py && rm make.py)
	diff -rq -x make.py "$1" "$T"
}

T=$(mktemp -d)
tree=$(mktemp -d)
trap 'rm -rf "$T" "$tree"' EXIT

check_eq "docs/clauses.md is what tests/conform/clauses writes" "$(tests/conform/clauses | diff - docs/clauses.md)" ""
if command -v python3 >"$T/python3"; then
	rm "$T/python3"
	check_eq "the diagrams are what docs/diagrams/make.py draws" "$(differs docs/diagrams)" ""
	cp docs/diagrams/* "$tree/"
	sed -i 's/Closing/Clasing/' "$tree/states.svg"
	check_eq "one that was changed by hand is found" "$(differs "$tree" | grep -c states.svg)" 1
else
	skip "the diagrams are what docs/diagrams/make.py draws" "there is no python3"
fi
done_testing
