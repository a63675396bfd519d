/* SPDX-License-Identifier: MIT */
/*
 * A ring's part of its vif's rate, and its wait for it: the queue runs again when there may be credit.
 *
 * net_credit_take() before each frame; what it refuses stays where it is, after net_credit_wait(); net_credit_done()
 * when nothing waits any more -> net_credit_stop() -> stopped().
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_NET_CREDIT_H
#define BACKEND_NET_CREDIT_H

#include "backend/core/queue.h"
#include "backend/net/rate.h"

struct net_credit {
	struct net_rate *rate; /* the vif's */
	struct queue *queue;
	struct net_rate_queue share;
	struct loop_timer timer; /* while a frame waits */
	void (*stopped)(struct net_credit *credit);
};

/* For the following two, and 0 where it does not matter: a paravirtual domain pays a system call for the time. */
uint64_t net_credit_now_ns(const struct net_credit *credit);
/* May a frame of so many bytes go? If so, it has. */
bool net_credit_take(struct net_credit *credit, uint32_t bytes, uint64_t now_ns);
void net_credit_wait(struct net_credit *credit, uint64_t now_ns);
void net_credit_done(struct net_credit *credit);
/* It is not waited for any more. stopped() follows, maybe at once. */
void net_credit_stop(struct net_credit *credit, void (*stopped)(struct net_credit *credit));

#endif
