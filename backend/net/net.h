/* SPDX-License-Identifier: MIT */
/* What pvring-netd's own files share: a vif of a guest. */
#ifndef BACKEND_NET_NET_H
#define BACKEND_NET_NET_H

#include "backend/core/device.h"
#include "backend/net/counters.h"
#include "backend/net/link.h"
#include "backend/net/null.h"
#include "backend/net/pair_names.h"
#include "backend/net/policy.h"
#include "backend/net/queues.h"
#include "backend/net/state.h"
#include "backend/net/tap.h"
#include "common/base/container.h"

extern const struct device_class net_class;

struct net_device {
	struct device dev;
	/* From the toolstack's nodes; the main thread's. */
	char name[IFNAMSIZ];
	char bridge[IFNAMSIZ];
	struct net_pair *pair; /* instead of an interface in a bridge; NULL: none */
	struct net_null null;  /* or this, if it is wanted */
	char mac[18]; /* the guest's; that of the tap is another */
	uint32_t mtu_bytes; /* 0: not said */
	struct net_policy policy;
	struct tap tap;
	char rival[LINK_MAX_OWNER]; /* whose a tap of our name was found to be; "": it was not */
	bool is_rival_stray;
	/* What the frontend chose. */
	struct net_rx_limits limits;
	unsigned int nr_queues;
	bool has_one_port, has_ctrl_ring;
	uint32_t headroom_bytes; /* when it connected; it may change */
	struct net_state state; /* while it is connected */
	char static_path[256];  /* beside it: what the guest has registered */
	struct net_queues *queues; /* NULL: not connected */
	struct net_counters counted_before; /* by the queues of earlier connections */
};

static inline struct net_device *to_net(struct device *dev)
{
	return container_of(dev, struct net_device, dev);
}

/* wanted.c: the toolstack's nodes. */
int net_parse(struct device *dev, struct errbuf *err);
/* An interface here, or not: the other end of a pair, or nothing. */
static inline bool net_has_interface(const struct net_device *net)
{
	return !net->pair && !net->null.is_wanted;
}

/* It is no end of a pair any more, if it was one. */
void net_leave_pair(struct net_device *net);

/* terms.c: what the two ends tell each other; each as struct device_class says. */
int net_offer(struct device *dev, struct errbuf *err);
int net_accept(struct device *dev, struct errbuf *err);
int net_publish(struct device *dev, struct errbuf *err);
int net_reconfigure(struct device *dev, struct errbuf *err);
/* From now on. The state is open. */
void net_set_headroom(struct net_device *net, uint32_t bytes);

#endif
