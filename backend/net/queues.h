/* SPDX-License-Identifier: MIT */
/*
 * All queues of a connected vif, and its control ring, which start and stop together. Each has a queue of the tap and a
 * worker, the next one's turn: so the flows of one vif are spread over the workers, and no frame passes from one to
 * another unless the guest wants its own way of spreading them (steer.h, lane.h).
 *
 * net_queues_start() -> started() -> net_queues_stop() -> stopped(), in which it frees itself.
 * Thread: the main thread, but for the counters.
 */
#ifndef BACKEND_NET_QUEUES_H
#define BACKEND_NET_QUEUES_H

#include "backend/net/net_queue.h"
#include "backend/net/tap.h"

struct device_host;
struct net_null;
struct net_pair;
struct net_queues;

struct net_queues_params {
	struct device_host *host;
	struct device_rings *rings; /* NET_NR_RINGS for each queue, in their order; then the control ring, if any */
	unsigned int nr_queues;
	bool has_ctrl_ring;
	struct net_state *state; /* open until stopped() */
	const char *static_path; /* see net_queue.h */
	struct persistent_budget *budget;
	struct net_pair *pair; /* that its one queue is an end of; NULL: it has a tap, */
	const struct net_null *null; /* or else this, open until stopped() */
	const struct tap *tap; /* of as many; open until stopped() */
	struct net_rx_limits limits;
	struct net_policy *policy;
	struct capture *capture; /* of all that passes the rings; NULL: nobody looks */
	bool has_one_port;
	bool is_resumed;
};

/* Events are as those of one queue, of all together; on a failure to start it is gone. NULL: no memory. */
struct net_queues *net_queues_start(const struct net_queues_params *params, const struct net_queue_events *events);
void net_queues_stop(struct net_queues *queues, enum queue_stop how);

/* All that passes the rings from here on goes to the capture, too. -ENOMEM: not all do. */
int net_queues_capture(struct net_queues *queues, struct capture *capture);

/* Adds what they have counted so far. Any thread. */
void net_queues_count(const struct net_queues *queues, struct net_counters *sum);
/* How many frames each has carried: [{"tx": 1, "rx": 2}, ...]. */
json_t *net_queues_frames(const struct net_queues *queues);

#endif
