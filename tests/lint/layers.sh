#!/bin/bash
# SPDX-License-Identifier: MIT
# Every #include "..." goes where tests/layers lets it go, and every folder with C in it is listed there; of tests/ only the
# suite's, which is installed.
set -u
. tests/lib/tap.sh

sources() { # TREE
	(cd "$1" && find . \( -path './build*' -o -path './.git' -o -path './tests/*' ! -path './tests/conform*' \) -prune -o \
		-name '*.[ch]' -printf '%P\n')
}

# What breaks a rule, one per line; nothing if all is well.
offences() { # TREE
	sources "$1" | LC_ALL=C sort | (cd "$1" && awk '
		FILENAME == "tests/layers" {
			if (/^#/ || NF == 0) next
			folder = $1
			sub(/:$/, "", folder)
			listed[folder] = 1
			may[folder, folder] = 1
			for (i = 2; i <= NF; i++) may[folder, $i] = 1
			next
		}
		{
			file = $0
			folder = file
			sub(/\/[^\/]*$/, "", folder)
			if (!listed[folder]) { print file ": its folder is not in tests/layers"; next }
			while ((getline line < file) > 0) {
				if (line !~ /^[ \t]*#[ \t]*include[ \t]*"/) continue
				split(line, part, "\"")
				target = part[2]
				if (target !~ /\//) target = "./" target
				sub(/\/[^\/]*$/, "", target)
				if (!((folder, target) in may)) print file ": may not include \"" part[2] "\""
			}
			close(file)
		}' tests/layers -)
}

check_eq "every include follows tests/layers" "$(offences .)" ""

# The same check, on a tree in which it must find something.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
planted() { # FILE INCLUDE: what is said about a file with that include
	mkdir -p "$tree/${1%/*}" "$tree/tests"
	cp tests/layers "$tree/tests/layers"
	printf '#include <stdio.h>\n#include "%s"\n' "$2" >"$tree/$1"
	offences "$tree"
	rm "$tree/$1"
}
check_eq "an upward include is found" "$(planted common/base/x.c xenbus/node.h)" \
	'common/base/x.c: may not include "xenbus/node.h"'
check_eq "the ring includes nothing of ours" "$(planted common/ring/x.h common/base/log.h)" \
	'common/ring/x.h: may not include "common/base/log.h"'
check_eq "a sideways include is found" "$(planted frontend/user/x.c backend/core/loop.h)" \
	'frontend/user/x.c: may not include "backend/core/loop.h"'
check_eq "an include not from the top of the tree is found" "$(planted xenbus/x.c node.h)" \
	'xenbus/x.c: may not include "node.h"'
check_eq "a folder that is not listed is found" "$(planted backend/odd/x.c common/base/log.h)" \
	'backend/odd/x.c: its folder is not in tests/layers'
check_eq "a case that looks past the suite's peer is found" "$(planted tests/conform/backend/x.c common/ring/back.h)" \
	'tests/conform/backend/x.c: may not include "common/ring/back.h"'
check_eq "other tests include what they like" "$(planted tests/unit/x.c xenbus/node.h)" ""
check_eq "a downward include is nothing to report" "$(planted backend/core/x.c common/ring/back.h)" ""
done_testing
