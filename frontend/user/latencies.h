/* SPDX-License-Identifier: MIT */
/* Latencies in buckets 1/32 of their size apart: percentiles within 3 % whatever the range, without keeping samples. */
#ifndef FRONTEND_USER_LATENCIES_H
#define FRONTEND_USER_LATENCIES_H

#include <stdint.h>

#define LATENCIES_FINE_BITS 5
#define LATENCIES_BUCKETS   ((64 - LATENCIES_FINE_BITS + 1) << LATENCIES_FINE_BITS)

struct latencies {
	uint64_t nr, sum_ns, min_ns, max_ns;
	uint64_t bucket[LATENCIES_BUCKETS];
};

void latencies_add(struct latencies *latencies, uint64_t ns);
/* The upper end of the bucket in which the sample lies that `fraction` of all are below. */
uint64_t latencies_percentile(const struct latencies *latencies, double fraction);
/* To stdout, as a member of a JSON object: "latency_us": {...} */
void latencies_print_json(const struct latencies *latencies);

#endif
