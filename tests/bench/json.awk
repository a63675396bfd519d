# SPDX-License-Identifier: MIT
# The lines of summary.awk and targets.awk as JSON. Use with words.awk.
function quoted(value) {
	gsub(/["\\]/, "\\\\&", value)
	return "\"" value "\""
}
function put(list, object) {
	lists[list] = lists[list] (lists[list] ? "," : "") "\n    " object
}
$1 == "about" { put("about", quoted(rest(1))) }
$1 == "none" { put("absent", sprintf("{\"place\": \"%s\", \"row\": \"%s\", \"contender\": \"%s\", \"why\": %s}", $2, $3, $4, quoted(rest(4)))) }
$1 == "sum" {
	split($3, part, "/")
	put("results", sprintf("{\"place\": \"%s\", \"rw\": \"%s\", \"bs\": \"%s\", \"depth\": %d, \"cache\": \"%s\", " \
		"\"contender\": \"%s\", \"iops\": %d, \"iops_min\": %d, \"iops_max\": %d, \"spread_percent\": %s, " \
		"\"p50_us\": %s, \"p99_us\": %s, \"front_cpu_s_per_million\": %s, \"back_cpu_s_per_million\": %s, " \
		"\"others_percent\": %s, \"rounds_iops\": [%s]}", \
		$2, part[1], part[2], part[3], part[4], $4, $5, $6, $7, $8, $9, $10, $11, $12, \
		is_here($2) ? $13 : "null", $14))
}
$1 == "usb-mouse" { put("idle", sprintf("{\"contender\": \"pvring-usbd\", \"worker_wake_ups\": %d, \"other_wake_ups\": %d, \"reports\": %d, \"seconds\": %d}", $2, $3, $4, $5)) }
$1 == "gapsum" {
	put("gaps", sprintf("{\"how\": \"%s\", \"longest_ms\": %s, \"min\": %s, \"max\": %s, \"spread_percent\": %s, \"rounds\": [%s]}", \
		$2, $3, $4, $5, $6, $7))
}
$1 == "irqs" { put("interrupts", sprintf("{\"place\": \"%s\", \"row\": \"%s\", \"contender\": \"%s\", \"per_request\": %s}", $2, $3, $4, $5)) }
$1 == "idle" { put("idle", sprintf("{\"contender\": \"%s\", \"rss_kib\": %d, \"cpu_s\": %s, \"seconds\": %d}", $2, $3, $4, $5)) }
$1 == "further" { put("idle", sprintf("{\"contender\": \"%s\", \"rss_kib_per_further_disk\": %d, \"disks\": %d}", $2, $3, $4)) }
$1 == "netsum" {
	put("networks", sprintf("{\"place\": \"%s\", \"row\": \"%s\", \"contender\": \"%s\", \"frames_per_s\": %s, " \
		"\"mbit_per_s\": %s, \"spread_percent\": %s, \"cpu_s_per_million_frames\": %s, \"cpu_s_per_gb\": %s, " \
		"\"others_percent\": %s, \"rounds\": [%s]}", $2, $3, $4, $5, $6, $7, $8, $9, $2 == "xen" ? "null" : $10, $11))
}
$1 == "net-idle" { put("idle", sprintf("{\"contender\": \"pvring-netd\", \"rss_kib\": %d, \"cpu_s\": %s, \"seconds\": %d}", $2, $3, $4)) }
$1 == "net-further" { put("idle", sprintf("{\"contender\": \"pvring-netd\", \"rss_kib_per_further_interface\": %d, \"interfaces\": %d}", $2, $3)) }
$1 == "target" { put("targets", sprintf("{\"met\": %s, \"target\": %s}", $2 == "met" ? "true" : "false", quoted(rest(2)))) }
END {
	printf "{"
	n = split("about results interrupts gaps networks absent idle targets", names, " ")
	for (i = 1; i <= n; i++)
		printf("%s\n  \"%s\": [%s]", i > 1 ? "," : "", names[i], lists[names[i]])
	print "\n}"
}
