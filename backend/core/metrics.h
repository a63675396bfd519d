/* SPDX-License-Identifier: MIT */
/*
 * Counters that one worker writes and the main thread reads, and the text that monitoring reads.
 *
 * Thread: counter_add() and histogram_add() on the owner's; the others on any, at any time.
 */
#ifndef BACKEND_CORE_METRICS_H
#define BACKEND_CORE_METRICS_H

#include <jansson.h>
#include <stdint.h>

/* One writer: no read-modify-write is needed, only that a reader never sees half a value. */
static inline void counter_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline uint64_t counter_read(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* Durations in powers of two: bucket i counts those below 2^(i + HISTOGRAM_FIRST_LOG2) ns; the last one all others. */
#define HISTOGRAM_FIRST_LOG2 12
#define HISTOGRAM_BUCKETS    24

struct histogram {
	uint64_t bucket[HISTOGRAM_BUCKETS];
	uint64_t sum_ns;
};

void histogram_add(struct histogram *histogram, uint64_t duration_ns);
void histogram_merge(struct histogram *sum, const struct histogram *histogram);
/* The upper bound of the bucket in which that share of the durations ends; 0: there are none. */
uint64_t histogram_quantile_ns(const struct histogram *histogram, double share);
/* { "count", "sum_ns", "p50", "p99", "max", "buckets": [...] }, times in ns. */
json_t *histogram_json(const struct histogram *histogram);

/*
 * A JSON string. Names come from xenstore and reasons may end in the middle of a character: what is not UTF-8 as a
 * whole is shown with a '?' for each byte outside ASCII, rather than lost.
 */
json_t *text_json(const char *text);

/* A member of an object, or of a member of it: "latency_ns.p50". NULL if there is none. */
const json_t *member_json(const json_t *object, const char *path);

/* Prometheus text (exposition format 0.0.4) of the devices as `status` lists them; the caller frees it. */
char *metrics_prometheus(const json_t *devices);

#endif
