// SPDX-License-Identifier: MIT
#include "backend/net/rate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/parse.h"

#define MAX_BYTES (1ULL << 60) /* so that no sum of two wraps */

int net_rate_parse(const char *text, struct net_rate_terms *terms)
{
	const char *comma = strchr(text, ',');
	uint64_t bytes, usecs;
	char first[24];

	if (!comma || (size_t)(comma - text) >= sizeof(first))
		return -EINVAL;
	snprintf(first, sizeof(first), "%.*s", (int)(comma - text), text);
	if (parse_u64(first, 0, MAX_BYTES, &bytes) || parse_u64(comma + 1, 0, UINT32_MAX, &usecs))
		return -EINVAL;
	*terms = (struct net_rate_terms){ 0 };
	if (bytes > 0 && usecs > 0)
		*terms = (struct net_rate_terms){ .window_bytes = bytes, .window_ns = usecs * NSEC_PER_USEC };
	return 0;
}

/* Both are never 0 in one that limits; of a pair that is just being changed one may be old. */
static struct net_rate_terms load_terms(const struct net_rate *rate)
{
	return (struct net_rate_terms){
		.window_bytes = __atomic_load_n(&rate->terms.window_bytes, __ATOMIC_RELAXED),
		.window_ns = __atomic_load_n(&rate->terms.window_ns, __ATOMIC_RELAXED),
	};
}

static bool has_limit(const struct net_rate_terms *terms)
{
	return terms->window_bytes > 0 && terms->window_ns > 0;
}

bool net_rate_limits(const struct net_rate *rate)
{
	struct net_rate_terms terms = load_terms(rate);

	return has_limit(&terms);
}

void net_rate_set(struct net_rate *rate, const struct net_rate_terms *terms, uint64_t now_ns)
{
	struct net_rate_terms before = load_terms(rate);
	int64_t credit = __atomic_load_n(&rate->credit_bytes, __ATOMIC_RELAXED);

	if (!has_limit(&before)) {
		credit = terms->window_bytes;
		__atomic_store_n(&rate->begun_ns, now_ns, __ATOMIC_RELAXED);
	}
	if (credit > (int64_t)terms->window_bytes)
		credit = terms->window_bytes;
	__atomic_store_n(&rate->credit_bytes, credit, __ATOMIC_RELAXED);
	__atomic_store_n(&rate->terms.window_ns, terms->window_ns, __ATOMIC_RELAXED);
	__atomic_store_n(&rate->terms.window_bytes, terms->window_bytes, __ATOMIC_RELAXED);
}

/* ---- windows --------------------------------------------------------------------------------------------------- */

static uint64_t windows_since(uint64_t begun_ns, uint64_t now_ns, const struct net_rate_terms *terms)
{
	return now_ns > begun_ns ? (now_ns - begun_ns) / terms->window_ns : 0;
}

static uint64_t bytes_of(uint64_t nr_windows, uint64_t bytes)
{
	uint64_t product;

	return __builtin_mul_overflow(nr_windows, bytes, &product) || product > MAX_BYTES ? MAX_BYTES : product;
}

static void add_credit(struct net_rate *rate, uint64_t nr_windows, const struct net_rate_terms *terms)
{
	int64_t burst = terms->window_bytes > NET_RATE_MIN_BURST_BYTES ? terms->window_bytes : NET_RATE_MIN_BURST_BYTES;
	int64_t before = __atomic_load_n(&rate->credit_bytes, __ATOMIC_RELAXED), after;

	do {
		after = before + (int64_t)bytes_of(nr_windows, terms->window_bytes);
		if (after > burst)
			after = burst;
	} while (!__atomic_compare_exchange_n(&rate->credit_bytes, &before, after, true, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

/* One of the queues that see a new window begins it. */
static void begin_window(struct net_rate *rate, uint64_t now_ns, const struct net_rate_terms *terms)
{
	uint64_t begun_ns = __atomic_load_n(&rate->begun_ns, __ATOMIC_RELAXED);
	uint64_t nr_windows = windows_since(begun_ns, now_ns, terms);

	if (nr_windows > 0 && __atomic_compare_exchange_n(&rate->begun_ns, &begun_ns,
							  begun_ns + nr_windows * terms->window_ns, false,
							  __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		add_credit(rate, nr_windows, terms);
}

/* ---- shares ---------------------------------------------------------------------------------------------------- */

/*
 * Without that the queue that is first in a window would have all of it, and be the first in the next one, too. What
 * it has sent beyond its share counts in later windows, and what others have kept it from is not lost.
 */
static bool has_had_its_share(const struct net_rate *rate, struct net_rate_queue *queue,
			      const struct net_rate_terms *terms)
{
	uint64_t begun_ns = __atomic_load_n(&rate->begun_ns, __ATOMIC_RELAXED);
	unsigned int nr = __atomic_load_n(&rate->nr_waiting, __ATOMIC_RELAXED) + (queue->is_waiting ? 0 : 1);
	int64_t share = (terms->window_bytes + nr - 1) / nr;
	int64_t least = queue->is_waiting ? -share : 0;

	queue->sent_bytes -= bytes_of(windows_since(queue->begun_ns, begun_ns, terms), share);
	if (queue->sent_bytes < least)
		queue->sent_bytes = least;
	queue->begun_ns = begun_ns;
	return nr > 1 && queue->sent_bytes >= share;
}

static bool wait_for_next(struct net_rate *rate, struct net_rate_queue *queue)
{
	if (!queue->is_waiting)
		__atomic_fetch_add(&rate->nr_waiting, 1, __ATOMIC_RELAXED);
	queue->is_waiting = true;
	return false;
}

bool net_rate_take(struct net_rate *rate, struct net_rate_queue *queue, uint32_t bytes, uint64_t now_ns)
{
	struct net_rate_terms terms = load_terms(rate);

	if (!has_limit(&terms))
		return true;
	begin_window(rate, now_ns, &terms);
	if (__atomic_load_n(&rate->credit_bytes, __ATOMIC_RELAXED) <= 0 || has_had_its_share(rate, queue, &terms))
		return wait_for_next(rate, queue);
	__atomic_fetch_sub(&rate->credit_bytes, bytes, __ATOMIC_RELAXED);
	queue->sent_bytes += bytes;
	return true;
}

uint64_t net_rate_wait_ns(const struct net_rate *rate, uint64_t now_ns)
{
	struct net_rate_terms terms = load_terms(rate);
	int64_t credit = __atomic_load_n(&rate->credit_bytes, __ATOMIC_RELAXED);
	uint64_t owed = credit < 0 ? -credit : 0, until_ns;

	if (!has_limit(&terms))
		return 0;
	if (__builtin_mul_overflow(owed / terms.window_bytes + 1, terms.window_ns, &until_ns))
		return NET_RATE_MAX_WAIT_NS;
	until_ns += __atomic_load_n(&rate->begun_ns, __ATOMIC_RELAXED);
	if (until_ns <= now_ns)
		return 0;
	return until_ns - now_ns < NET_RATE_MAX_WAIT_NS ? until_ns - now_ns : NET_RATE_MAX_WAIT_NS;
}

void net_rate_done(struct net_rate *rate, struct net_rate_queue *queue)
{
	if (queue->is_waiting)
		__atomic_fetch_sub(&rate->nr_waiting, 1, __ATOMIC_RELAXED);
	queue->is_waiting = false;
}
