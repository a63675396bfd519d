/* SPDX-License-Identifier: MIT */
/* What net_connect.c and net.c share; callers see net.h. */
#ifndef FRONTEND_USER_NET_FRONT_H
#define FRONTEND_USER_NET_FRONT_H

#include "frontend/user/device.h"
#include "frontend/user/net.h"
#include "frontend/user/net_rx.h"
#include "frontend/user/port.h"

/* What a vif has of each kind for every queue that it has. */
struct net_queue {
	struct net_tx tx;
	struct net_rx rx;
	struct front_port tx_port; /* of both rings, where there is no other */
	struct front_port rx_port;
	bool has_rx_port;
};

struct netfront {
	struct netfront_config config;
	enum netfront_state state;
	struct errbuf why; /* of CLOSING and BROKEN */
	struct front_device device;
	struct net_identity identity;
	struct netfront_counters counters;
	/* From connect to disconnect. */
	struct net_queue queue[NETFRONT_MAX_QUEUES];
	unsigned int nr_queues;
	struct net_control control; /* if config has it */
	bool filters_multicast;
};

static inline const struct front_port *net_queue_rx_port(const struct net_queue *queue)
{
	return queue->has_rx_port ? &queue->rx_port : &queue->tx_port;
}

#endif
