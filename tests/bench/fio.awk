# SPDX-License-Identifier: MIT
# From a line of `fio --minimal` (terse version 3): "IOPS P50-us P99-us CPU-s REQUESTS".
BEGIN { FS = ";" }
{
	base = $6 > 0 ? 6 : 47 # of reads, or of writes: KiB, KiB/s, IOPS, ms; then latencies
	split($(base + 18), p50, "=")
	split($(base + 24), p99, "=")
	seconds = $(base + 3) / 1000
	printf "%d %s %s %.3f %d\n", $(base + 2), p50[2], p99[2], ($88 + $89) / 100 * seconds, $(base + 2) * seconds
}
