# SPDX-License-Identifier: MIT
# How rows and places are called; lines that end in words.
function row_load(row,    part, kind) {
	split(row, part, "/")
	kind["read"] = "sequential read"; kind["write"] = "sequential write"; kind["randread"] = "random read"; kind["randwrite"] = "random write"
	return part[2] " " kind[part[1]] ", " part[3] " at once"
}
function row_cache(row) {
	return row ~ /direct$/ ? "O_DIRECT" : "cached"
}
# Of USB controllers: TYPE/BYTES/DEPTH.
function is_usb(row) {
	return row ~ /^(bulk|interrupt)\//
}
function row_title(row,    part) {
	if (!is_usb(row))
		return row_load(row) ", " row_cache(row)
	split(row, part, "/")
	return "USB, " part[2] (part[2] ~ /k$/ ? "" : " bytes") " and back by " part[1] " transfers, " part[3] " at once"
}
function place_title(place) {
	title["xen"] = "Xen under QEMU"
	title["front-blkd"] = "drivers, blkd"
	title["front-blkback"] = "drivers, blkback"
	return place in title ? title[place] : "loopxen"
}
# Measured without Xen, where it is known what else the machine did.
function is_here(place) {
	return place == "loopxen" || place == "usb"
}
function block_bytes(row,    part) {
	split(row, part, "/")
	return part[2] * (part[2] ~ /k$/ ? 1024 : 1)
}
# Of networks: DIRECTION/FRAME on loopxen, DIRECTION/LOAD on Xen.
function net_title(row,    part, what) {
	split(row, part, "/")
	what["send"] = "a guest sends"; what["receive"] = "a guest receives"
	what["out"] = "out of a guest"; what["in"] = "into a guest"; what["between"] = "from guest to guest"
	what["joined"] = "from guest to guest, joined to each other"
	if (part[1] == "send" || part[1] == "receive")
		return what[part[1]] " frames of " (part[2] == "64k" ? "64k, to be cut" : part[2] " bytes")
	return (part[2] == "stream" ? "TCP " : "UDP in frames of " part[2] " bytes ") what[part[1]]
}
# Ways to replace a daemon.
function gap_title(how,    what) {
	what["nothing"] = "nothing is done"; what["sigterm"] = "SIGTERM, and started again"
	what["kill"] = "kill -9, and started again"; what["upgrade"] = "pvring upgrade"
	return what[how]
}
function net_peer(place) {
	return place == "xen" ? "netback" : "bare"
}
# The line from its word after these on.
function rest(nr_words,    text) {
	text = $0
	while (nr_words-- > 0)
		sub(/^[^ ]+ /, "", text)
	return text
}
