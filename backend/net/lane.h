/* SPDX-License-Identifier: MIT */
/*
 * The way of received frames from one ring of a vif to another, whose worker may be another one: so many at most are
 * under way, and so many bytes of them, as private copies. A guest that does not take them in costs no more than that.
 *
 * Sender: net_lane_room() for a frame's size, fill it, net_lane_put(), ...; at the end of a burst net_lane_ring(): one
 * message for all.
 * Receiver: after arrived(), net_lane_frame() for the first, second, ... that is there, and net_lane_took().
 * At its end the sender calls net_lane_close(). The memory belongs to who has both ends, and goes when both rings are
 * gone: what is in it until then harms nobody, and a receiver that is gone need not look.
 *
 * Thread: as said: the sender's worker or the receiver's. Never logs.
 */
#ifndef BACKEND_NET_LANE_H
#define BACKEND_NET_LANE_H

#include "backend/core/loop.h"
#include "backend/net/rx_frame.h"
#include "backend/net/tap.h"

#define NET_LANE_FRAMES 64
/*
 * Small frames take what they are long, so these bound large ones: to as many as a guest's ring can take half of, and
 * the lanes of a vif with eight queues to 28 MB.
 */
#define NET_LANE_BYTES  (512U * 1024)

struct net_lane {
	struct loop *from, *to;
	void (*arrived)(struct net_lane *lane); /* receiver's: there is something; sent after it was last asked for */
	void (*closed)(struct net_lane *lane);  /* sender's: nothing of it is under way */
	void *receiver, *sender;                /* theirs */
	/* sender */
	struct net_lane_memory *memory; /* NULL: never used */
	size_t end_bytes;               /* of its bytes, where the newest frame ends */
	uint32_t nr_rung;
	/* both; free-running */
	uint32_t nr_put, nr_took;
	bool is_rung;
	struct loop_msg bell, end, ended;
};

/* Of a vif: from each of its rings to each other one. */
struct net_lanes {
	unsigned int nr_queues;
	struct net_lane lane[TAP_MAX_QUEUES][TAP_MAX_QUEUES]; /* from, to */
};

void net_lane_init(struct net_lane *lane, struct loop *from, struct loop *to);
void net_lane_fini(struct net_lane *lane);
/* Each ring's loop. */
void net_lanes_init(struct net_lanes *lanes, unsigned int nr_queues, struct loop *const *loops);
void net_lanes_fini(struct net_lanes *lanes);

/* For a frame of so many bytes, at most NET_RX_MAX_BYTES. NULL: it is full, or there is no memory. */
struct net_rx_frame *net_lane_room(struct net_lane *lane, uint32_t len_bytes);
void net_lane_put(struct net_lane *lane);
void net_lane_ring(struct net_lane *lane);
/* closed() follows, maybe at once. */
void net_lane_close(struct net_lane *lane);
/* Gives memory back until it is used again, unless there is something in it. */
void net_lane_trim(struct net_lane *lane);

/* NULL: there are no more. */
struct net_rx_frame *net_lane_frame(const struct net_lane *lane, uint32_t index);
void net_lane_took(struct net_lane *lane, uint32_t nr);

#endif
