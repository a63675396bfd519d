#!/bin/bash
# SPDX-License-Identifier: MIT
# Every shell script, as shellcheck sees it.
#
# Left out: SC1091 and SC1090 (what a script sources is looked at by itself), SC2317 (the functions that tests give to
# `check` are reached), SC2034 and SC2154 (variables that cross a `source`), SC2015 and SC2016 (`a && b || c`, and a $
# in single quotes: both are meant), SC2119 and SC2120 (a function with an optional argument).
set -u
. tests/lib/tap.sh

scripts() {
	find . \( -path './build*' -o -path './.git' \) -prune -o -type f -printf '%P\n' | LC_ALL=C sort |
		while IFS= read -r file; do
			case $file in
			*.sh) echo "$file" ;;
			*) ! head -1 -- "$file" | tr -d '\0' | grep -Eq '^#! ?/(usr/)?bin/(env )?(ba)?sh' || echo "$file" ;;
			esac
		done
}

mapfile -t list < <(scripts)
check "${#list[@]} scripts" shellcheck -s bash -e SC1090,SC1091,SC2015,SC2016,SC2034,SC2119,SC2120,SC2154,SC2317 -- "${list[@]}"
check_match "a fault is found" "$(printf '#!/bin/bash\ncd /x\n' | shellcheck - || true)" SC2164
done_testing
