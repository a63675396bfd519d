/* SPDX-License-Identifier: MIT */
/*
 * Frames on their last step to the guest: copied into the buffers that it has posted, all of a batch in one call, and
 * answered in the order of the ring.
 *
 * net_delivery_add() for each frame, then net_delivery_run(): until then their memory must stay as it is.
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_NET_DELIVERY_H
#define BACKEND_NET_DELIVERY_H

#include "backend/core/queue.h"
#include "backend/net/capture.h"
#include "backend/net/counters.h"
#include "backend/net/rx_frame.h"

#define NET_DELIVERY_FRAMES 32

struct net_delivery {
	struct queue *queue;
	struct net_direction *counters;
	struct capture *capture; /* NULL: nobody looks */
	unsigned int number;         /* of this queue of the vif, for those who do */
	unsigned int nr;
	struct net_rx_frame *frames[NET_DELIVERY_FRAMES];
};

/*
 * false: the guest has not posted enough for it; the queue runs when it has. A frame that is rejected is counted, and
 * out of the way.
 */
bool net_delivery_add(struct net_delivery *delivery, struct net_rx_frame *frame);
void net_delivery_run(struct net_delivery *delivery);
/* It is not for the guest after all. */
void net_delivery_drop(struct net_delivery *delivery, struct net_rx_frame *frame, const char *why);

#endif
