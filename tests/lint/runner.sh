#!/bin/bash
# SPDX-License-Identifier: MIT
# tests/run itself: only what says so has passed, and when it is interrupted nothing goes on.
# shellcheck disable=SC2317 # functions are called through check and wait_until
. tests/lib/tap.sh

T=$(mktemp -d "${TMPDIR:-/tmp}/runner.XXXXXX")
trap 'rm -rf "$T"' EXIT

script() { # NAME: a test, its text from stdin
	{
		echo '#!/bin/bash'
		cat
	} >"$T/$1"
	chmod +x "$T/$1"
	echo "$T/$1"
}

run_it() { # TEST...: the totals
	: >"$T/records"
	O=$T/build tests/run "$T/records" "$@" >/dev/null
	tests/run --totals "$T/records" | tail -1
}

check_eq "a pass is one" "$(run_it "$(script good <<<'echo "ok 1 - x"; echo 1..1')")" "1 passed, 0 failed, 0 skipped"
while IFS='|' read -r what passed text; do
	check_eq "$what is a failure" "$(run_it "$(script bad <<<"$text")")" "$passed passed, 1 failed, 0 skipped"
done <<'END'
silence|0|exit 0
a case that failed|0|echo "not ok 1 - x"; echo 1..1
a case missing|1|echo "ok 1 - x"; echo 1..2
a death after the plan|1|echo "ok 1 - x"; echo 1..1; kill -KILL $$
END
skipped=$(script skipped <<<'echo "ok 1 - x # SKIP why"; echo 1..1')
check_eq "a skip is a skip" "$(run_it "$skipped")" "0 passed, 0 failed, 1 skipped"
check_eq "and a failure where it is not allowed" \
	"$(PVRING_REQUIRE=$(basename "$T") run_it "$skipped")" "0 passed, 1 failed, 0 skipped"
check_eq "a test has its time" "$(run_it "$(script slow <<<$'# timeout: 1\nsleep 1000')")" "0 passed, 1 failed, 0 skipped"
long=$(script long <<<$'# timeout: 61\necho "ok 1 - x"; echo 1..1')
short=$(script short <<<$'# timeout: 59\necho "ok 1 - x"; echo 1..1')
: >"$T/records"
check_match "what follows one that might not end in time is begun, if it fits" \
	"$(O=$T/build tests/run -m 1 "$T/records" "$long" "$short")" "^  ok [^/]*$short [^/]*\$"
check_match "and that one is said" "$(tests/run --totals "$T/records"; echo "status $?")" \
	"NOT BEGUN: $long: .*1 passed, 0 failed, 0 skipped.status 0\$"
: >"$T/records"
O=$T/build tests/run -m 1 "$T/records" "$long" >/dev/null
check_match "where there was time for none that is no failure" "$(tests/run --totals "$T/records"; echo "status $?")" \
	"NOT BEGUN: $long: .*0 passed, 0 failed, 0 skipped.status 0\$"
: >"$T/records"
check_match "but nothing at all is one" "$(tests/run --totals "$T/records"; echo "status $?")" "0 passed, .*status 1\$"

many=$(script many <<<'echo "not ok 1 - x"; echo "# the cause"; seq -f "# %g" 100; echo 1..1')
check_match "the cause of the first failure is shown" "$(O=$T/build tests/run "$T/records" "$many")" '# the cause'

slow=$(script slow <<<"echo \$\$ >$T/pid; sleep 1000 & echo \$! >$T/child; wait")
set -m # a group of its own, in which SIGINT is not ignored
O=$T/build tests/run -j 2 "$T/records" "$slow" "$slow" >/dev/null &
runner=$!
wait_until 10 test -s "$T/child"
kill -INT -- -$runner
wait $runner
check_eq "interrupted, it leaves with 130" $? 130
is_over() { # FILE with a pid
	! kill -0 "$(cat "$1")"
}
check "the test has ended with it" wait_until 10 is_over "$T/pid"
check "and what the test had started" wait_until 10 is_over "$T/child"
done_testing
