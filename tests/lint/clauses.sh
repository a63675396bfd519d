#!/bin/bash
# SPDX-License-Identifier: MIT
# The clauses of docs/protocol.md and the cases of the conformance suite know each other: every MUST of either side has a
# case for that side, every clause that a case names exists, and a case names the clauses that it fails a peer for. What
# peers make of them is written down.
set -u
. tests/lib/tap.sh

clauses() { # TREE: "ID SIDE WORD TEXT", each in one line
	awk 'BEGIN { RS = "" } { gsub(/\n/, " "); print }' "$1/docs/protocol.md" |
		sed -nE 's/^\*\*([A-Z]+-[0-9]+) \((backend|frontend|both) (MUST|SHOULD|MAY)\)\*\*(.*)/\1 \2 \3\4/p'
}

must() { # SIDE TREE: what it must, as far as its peer can observe it
	clauses "$2" | grep -E "^[^ ]* ($1|both) MUST" | grep -vE "\*Unobservable( of a $1)?:\*" | cut -d ' ' -f 1 | sort -u
}

# Of rows CASE("name", "ID ID", ...), which may take several lines.
named_by_cases() { # SIDE TREE
	cat "$2/tests/conform/$1"/*.c | tr '\n' ' ' | grep -oE 'CASE\("[^"]*", *"[^"]*"' |
		sed -E 's/.*, *"([^"]*)"/\1/' | tr ' ' '\n' | sort -u
}

failed_for() { # SIDE TREE: each clause that the code names alone, as all checks do
	grep -ohE '"[A-Z]+-[0-9]+"' "$2/tests/conform/$1"/*.c | tr -d '"' | sort -u
}

offences() { # TREE
	local side
	for side in backend frontend; do
		must $side "$1" | comm -23 - <(named_by_cases $side "$1") | sed "s/\$/ has no case for a $side/"
		named_by_cases $side "$1" | comm -23 - <(clauses "$1" | cut -d ' ' -f 1 | sort -u) | sed 's/$/ is no clause/'
		failed_for $side "$1" | comm -23 - <(named_by_cases $side "$1") | sed 's/$/ is checked, but no case names it/'
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
check_eq "what does not agree is found" "$(offences "$tree" | tr '\n' ';')" \
	"$(printf '%s;' 'RING-2 has no case for a backend' 'RING-6 has no case for a backend' 'RING-9 is no clause' \
		'BUS-1 is checked, but no case names it' 'GNT-7 is checked, but no case names it' \
		'RING-4 has no case for a frontend' 'RING-8 is no clause' 'BUS-2 is checked, but no case names it' \
		'RING-3 is there twice')"
done_testing
