/* SPDX-License-Identifier: MIT */
/*
 * The life of one queue of a vif, which is two rings: what the guest sends and what it receives. Who has made it asks
 * and is told on its own thread, the main one; one worker does.
 *
 * net_queue_new() -> net_queue_start() -> started() -> net_queue_stop() -> stopped() -> net_queue_free().
 * Thread: the main thread, but for the counters.
 */
#ifndef BACKEND_NET_NET_QUEUE_H
#define BACKEND_NET_NET_QUEUE_H

#include "backend/core/device_rings.h"
#include "backend/core/queue.h"
#include "backend/net/counters.h"
#include "backend/net/rx.h"
#include "backend/net/static_grants.h"
#include "common/base/errbuf.h"

struct net_null;
struct net_pair;
struct net_queue;

enum net_ring { NET_RING_TX, NET_RING_RX, NET_NR_RINGS };

struct net_queue_params {
	struct device_ring *rings; /* NET_NR_RINGS, identified */
	struct net_pair *pair;     /* that it is an end of; NULL: it has a tap, */
	const struct net_null *null; /* or else this, whose descriptor it is */
	int tap_fd;                /* open until stopped() */
	struct worker *worker;
	struct net_rx_limits limits;
	struct net_policy *policy; /* the vif's, for as long as its state */
	unsigned int number;     /* of this queue of the vif */
	struct net_state *state; /* the vif's, open until stopped() */
	const char *static_path; /* the vif's file of what its guest has registered, for as long as its state */
	struct persistent_budget *budget; /* for that */
	struct net_lanes *lanes; /* between its queues: made before any of them starts, freed when all have stopped */
	struct capture *capture; /* NULL: nobody looks */
	bool has_one_port; /* an event is for both rings */
	bool is_resumed;
};

/* What the main thread is told, on its loop; `owner` is the caller's. */
struct net_queue_events {
	struct loop *loop;
	void *owner;
	/* On failure nothing is held, and it is only to be freed. */
	void (*started)(void *owner, int rc, const struct errbuf *err);
	/* The guest has broken the protocol: it takes nothing more, and is to be stopped. Once. */
	void (*failed)(void *owner, const char *reason);
	void (*stopped)(void *owner, uint32_t nr_orphans);
};

/* NULL: no memory. */
struct net_queue *net_queue_new(const struct net_queue_params *params, const struct net_queue_events *events);
void net_queue_start(struct net_queue *nq);
void net_queue_stop(struct net_queue *nq, enum queue_stop how);
void net_queue_free(struct net_queue *nq);

/* All that passes the rings from here on goes to the capture, too; the one before it is let go. -ENOMEM */
int net_queue_capture(struct net_queue *nq, struct capture *capture);

/* As net_static_change(), on the queue's worker. Any thread, from the queue's start until stopped(). */
void net_queue_change_static(struct net_queue *nq, struct net_static_job *job);

/* Adds what it has counted so far. Any thread. */
void net_queue_count(const struct net_queue *nq, struct net_counters *sum);

#endif
