# SPDX-License-Identifier: MIT
# From the records of all rounds (lib.sh) one line for each way to replace a daemon; other lines pass:
#
#	gapsum HOW MS LOWEST HIGHEST SPREAD-% MS,MS,...
#
# Use with stats.awk.
function rounds(who,    i, text) {
	for (i = 1; i <= nr[who]; i++)
		text = text (i > 1 ? "," : "") sprintf("%.1f", value[who, i, "ms"])
	return text
}
$1 != "gap" { print; next }
{
	who = next_record_of("gap", $2)
	value[who, nr[who], "ms"] = $3 / 1000
}
function show(who, how,    middle) {
	middle = median_of(who, "ms")
	printf "gapsum %s %.1f %.1f %.1f %.1f %s\n", how, middle, list[1], list[nr[who]], \
		middle ? (list[nr[who]] - list[1]) / middle * 100 : 0, rounds(who)
}
END {
	for (c = 1; c <= nr_in["gap"]; c++)
		show(order["gap", c], substr(order["gap", c], 5))
}
