/* SPDX-License-Identifier: MIT */
/*
 * The life of one queue of a vif, which is two rings: what the guest sends and what it receives. The main thread asks
 * and is told, one worker does.
 *
 * Thread: the main thread, but for the counters.
 */
#ifndef BACKEND_NET_NET_QUEUE_H
#define BACKEND_NET_NET_QUEUE_H

#include "backend/core/device_rings.h"
#include "backend/core/queue.h"
#include "backend/net/counters.h"
#include "backend/net/rx.h"
#include "backend/net/tap.h"
#include "common/base/errbuf.h"

struct net_queue;

enum net_ring { NET_RING_TX, NET_RING_RX, NET_NR_RINGS };

struct net_queue_params {
	struct device_rings *rings; /* identified; of NET_NR_RINGS */
	struct tap *tap;            /* open until stopped() */
	struct net_rx_limits limits;
	bool has_one_port; /* an event is for both rings */
	bool is_resumed;
};

/* What the main thread is told, on its loop; `device` is the caller's. */
struct net_queue_events {
	struct loop *loop;
	void *device;
	void (*started)(void *device, int rc, const struct errbuf *err);
	void (*failed)(void *device, const char *reason);
	void (*stopped)(void *device, uint32_t nr_orphans);
};

struct net_queue *net_queue_new(const struct net_queue_params *params, const struct net_queue_events *events);
/* started() follows; on its failure the queue is gone. */
void net_queue_start(struct net_queue *nq, struct worker *worker);
/* stopped() follows, and the queue frees itself when it is called; what was counted is to be asked for in it. */
void net_queue_stop(struct net_queue *nq, enum queue_stop how);

/* Adds what it has counted so far. Any thread. */
void net_queue_count(const struct net_queue *nq, struct net_counters *sum);

#endif
