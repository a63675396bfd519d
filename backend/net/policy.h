/* SPDX-License-Identifier: MIT */
/*
 * What a vif lets pass: how much its guest may send (`rate`), in whose name (--antispoof), and whether it is given
 * frames of those multicast groups alone that it has asked for (net_settings). One for all of its queues.
 *
 * Thread: the main thread; net_policy_filters_multicast() and net_policy_check_from_guest() any, and rate.h.
 * Errors: -errno with the reason; net_policy_parse() and net_policy_look...() log what they do not return.
 */
#ifndef BACKEND_NET_POLICY_H
#define BACKEND_NET_POLICY_H

#include "backend/core/device.h"
#include "backend/net/antispoof.h"
#include "backend/net/rate.h"

/* Of the frontend's: does it want only the groups that it asks for? May change at any time. */
#define NET_MULTICAST_NODE "request-multicast-control"

struct net_policy {
	struct net_rate rate;
	struct errbuf said; /* what was wrong with its node when it was read last */
	bool has_antispoof;
	struct net_antispoof own;
	bool filters_multicast; /* atomically */
};

/* For all vifs. */
struct net_policy_config {
	bool has_antispoof;
};
extern struct net_policy_config net_policy_config;

/* Reads the toolstack's nodes, of a vif with that MAC address. */
int net_policy_parse(struct net_policy *policy, const struct device *dev, const uint8_t mac[6], struct errbuf *err);
/* What may have changed: `rate` and NET_MULTICAST_NODE. One that is wrong changes nothing. */
void net_policy_look(struct net_policy *policy, const struct device *dev);
/* The same of each alone, which a connection begins with. */
void net_policy_look_at_rate(struct net_policy *policy, const struct device *dev);
void net_policy_filter_multicast(struct net_policy *policy, bool filters);
/* Adds what holds: "rate" as its node says it, or "". */
void net_policy_status(const struct net_policy *policy, json_t *object);

static inline bool net_policy_filters_multicast(const struct net_policy *policy)
{
	return __atomic_load_n(&policy->filters_multicast, __ATOMIC_RELAXED);
}

/* NULL, or a constant that says why a frame that the guest sends is dropped. */
const char *net_policy_check_from_guest(const struct net_policy *policy, const void *frame, size_t len_bytes);

#endif
