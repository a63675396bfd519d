/* SPDX-License-Identifier: MIT */
/*
 * How much a vif may send: a bucket for all of its queues together, into which so many bytes come with each window of
 * time. What is not used stays, up to a burst; a frame goes when there is any credit, and the rest is owed, so that one
 * that is larger than a window's bytes goes, too. While several queues wait each has an equal share of a window.
 *
 * Use: net_rate_take() before each frame; what it refuses waits for net_rate_wait_ns() and is asked for again;
 * net_rate_done() when nothing waits any more.
 * Thread: net_rate_set() the main thread, the others the queue's worker, all at the same time. What one sees of the
 * other late is a frame too early or too late, never credit out of nothing. Errors: -errno; never logs.
 * Source: the `rate` node is libxl's; windows and bursts are as xen-netback has them.
 */
#ifndef BACKEND_NET_RATE_H
#define BACKEND_NET_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* So that a frame of any size, and a little more, goes at once after a while of silence. */
#define NET_RATE_MIN_BURST_BYTES 131072
/* A rate that is changed holds within that time: whoever waits looks so often. */
#define NET_RATE_MAX_WAIT_NS     100000000ULL

struct net_rate_terms {
	uint64_t window_bytes; /* 0: no limit */
	uint64_t window_ns;
};

/* All zero: no limit. */
struct net_rate {
	struct net_rate_terms terms;
	uint64_t begun_ns; /* the window's begin */
	int64_t credit_bytes; /* negative: owed */
	unsigned int nr_waiting; /* queues */
};

/* A queue's part. All zero: it has sent nothing. */
struct net_rate_queue {
	uint64_t begun_ns; /* the window in which it looked last */
	int64_t sent_bytes; /* less its share of each window since */
	bool is_waiting;
};

/* "BYTES,MICROSECONDS": so many in each so long. One that is 0: no limit. -EINVAL: it is no such text. */
int net_rate_parse(const char *text, struct net_rate_terms *terms);

/* false: whatever the time, all may go. */
bool net_rate_limits(const struct net_rate *rate);
/* Credit beyond the new window's goes. */
void net_rate_set(struct net_rate *rate, const struct net_rate_terms *terms, uint64_t now_ns);

/* May a frame of so many bytes go? If so, it has. */
bool net_rate_take(struct net_rate *rate, struct net_rate_queue *queue, uint32_t bytes, uint64_t now_ns);
/* When to ask again. */
uint64_t net_rate_wait_ns(const struct net_rate *rate, uint64_t now_ns);
void net_rate_done(struct net_rate *rate, struct net_rate_queue *queue);

#endif
