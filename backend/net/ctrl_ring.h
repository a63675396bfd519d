/* SPDX-License-Identifier: MIT */
/*
 * The control ring of a vif, where its guest has one: a ring of its own, with a life as a queue's (net_queue.h, whose
 * events these are). What is said on it is for ctrl.h.
 *
 * Thread: the main thread, but for the counter.
 */
#ifndef BACKEND_NET_CTRL_RING_H
#define BACKEND_NET_CTRL_RING_H

#include "backend/net/net_queue.h"
#include "backend/net/state.h"
#include "backend/net/tap.h"

struct net_ctrl_ring;

struct net_ctrl_ring_params {
	struct device_ring *ring; /* identified */
	struct worker *worker;
	struct net_state *state; /* open until stopped() */
	unsigned int nr_queues;
	struct net_queue *queues[TAP_MAX_QUEUES]; /* started before it, stopped after it */
	bool is_resumed;
};

/* NULL: no memory. */
struct net_ctrl_ring *net_ctrl_ring_new(const struct net_ctrl_ring_params *params,
					const struct net_queue_events *events);
void net_ctrl_ring_start(struct net_ctrl_ring *ring);
void net_ctrl_ring_stop(struct net_ctrl_ring *ring, enum queue_stop how);
void net_ctrl_ring_free(struct net_ctrl_ring *ring);

/* Any thread. */
uint64_t net_ctrl_ring_spurious_events(const struct net_ctrl_ring *ring);

#endif
