// SPDX-License-Identifier: MIT
#include "frontend/user/latencies.h"

#include <stdio.h>

#define FINE (1U << LATENCIES_FINE_BITS)

/* Values below FINE have a bucket each; above, the top bits after the first choose among FINE buckets per power. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int power;

	if (ns < FINE)
		return ns;
	power = 63 - __builtin_clzll(ns);
	return (power - LATENCIES_FINE_BITS + 1) * FINE + (ns >> (power - LATENCIES_FINE_BITS)) % FINE;
}

static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < FINE)
		return bucket;
	shift = bucket / FINE - 1;
	return ((uint64_t)(FINE + bucket % FINE + 1) << shift) - 1;
}

void latencies_add(struct latencies *latencies, uint64_t ns)
{
	if (latencies->nr == 0 || ns < latencies->min_ns)
		latencies->min_ns = ns;
	if (ns > latencies->max_ns)
		latencies->max_ns = ns;
	latencies->nr++;
	latencies->sum_ns += ns;
	latencies->bucket[bucket_of(ns)]++;
}

uint64_t latencies_percentile(const struct latencies *latencies, double fraction)
{
	uint64_t wanted = fraction * latencies->nr, seen = 0;

	for (unsigned int i = 0; i < LATENCIES_BUCKETS; i++) {
		seen += latencies->bucket[i];
		if (seen > wanted)
			return bucket_end(i) < latencies->max_ns ? bucket_end(i) : latencies->max_ns;
	}
	return latencies->max_ns;
}

void latencies_print_json(const struct latencies *latencies)
{
	double mean_ns = latencies->nr ? (double)latencies->sum_ns / latencies->nr : 0;

	printf("\"latency_us\": {\"min\": %.1f, \"mean\": %.1f, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}",
	       latencies->min_ns / 1e3, mean_ns / 1e3, latencies_percentile(latencies, 0.5) / 1e3,
	       latencies_percentile(latencies, 0.99) / 1e3, latencies->max_ns / 1e3);
}
