/* SPDX-License-Identifier: MIT */
/* Latencies in buckets 1/32 of their size apart: percentiles within 3 % whatever the range, without keeping samples. */
#ifndef BLKLOAD_HISTOGRAM_H
#define BLKLOAD_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_FINE_BITS 5
#define HISTOGRAM_BUCKETS   ((64 - HISTOGRAM_FINE_BITS + 1) << HISTOGRAM_FINE_BITS)

struct histogram {
	uint64_t nr, sum_ns, min_ns, max_ns;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
/* The upper end of the bucket in which the sample lies that `fraction` of all are below. */
uint64_t histogram_percentile(const struct histogram *histogram, double fraction);

#endif
