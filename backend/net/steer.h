/* SPDX-License-Identifier: MIT */
/*
 * Which of a vif's rings a received frame goes to, as its guest has set it: the hash of the frame says which entry of
 * the mapping, that says which queue. Where it has set nothing, a frame stays with the queue that the kernel chose.
 *
 * Each queue has a copy of its own of what the guest has set, brought up to date once for each burst.
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_NET_STEER_H
#define BACKEND_NET_STEER_H

#include "backend/net/rx_frame.h"
#include "backend/net/state.h"

struct net_steer {
	struct net_state *state;
	unsigned int own, nr_queues;
	struct net_state_view view;
	struct toeplitz toeplitz;
};

void net_steer_init(struct net_steer *steer, struct net_state *state, unsigned int own, unsigned int nr_queues);
void net_steer_refresh(struct net_steer *steer);
/* The number of a queue; and in the frame the hash that the guest is to be told. */
unsigned int net_steer_frame(const struct net_steer *steer, struct net_rx_frame *frame);

#endif
