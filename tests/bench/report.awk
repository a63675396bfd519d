# SPDX-License-Identifier: MIT
# From what tests/bench/run measured: the table on stdout, the same as JSON into the file `json`.
# CONTENDER IOPS P50 P99 FRONT-CPU BACK-CPU REQUESTS OTHERS-%, one line per round; "idle CONTENDER RSS-KiB CPU-s".
function median(list, n,    i, j, t) {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
			t = list[j]; list[j] = list[j - 1]; list[j - 1] = t
		}
	return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
}
# The column of one contender into list[1..n], sorted by the median that is returned.
function column(who, col,    i) {
	split("", list)
	for (i = 1; i <= nr[who]; i++)
		list[i] = value[who, i, col]
	return median(list, nr[who])
}
function ratio(a, b) {
	return b > 0 ? sprintf("%.2f", a / b) : "-"
}
$1 == "what" { rw = $2; bs = $3; depth = $4; order = $5; rounds = $6; seconds = $7; size = $8; idle_s = $9; next }
$1 == "machine" { cpus = $2; version = $3; kernel = $4; next }
$1 == "idle" { rss[$2] = $3; idle_cpu[$2] = $4; next }
{
	if (!($1 in nr))
		order_of[++nr_contenders] = $1
	i = ++nr[$1]
	for (c = 2; c <= NF; c++)
		value[$1, i, c] = $c + 0
	value[$1, i, "front"] = $5 / $7 * 1e6
	value[$1, i, "back"] = $6 / $7 * 1e6
}
END {
	for (k = 1; k <= nr_contenders; k++) {
		who = order_of[k]
		iops[who] = column(who, 2)
		spread[who] = iops[who] ? (list[nr[who]] - list[1]) / iops[who] * 100 : 0
		lo[who] = list[1]; hi[who] = list[nr[who]]
		p50[who] = column(who, 3); p99[who] = column(who, 4)
		others[who] = column(who, 8)
		front[who] = column(who, "front"); back[who] = column(who, "back")
	}
	printf "\n%s, %s each, %d at once, ring order %d, %d MiB in the page cache; %d rounds of %d s, medians\n", rw, bs, depth, order, size, rounds, seconds
	printf "pvring %s, %d CPUs, Linux %s, loopxen (no hypervisor)\n\n", version, cpus, kernel
	printf "%-8s %12s %8s %9s %9s %9s %9s %15s %15s %7s\n", "", "requests/s", "spread", "to qdisk", "to fio", "p50 us", "p99 us", "front CPU s/M", "back CPU s/M", "others"
	for (k = 1; k <= nr_contenders; k++) {
		who = order_of[k]
		printf("%-8s %12d %7d%% %9s %9s %9.0f %9.0f %15.2f %15s %6d%%%s\n", who, iops[who], spread[who], ratio(iops[who], iops["qdisk"]), ratio(iops[who], iops["fio"]), p50[who], p99[who], front[who], who == "fio" ? "-" : sprintf("%.2f", back[who]), others[who], (spread[who] > 25) ? "   spread over 25%: noisy" : "")
	}
	print ""
	for (k = 1; k <= nr_contenders; k++)
		if (order_of[k] in rss)
			printf "%-8s idle with one connected disk: %.1f MiB resident, %.2f s of CPU in %d s\n", order_of[k], rss[order_of[k]] / 1024, idle_cpu[order_of[k]], idle_s
	printf "(CPU s/M: seconds of CPU per million requests; fio's is all of it. others: how much of the machine was busy with something else.)\n%s\n", json

	printf("{\"rw\": \"%s\", \"bs\": \"%s\", \"depth\": %d, \"ring_order\": %d, \"rounds\": %d, \"seconds\": %d, \"size_mib\": %d, \"version\": \"%s\", \"cpus\": %d, \"kernel\": \"%s\", \"contenders\": {", rw, bs, depth, order, rounds, seconds, size, version, cpus, kernel) >json
	for (k = 1; k <= nr_contenders; k++) {
		who = order_of[k]
		printf("%s\"%s\": {\"iops_median\": %d, \"iops_min\": %d, \"iops_max\": %d, \"spread_percent\": %.1f, \"p50_us\": %.1f, \"p99_us\": %.1f, \"front_cpu_s_per_million\": %.3f, \"back_cpu_s_per_million\": %.3f, \"others_percent\": %d", (k > 1) ? ", " : "", who, iops[who], lo[who], hi[who], spread[who], p50[who], p99[who], front[who], back[who], others[who]) >json
		if (who in rss)
			printf(", \"idle_rss_kib\": %d, \"idle_cpu_s\": %.2f, \"idle_seconds\": %d", rss[who], idle_cpu[who], idle_s) >json
		printf(", \"rounds_iops\": [") >json
		for (i = 1; i <= nr[who]; i++)
			printf("%s%d", (i > 1) ? ", " : "", value[who, i, 2]) >json
		printf("]}") >json
	}
	printf("}}\n") >json
}
