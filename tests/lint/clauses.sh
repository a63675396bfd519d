#!/bin/bash
# SPDX-License-Identifier: MIT
# The clauses of docs/protocol.md and the cases of the conformance suite know each other: every MUST of either side has a
# case for that side, every clause that a case names exists, and a case names the clauses that it fails a peer for. Every
# MUST is broken by a scripted peer, or it is written down why not; what one breaks is not unobservable. What peers make of
# them is written down.
set -u
. tests/lib/tap.sh

clauses() { # TREE: "ID SIDE WORD TEXT", each in one line
	awk 'BEGIN { RS = "" } { gsub(/\n/, " "); print }' "$1/docs/protocol.md" |
		sed -nE 's/^\*\*([A-Z]+-[0-9]+) \((backend|frontend|both) (MUST|SHOULD|MAY)\)\*\*(.*)/\1 \2 \3\4/p'
}

bound() { # SIDE TREE WORD: the clauses that it must, or should, keep
	clauses "$2" | grep -E "^[^ ]* ($1|both) $3" | cut -d ' ' -f 1 | sort -u
}

must() { # SIDE TREE
	bound "$1" "$2" MUST
}

unobservable() { # SIDE TREE: those whose peer cannot observe that
	clauses "$2" | grep -E "\*Unobservable( of a $1)?:\*" | cut -d ' ' -f 1 | sort -u
}

violated() { # SIDE TREE: by rows { "CLAUSE[.WAY]", ... } of its table
	sed -nE "/ of_(net_|usb_)?$1\[\] = /,/^};/s/^\t\{ \"([A-Z]+-[0-9]+).*/\1/p" "$2/tests/conform/violate.c" | sort -u
}

# Rows "SIDE CLAUSE # why" of a file; of letters without a number all that the side must keep of that part.
excused() { # FILE SIDE TREE
	local id
	sed -nE "s/^$2 ([A-Z]+(-[0-9]+)?) +# .+/\1/p" "$3/tests/conform/$1" | while read -r id; do
		if [[ $id = *-* ]]; then echo "$id"; else must "$2" "$3" | grep "^$id-"; fi
	done | sort -u
}

unviolated() { # SIDE TREE: for a reason
	excused unviolated "$@"
}

untested() { # SIDE TREE: for a reason
	excused untested "$@"
}

# Of rows CASE("name", "ID ID", ...), which may take several lines.
named_by_cases() { # SIDE TREE
	cat "$2/tests/conform/$1"/*.c | tr '\n' ' ' | grep -oE 'CASE\("[^"]*", *"[^"]*"' |
		sed -E 's/.*, *"([^"]*)"/\1/' | tr ' ' '\n' | sort -u
}

failed_for() { # SIDE TREE: each clause that the code names alone, as all checks do
	grep -ohE '"[A-Z]+-[0-9]+"' "$2/tests/conform/$1"/*.c | tr -d '"' | sort -u
}

offences_of_cases() { # SIDE TREE
	must "$1" "$2" | comm -23 - <(unobservable "$1" "$2") | comm -23 - <(named_by_cases "$1" "$2") |
		comm -23 - <(untested "$1" "$2") | sed "s/\$/ has no case for a $1/"
	named_by_cases "$1" "$2" | comm -12 - <(untested "$1" "$2") |
		sed "s/\$/ has a case for a $1, and somebody says why not/"
	named_by_cases "$1" "$2" | comm -23 - <(clauses "$2" | cut -d ' ' -f 1 | sort -u) | sed 's/$/ is no clause/'
	failed_for "$1" "$2" | comm -23 - <(named_by_cases "$1" "$2") | sed 's/$/ is checked, but no case names it/'
}

offences_of_violations() { # SIDE TREE
	must "$1" "$2" | comm -23 - <(violated "$1" "$2") | comm -23 - <(unviolated "$1" "$2") |
		sed "s/\$/ is broken by no $1, and nobody says why/"
	violated "$1" "$2" | comm -12 - <(unviolated "$1" "$2") | sed "s/\$/ is broken by a $1, and somebody says why not/"
	violated "$1" "$2" | comm -12 - <(unobservable "$1" "$2") | sed "s/\$/ is broken by a $1, and called unobservable/"
	sort -u <(violated "$1" "$2") <(unviolated "$1" "$2") | comm -23 - <(bound "$1" "$2" '(MUST|SHOULD)') |
		sed "s/\$/ is nothing that a $1 must or should/"
}

offences() { # TREE
	local side
	for side in backend frontend; do
		offences_of_cases $side "$1"
		offences_of_violations $side "$1"
	done
	clauses "$1" | cut -d ' ' -f 1 | sort | uniq -d | sed 's/$/ is there twice/'
}

check_eq "clauses and cases agree" "$(offences .)" ""
check_eq "docs/conformance.md is what tests/conform/matrix writes" "$(tests/conform/matrix 2>&1 | diff - docs/conformance.md)" ""

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/docs" "$tree/tests/conform/backend" "$tree/tests/conform/frontend"
cat >"$tree/docs/protocol.md" <<'END'
**RING-1 (backend MUST)** One.

**RING-2 (both MUST)** Two, and
more of it.

**RING-3 (backend SHOULD)** Three.

**RING-4 (frontend MUST)** Four.

**RING-5 (backend MUST)** Five.
*Unobservable:* nobody knows.

**RING-3 (backend MAY)** Again.

**NET-1 (frontend MUST)** Seven.

**RING-6 (both MUST)** Six. *Unobservable of a frontend:* it hides it.
END
cat >"$tree/tests/conform/backend/ring.c" <<'END'
	MUST("BUS-1", false, "");
	must_go_on(front, "GNT-7");
	CASE("a", "RING-1 RING-9",
END
cat >"$tree/tests/conform/frontend/ring.c" <<'END'
	MUST("BUS-2", false, "");
	CASE("b", "RING-2 RING-8",
END
cat >"$tree/tests/conform/violate.c" <<'END'
static const struct violation of_backend[] = {
	{ "RING-1", "does one wrong" },
	{ "RING-3", "does three wrong" },
	{ "RING-4", "does four wrong" },
	{ "RING-5", "does five wrong" },
	{ "RING-6.again", "does six wrong" },
};
static const struct violation of_frontend[] = {
	{ "RING-2", "does two wrong" },
};
END
cat >"$tree/tests/conform/untested" <<'END'
backend RING-1 # says somebody
frontend NET # there are no cases for these
END
cat >"$tree/tests/conform/unviolated" <<'END'
backend RING-2 # nobody would see it
backend RING-6 # nor that
frontend RING-6
END
check_eq "what does not agree is found" "$(offences "$tree")" "RING-2 has no case for a backend
RING-6 has no case for a backend
RING-1 has a case for a backend, and somebody says why not
RING-9 is no clause
BUS-1 is checked, but no case names it
GNT-7 is checked, but no case names it
RING-6 is broken by a backend, and somebody says why not
RING-5 is broken by a backend, and called unobservable
RING-4 is nothing that a backend must or should
RING-4 has no case for a frontend
RING-8 is no clause
BUS-2 is checked, but no case names it
NET-1 is broken by no frontend, and nobody says why
RING-4 is broken by no frontend, and nobody says why
RING-6 is broken by no frontend, and nobody says why
RING-3 is there twice"
done_testing
