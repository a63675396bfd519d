// SPDX-License-Identifier: MIT
#include "frontend/user/latencies.h"

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
