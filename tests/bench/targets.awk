# SPDX-License-Identifier: MIT
# What pvring is meant to reach, against the lines of summary.awk (use with words.awk and stats.awk): "target met|missed WHAT: HOW MUCH".
function verdict(is_met, what, got) {
	print "target " (is_met ? "met" : "missed") " " what ": " got
}
# Of a row that this run has.
function times(place, row, peer, least,    got) {
	if (!rounds[place, row, "pvring"])
		return
	got = ratio_of(rounds[place, row, "pvring"], rounds[place, row, peer])
	verdict(got >= least, place_title(place) ", " row_title(row) ": at least " least " times " peer,
		got ? sprintf("%.2f (%.2f to %.2f)", got, ratio_low, ratio_high) : "not measured")
}
# The same of networks.
function carries(place, row, least,    got, peer) {
	peer = net_peer(place)
	if (!figures[place, row, "pvring"])
		return 0
	got = ratio_of(figures[place, row, "pvring"], figures[place, row, peer])
	verdict(got >= least, place_title(place) ", " net_title(row) ": at least " least " times " peer,
		got ? sprintf("%.2f (%.2f to %.2f)", got, ratio_low, ratio_high) : "not measured")
	return got
}
function networks(    i, place, row, best) {
	for (i = 1; i <= nr_net; i++) {
		split(net_rows[i], part, " ")
		place = part[1]; row = part[2]
		got = carries(place, row, place == "loopxen" ? 0.7 : row ~ /^joined/ ? 2 : row ~ /stream$/ ? 1 : 0.8)
		if (place == "xen" && got > best)
			best = got
	}
	if (best)
		verdict(best > 1, "Xen under QEMU, networks: better than netback in one at least", sprintf("%.2f", best))
}
$1 == "netsum" {
	figures[$2, $3, $4] = $11
	if ($4 == "pvring" && !($2 == "xen" && $3 ~ /^send/)) # there it is our frontend that is slow
		net_rows[++nr_net] = $2 " " $3
}
$1 == "net-idle" { net_rss = $2; net_cpu = $3; net_seconds = $4 }
$1 == "net-further" { net_further = $2 }
$1 == "sum" {
	rounds[$2, $3, $4] = $14
	if ($2 == "xen" && $4 == "pvring")
		xen_rows[++nr_xen] = $3
	if ($2 == "usb" && $4 == "pvring")
		usb_rows[++nr_usb] = $3
	if ($2 ~ /^front/ && $4 == "pvring")
		fronts[++nr_fronts] = $2 " " $3
}
$1 == "usb-mouse" { wakes = $2; reports = $4 }
$1 == "gapsum" { gaps[$2] = $7 }
$1 == "idle" && $2 == "pvring" { rss = $3; cpu = $4; seconds = $5 }
$1 == "further" && $2 == "pvring" { further = $3 }
END {
	times("loopxen", "randread/4k/32/cached", "qdisk", 3)
	times("loopxen", "randread/4k/32/cached", "fio", 0.5)
	for (i = 1; i <= nr_xen; i++)
		times("xen", xen_rows[i], "blkback", 0.7)
	for (i = 1; i <= nr_fronts; i++) {
		split(fronts[i], part, " ")
		times(part[1], part[2], "stock", 1)
	}
	for (i = 1; i <= nr_usb; i++)
		times("usb", usb_rows[i], "qusb", 2)
	# For what the device says, and for the guest that asks for the next.
	if (reports)
		verdict(wakes <= 2 * (reports + 1), "a mouse: two wake-ups of workers for a report at most", \
			sprintf("%d for %d", wakes, reports))
	if (gaps["upgrade"]) {
		got = ratio_of(gaps["upgrade"], gaps["sigterm"])
		verdict(got && got < 1, "an upgrade: a guest waits for less than for SIGTERM and a start", \
			got ? sprintf("%.2f (%.2f to %.2f)", got, ratio_low, ratio_high) : "not measured")
	}
	if (rss) {
		verdict(rss < 8192, "one idle disk: under 8 MiB resident", sprintf("%.1f MiB", rss / 1024))
		verdict(cpu <= 0.01, "one idle disk: no CPU", sprintf("%.2f s in %d s", cpu, seconds))
	}
	networks()
	if (net_rss)
		verdict(net_cpu <= 0.01, "one idle interface: no CPU", sprintf("%.2f s in %d s", net_cpu, net_seconds))
	if (net_further)
		verdict(net_further < 1536, "each further idle interface: under 1.5 MiB", sprintf("%d KiB", net_further))
	if (further)
		verdict(further < 1024, "each further idle disk: under 1 MiB", sprintf("%d KiB", further))
}
