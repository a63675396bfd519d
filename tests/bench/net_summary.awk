# SPDX-License-Identifier: MIT
# As summary.awk, of networks' records; other lines pass:
#
#	netsum PLACE ROW CONTENDER FRAMES/s Mbit/s SPREAD-% CPU-per-million-frames CPU-per-GB OTHERS-% FIGURE,FIGURE,...
#
# Medians. The figure that contenders are compared by, and that has the spread, is bytes per second on Xen, and per second
# of CPU on loopxen, where what a guest can do is no matter. Use with stats.awk and words.awk.
function figures(who,    i, text, figure) {
	low = high = value[who, 1, "figure"] + 0
	for (i = 1; i <= nr[who]; i++) {
		figure = value[who, i, "figure"] + 0
		text = text (i > 1 ? "," : "") value[who, i, "figure"] # as text: awk may round a large number
		low = figure < low ? figure : low
		high = figure > high ? figure : high
	}
	return text
}
$1 != "net" { print; next }
{
	who = next_record_of($2 " " $3, $4)
	i = nr[who]
	value[who, i, "frames"] = $6 / $5
	value[who, i, "mbit"] = $7 * 8 / 1e6 / $5
	value[who, i, "per_frame"] = $6 ? $8 / $6 * 1e6 : 0
	value[who, i, "per_gb"] = $7 ? $8 / $7 * 1e9 : 0
	value[who, i, "others"] = $9
	value[who, i, "figure"] = sprintf("%.0f", $2 == "xen" ? $7 / $5 : $8 ? $7 / $8 : 0)
}
function show(who,    middle, all) {
	all = figures(who)
	middle = median_of(who, "figure")
	printf "netsum %s %.0f %.1f %.1f %.3f %.3f %d %s\n", who, median_of(who, "frames"), median_of(who, "mbit"), \
		middle ? (high - low) / middle * 100 : 0, median_of(who, "per_frame"), median_of(who, "per_gb"), \
		median_of(who, "others"), all
}
END {
	for (k = 1; k <= nr_rows; k++)
		for (c = 1; c <= nr_in[rows[k]]; c++)
			show(order[rows[k], c])
}
