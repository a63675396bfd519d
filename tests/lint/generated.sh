#!/bin/bash
# SPDX-License-Identifier: MIT
# What a script makes and is kept all the same is what that script makes: docs/clauses.md and the diagrams. So is what the
# suite knows of the text: which clauses are a SHOULD.
set -u
. tests/lib/tap.sh

differs() { # FOLDER: files of docs/diagrams that its make.py makes otherwise, or not at all
	cp "$1/make.py" "$T/"
	(cd "$T" && python3 make.py && rm make.py)
	diff -rq -x make.py "$1" "$T"
}

shoulds_of_text() {
	grep -oE '^\*\*[A-Z]+-[0-9]+ \((backend|frontend|both) SHOULD\)' docs/protocol.md | grep -oE '[A-Z]+-[0-9]+' | sort
}

shoulds_of_suite() {
	sed -n '/^static const char \*const shoulds/,/^}/p' tests/conform/verdict.c | grep -oE '[A-Z]+-[0-9]+' | sort
}

T=$(mktemp -d)
tree=$(mktemp -d)
trap 'rm -rf "$T" "$tree"' EXIT

check_eq "docs/clauses.md is what tests/conform/clauses writes" "$(tests/conform/clauses | diff - docs/clauses.md)" ""
check_eq "the suite knows which clauses are a SHOULD" "$(shoulds_of_suite)" "$(shoulds_of_text)"
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
