# SPDX-License-Identifier: MIT
# From the records of all rounds (lib.sh) one line for each contender, row by row; other lines pass:
#
#	sum PLACE ROW CONTENDER IOPS LOWEST HIGHEST SPREAD-% P50-us P99-us FRONT-CPU BACK-CPU OTHERS-% IOPS,IOPS,...
#
# Medians; CPU in seconds per million requests. Use with stats.awk.
function rounds(who,    i, text) {
	for (i = 1; i <= nr[who]; i++)
		text = text (i > 1 ? "," : "") value[who, i, "iops"]
	return text
}
$1 == "irqs" {
	who = $2 " " $3 " " $4
	value[who, ++nr_irqs[who], "irqs"] = $5 + 0
	next
}
$1 != "run" { print; next }
{
	who = next_record_of($2 " " $3, $4)
	i = nr[who]
	value[who, i, "iops"] = $5 + 0
	value[who, i, "p50"] = $6 + 0
	value[who, i, "p99"] = $7 + 0
	value[who, i, "front"] = $10 ? $8 / $10 * 1e6 : 0
	value[who, i, "back"] = $10 ? $9 / $10 * 1e6 : 0
	value[who, i, "others"] = $11 + 0
}
# Interrupts for a request, of those whose driver counts them.
function show_irqs(who,    i) {
	split("", list)
	for (i = 1; i <= nr_irqs[who]; i++)
		list[i] = value[who, i, "irqs"]
	print "irqs", who, median(list, nr_irqs[who])
}
function show(who,    iops, low, high) {
	iops = median_of(who, "iops"); low = list[1]; high = list[nr[who]]
	printf "sum %s %d %d %d %.1f %.1f %.1f %.3f %.3f %d %s\n", who, iops, low, high, \
		iops ? (high - low) / iops * 100 : 0, median_of(who, "p50"), median_of(who, "p99"), median_of(who, "front"), \
		median_of(who, "back"), median_of(who, "others"), rounds(who)
}
END {
	for (k = 1; k <= nr_rows; k++)
		for (c = 1; c <= nr_in[rows[k]]; c++)
			show(order[rows[k], c])
	for (who in nr_irqs)
		show_irqs(who)
}
