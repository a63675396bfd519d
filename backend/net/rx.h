/* SPDX-License-Identifier: MIT */
/*
 * What a guest receives: frames are read from the tap, as many as there are up to a burst, copied into the buffers that
 * the guest has posted, and answered in the order of the ring, as a frontend finds a buffer by the place of its answer.
 *
 * Nothing is read while the guest has posted nothing: then the kernel's queue fills and drops, as that of any interface
 * whose other end is slow. Frames are in the worker's scratch for as long as the burst takes. One that does not fit is
 * kept: as no more are read than there are buffers for, that is the last one; and not for ever.
 *
 * What the guest wants on another of its rings goes there by a lane, and what comes by the lanes of the others is
 * delivered first.
 *
 * net_rx_start() -> net_rx_flush() whenever the queue runs -> net_rx_stop() -> stopped().
 * Thread: the queue's worker, but for init and fini (any, while it has none). Never logs.
 */
#ifndef BACKEND_NET_RX_H
#define BACKEND_NET_RX_H

#include "backend/core/queue.h"
#include "backend/net/counters.h"
#include "backend/net/delivery.h"
#include "backend/net/lane.h"
#include "backend/net/null.h"
#include "backend/net/policy.h"
#include "backend/net/steer.h"

#define NET_RX_BURST     32
/* Of a worker's: 14 of the largest frames, which is what a ring of buffers takes. */
#define NET_RX_SCRATCH_PAGES 256
#define NET_RX_STALL_NS  (10 * 1000000000ULL) /* as long as xen-netback keeps a frame */

struct net_rx;

struct net_rx_params {
	struct queue *queue;
	const struct net_null *null; /* what tap_fd is of; NULL: it is a tap's */
	int tap_fd;
	struct net_rx_limits limits;
	const struct net_policy *policy; /* the vif's */
	struct net_direction *counters;
	struct net_state *state;
	struct net_lanes *lanes; /* the vif's; not to be freed before all its rings have stopped */
	const struct scratch *scratch; /* the worker's */
	unsigned int number;           /* of this queue of it */
};

struct net_rx {
	struct queue *queue;
	const struct net_null *null;
	int tap_fd;
	size_t read_bytes; /* at once, at most */
	struct loop_fd readable;
	struct net_rx_limits limits;
	const struct net_policy *policy;
	struct net_direction *counters;
	void (*stopped)(struct net_rx *rx);
	const struct scratch *scratch; /* the worker's */
	struct net_rx_frame *frames;   /* of the burst */
	unsigned int nr_frames;
	uint8_t *kept_memory;
	struct net_rx_frame kept; /* an earlier burst's last one */
	bool is_keeping;
	struct net_delivery delivery;
	struct loop_timer stall;
	uint64_t nr_taken_at_stall;
	bool may_have_more, is_running;
	struct net_steer steer;
	struct net_lanes *lanes;
	unsigned int number, nr_lanes_open; /* of our own ones that still are to be closed */
};

int net_rx_init(struct net_rx *rx, const struct net_rx_params *params);
void net_rx_fini(struct net_rx *rx);

/* What waits in the tap is for the guest only if it was connected then. */
void net_rx_start(struct net_rx *rx, bool is_resumed);
/* A constant that says why it cannot go on; NULL: it can. */
const char *net_rx_flush(struct net_rx *rx);
/* What was read and not delivered is dropped. stopped() follows, when the kernel holds nothing of it any more. */
void net_rx_stop(struct net_rx *rx, void (*stopped)(struct net_rx *rx));
/* The frames' memory goes back until it is used again. false: not now, frames are in it. */
bool net_rx_trim(struct net_rx *rx);

#endif
