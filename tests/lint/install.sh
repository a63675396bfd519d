#!/bin/bash
# SPDX-License-Identifier: MIT
# What make install brings is complete: every document that a man page names is there, and every picture of a document.
. tests/lib/tap.sh

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
check "it installs" make -s O="${O:-build}" install DESTDIR="$tree" PREFIX=/usr

missing() { # TREE
	local page file doc=usr/share/doc/pvring
	for page in "$1"/usr/share/man/man*/*; do
		while read -r file; do
			[ -f "$1/$file" ] || echo "${page##*/}: $file"
		done < <(sed -n "s|^\\.Pa /\\($doc/[^ ]*\\).*|\\1|p" "$page")
	done
	for page in "$1/$doc"/*.md; do
		while read -r file; do
			[ -f "$1/$doc/$file" ] || echo "${page##*/}: $file"
		done < <(sed -n 's/^!\[.*\](\(.*\))$/\1/p' "$page")
	done
}
check_eq "nothing that is named is missing" "$(missing "$tree")" ""

rm -r "$tree/usr/share/doc/pvring/conformance.md" "$tree/usr/share/doc/pvring/diagrams/ring.svg"
check_eq "what is missing is found" "$(missing "$tree" | tr '\n' ';')" \
	"pvring-conform.1: usr/share/doc/pvring/conformance.md;protocol.md: diagrams/ring.svg;"
done_testing
