// SPDX-License-Identifier: MIT
#include "frontend/user/blkload/histogram.h"

#define FINE (1U << HISTOGRAM_FINE_BITS)

/* Values below FINE have a bucket each; above, the top bits after the first choose among FINE buckets per power. */
static unsigned int bucket_of(uint64_t ns)
{
	unsigned int power;

	if (ns < FINE)
		return ns;
	power = 63 - __builtin_clzll(ns);
	return (power - HISTOGRAM_FINE_BITS + 1) * FINE + (ns >> (power - HISTOGRAM_FINE_BITS)) % FINE;
}

static uint64_t bucket_end(unsigned int bucket)
{
	unsigned int shift;

	if (bucket < FINE)
		return bucket;
	shift = bucket / FINE - 1;
	return ((uint64_t)(FINE + bucket % FINE + 1) << shift) - 1;
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
	if (histogram->nr == 0 || ns < histogram->min_ns)
		histogram->min_ns = ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	histogram->nr++;
	histogram->sum_ns += ns;
	histogram->bucket[bucket_of(ns)]++;
}

uint64_t histogram_percentile(const struct histogram *histogram, double fraction)
{
	uint64_t wanted = fraction * histogram->nr, seen = 0;

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->bucket[i];
		if (seen > wanted)
			return bucket_end(i) < histogram->max_ns ? bucket_end(i) : histogram->max_ns;
	}
	return histogram->max_ns;
}
