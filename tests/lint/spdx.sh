#!/bin/bash
# SPDX-License-Identifier: MIT
# Every source and every script says its licence in its first lines, and the right one for its folder.
set -u
. tests/lib/tap.sh

files() { # TREE: sources, scripts and what is installed
	(cd "$1" && find . \( -path './build*' -o -path './.git' -o -path './LICENSES' \) -prune -o -type f -printf '%P\n') |
		while IFS= read -r file; do
			case $file in
			*.c | *.h | *.S | *.sh | *.mk | *.py | *.awk | *Makefile | *Kbuild | dist/*) echo "$file" ;;
			*) [ "$(head -c 2 -- "$1/$file" | tr -d '\0')" != '#!' ] || echo "$file" ;;
			esac
		done
}

licence_of() { # FILE: what its folder asks for
	case $1 in
	common/ring/*) echo 'MIT OR GPL-2.0-only' ;;
	frontend/linux/* | tests/ring/kernel/*) echo 'GPL-2.0-only' ;;
	*) echo 'MIT' ;;
	esac
}

offences() { # TREE
	files "$1" | LC_ALL=C sort | while IFS= read -r file; do
		said=$(head -3 -- "$1/$file" | sed -n 's/.*SPDX-License-Identifier: *\([A-Za-z0-9. -]*[A-Za-z0-9]\).*/\1/p')
		[ "$said" = "$(licence_of "$file")" ] || echo "$file: '$said', not '$(licence_of "$file")'"
	done
}

check_eq "every file says its licence" "$(offences .)" ""

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/common/ring" "$tree/bin"
echo '/* SPDX-License-Identifier: MIT */' >"$tree/common/ring/x.h"
printf '#!/bin/sh\necho\n' >"$tree/bin/x"
printf '#!/bin/sh\n# SPDX-License-Identifier: MIT\n' >"$tree/bin/good"
check_eq "a missing and a wrong one are found" "$(offences "$tree")" \
	"bin/x: '', not 'MIT'
common/ring/x.h: 'MIT', not 'MIT OR GPL-2.0-only'"
done_testing
