# SPDX-License-Identifier: MIT
# The lines of summary.awk and targets.awk as a table. Use with words.awk and stats.awk.
# Ratios are to a peer that does the same, which differs from place to place.
function peer_of(place) {
	return place ~ /^front/ ? "stock" : place == "usb" ? "qusb" : place == "xen" ? "blkback" : "fio"
}
function ratio(who) {
	return (row, who) in rounds ? sprintf("%.2f", ratio_of($14, rounds[row, who])) : "-"
}
function heading(place) {
	printf "\n%-14s %10s %8s %7s %10s %8s %9s %9s %9s %9s %7s\n", place_title(place), \
		place == "usb" ? "trips/s" : "requests/s", "MiB/s", "spread", \
		"to " peer_of(place), \
		place == "usb" ? "" : "to qdisk", "p50 us", "p99 us", "front CPU", "back CPU", "others"
}
function net_heading(place) {
	printf "\n%-14s %10s %10s %7s %10s %9s %9s %7s\n", place_title(place), "frames/s", "Mbit/s", "spread", \
		place == "xen" ? "to netback" : "to bare", "CPU/GB", "CPU/M", "others"
}
NR == FNR { # first all of it, for the ratios
	if ($1 == "sum")
		rounds[$2 " " $3, $4] = $14
	if ($1 == "netsum")
		figures[$2, $3, $4] = $11
	next
}
$1 == "about" { $1 = ""; print substr($0, 2); next }
$1 == "none" {
	missing[$2 " " $3] = $4
	why = "No figures of " $4 ", as " rest(4) ":"
	absent[why] = absent[why] "\n  " row_title($3)
	next
}
$1 == "sum" {
	row = $2 " " $3
	if ($2 != place)
		heading(place = $2)
	has_usb = has_usb || place == "usb"
	has_xen = has_xen || !is_here(place)
	if (row != last)
		print row_title($3)
	last = row
	printf("  %-12s %10d %8.1f %6d%% %10s %8s %9.0f %9.0f %9.2f %9s %7s%s\n", $4, $5, $5 * block_bytes($3) / 1048576, \
	       $8, ratio(peer_of($2)), $2 == "usb" ? "" : ratio("qdisk"), $9, $10, $11, \
	       $4 == "fio" ? "-" : sprintf("%.2f", $12), \
	       is_here($2) ? $13 "%" : "-", $8 > 25 ? "  spread over 25%: noisy" : "")
	if ($4 == "pvring" && row in missing)
		printf "  %-12s %10s\n", missing[row], "-"
	next
}
$1 == "netsum" {
	if ($2 != net_place)
		net_heading(net_place = $2)
	if ($3 != last)
		print net_title($3)
	last = $3
	peer = figures[$2, $3, net_peer($2)]
	printf("  %-12s %10s %10.1f %6d%% %10s %9.2f %9s %7s%s\n", $4, $5 ? $5 : "-", $6, $7, \
	       peer ? sprintf("%.2f", ratio_of($11, peer)) : "-", $9, $5 ? sprintf("%.2f", $8) : "-", \
	       $2 == "xen" ? "-" : $10 "%", $7 > 25 ? "  spread over 25%: noisy" : "")
	next
}
$1 == "gapsum" {
	gap[++nr_gaps] = sprintf("%-28s %8.1f %8.1f %8.1f %6d%%%s", gap_title($2), $3, $4, $5, $6, $6 > 25 ? "  spread over 25%: noisy" : "")
	next
}
$1 == "irqs" { irqs[++nr_irqs] = sprintf("%s, %s: %s takes %.2f", place_title($2), row_title($3), $4, $5); next }
$1 == "usb-mouse" { idle[++nr_idle] = sprintf("pvring-usbd: its workers wake %d times for %d reports of a mouse in %d s, other threads %d times", $2, $4, $5, $3) }
$1 == "net-idle" { idle[++nr_idle] = sprintf("pvring-netd: %.1f MiB resident with one idle interface, %.2f s of CPU in %d s", $2 / 1024, $3, $4) }
$1 == "net-further" { idle[++nr_idle] = sprintf("pvring-netd: %d KiB for each of %d further idle interfaces", $2, $3) }
$1 == "idle" { idle[++nr_idle] = sprintf("%-8s %.1f MiB resident with one idle disk, %.2f s of CPU in %d s", $2, $3 / 1024, $4, $5) }
$1 == "further" { idle[++nr_idle] = sprintf("%-8s %d KiB for each of %d further idle disks", $2, $3, $4) }
$1 == "target" { verdict[++nr_verdicts] = toupper($2); sub(/^target [a-z]+ /, ""); target[nr_verdicts] = $0 }
END {
	print "\nMedians; spread: highest less lowest, of the median. CPU: seconds per million requests."
	if (has_xen)
		print "On Xen, front CPU is fio's in the guest (where drivers are measured, all that the guest did), back CPU all that dom0 did."
	print "Ratios: medians of the ratio in each round; of a target with the lowest and the highest."
	if (has_usb)
		print "USB: round trips of a transfer out and one in, of which MiB/s is either half; CPU per million of them."
	print "others: how much of the machine was busy with something else, which for direct I/O is also waiting."
	if (net_place)
		print "Networks: CPU, in seconds per GB and per million frames, is the daemon's on loopxen, all that dom0 did on Xen;", \
			"\nspread and ratio are of bytes per second of that CPU on loopxen, of bytes per second on Xen."
	for (why in absent)
		print "\n" why absent[why]
	if (nr_irqs)
		print "\nInterrupts of a guest's driver for each request"
	for (i = 1; i <= nr_irqs; i++)
		print "  " irqs[i]
	if (nr_idle)
		print "\nIdle, after a load that used the whole ring"
	for (i = 1; i <= nr_idle; i++)
		print "  " idle[i]
	if (nr_gaps)
		printf "\n%-30s %8s %8s %8s %7s\n", "The longest a guest waits, ms", "median", "lowest", "highest", "spread"
	for (i = 1; i <= nr_gaps; i++)
		print "  " gap[i]
	if (nr_verdicts)
		print "\nTargets"
	for (i = 1; i <= nr_verdicts; i++)
		printf "  %-6s  %s\n", verdict[i], target[i]
}
