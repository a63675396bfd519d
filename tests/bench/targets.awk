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
$1 == "sum" {
	rounds[$2, $3, $4] = $14
	if ($2 == "xen" && $4 == "pvring")
		xen_rows[++nr_xen] = $3
}
$1 == "idle" && $2 == "pvring" { rss = $3; cpu = $4; seconds = $5 }
$1 == "further" && $2 == "pvring" { further = $3 }
END {
	times("loopxen", "randread/4k/32/cached", "qdisk", 3)
	times("loopxen", "randread/4k/32/cached", "fio", 0.5)
	for (i = 1; i <= nr_xen; i++)
		times("xen", xen_rows[i], "blkback", 0.7)
	if (rss) {
		verdict(rss < 8192, "one idle disk: under 8 MiB resident", sprintf("%.1f MiB", rss / 1024))
		verdict(cpu <= 0.01, "one idle disk: no CPU", sprintf("%.2f s in %d s", cpu, seconds))
	}
	if (further)
		verdict(further < 1024, "each further idle disk: under 1 MiB", sprintf("%d KiB", further))
}
