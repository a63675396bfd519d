#!/bin/bash
# SPDX-License-Identifier: MIT
# Text as it should be: no blanks at the end of a line, a newline at the end of a file, no notes to oneself, C within
# 120 columns, and what names its interpreter may be executed.
set -u
. tests/lib/tap.sh

notes='TO''DO|FIX''ME|XX''X|HA''CK'

files() { # TREE: text files
	(cd "$1" && find . \( -path './build*' -o -path './.git' -o -path './LICENSES' -o \
		-path './tests/fuzz/corpus' \) -prune -o -type f -print0 |
		xargs -0 grep -IlZ . | xargs -0 -n1 | sed 's|^\./||' | LC_ALL=C sort)
}

lines() { # FILE...
	LC_ALL=C awk -v notes="(^|[^[:alnum:]_])($notes)([^[:alnum:]_]|$)" '
		function offence(what) { print substr(FILENAME, 3) ":" FNR ": " what }
		function columns(text,    i, n) {
			gsub(/[\200-\277]/, "", text) # what follows the first byte of a UTF-8 character
			for (i = 1; i <= length(text); i++) n += substr(text, i, 1) == "\t" ? 8 - n % 8 : 1
			return n
		}
		/[ \t\r]$/ { offence("blanks at the end") }
		$0 ~ notes { offence("a note to oneself") }
		FILENAME ~ /\.[ch]$/ && length > 70 && columns($0) > 120 { offence(columns($0) " columns") }' "${@/#/./}"
}

offences() { # TREE
	local list
	mapfile -t list < <(files "$1")
	(
		cd "$1" || exit
		lines "${list[@]}"
		for file in "${list[@]}"; do
			[ -z "$(tail -c 1 -- "$file")" ] || echo "$file: no newline at the end"
			[ "$(head -c 2 -- "$file")" != '#!' ] || [ -x "$file" ] || echo "$file: a script that is not executable"
		done
	)
}

check_eq "text is as it should be" "$(offences .)" ""

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
printf 'int x; \n/* %s: later */\n\t%s\nint y;' 'TO''DO' "$(printf '%0113d' 0)" >"$tree/x.c"
printf '#!/bin/sh\n' >"$tree/x.sh"
check_eq "what is not is found" "$(offences "$tree")" "x.c:1: blanks at the end
x.c:2: a note to oneself
x.c:3: 121 columns
x.c: no newline at the end
x.sh: a script that is not executable"
done_testing
