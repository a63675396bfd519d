# SPDX-License-Identifier: MIT
# How rows and places are called; lines that end in words.
function row_load(row,    part, kind) {
	split(row, part, "/")
	kind["read"] = "sequential read"; kind["write"] = "sequential write"; kind["randread"] = "random read"
	return part[2] " " kind[part[1]] ", " part[3] " at once"
}
function row_cache(row) {
	return row ~ /direct$/ ? "O_DIRECT" : "cached"
}
function row_title(row) {
	return row_load(row) ", " row_cache(row)
}
function place_title(place) {
	return place == "xen" ? "Xen under QEMU" : "loopxen"
}
function block_bytes(row,    part) {
	split(row, part, "/")
	return part[2] * 1024
}
# The line from its word after these on.
function rest(nr_words,    text) {
	text = $0
	while (nr_words-- > 0)
		sub(/^[^ ]+ /, "", text)
	return text
}
