/* SPDX-License-Identifier: MIT */
/*
 * What a vif has carried, as the guest sees it: tx is what it sends. Counted by its worker, kept over reconnects.
 *
 * Thread: counter_add() and reasons_count() on the writer's; a reader on any, at any time. Never logs.
 */
#ifndef BACKEND_NET_COUNTERS_H
#define BACKEND_NET_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

#include "backend/core/metrics.h"
#include "backend/core/reasons.h"

struct net_counters {
	struct net_direction {
		uint64_t nr_frames, nr_bytes;
		struct reasons drops;
	} tx, rx;
	/* The queues count these themselves. */
	uint64_t nr_spurious_events;
	uint64_t nr_grant_copies;  /* pieces of frames that Xen has copied */
	uint64_t nr_static_grants; /* pages that are registered now */
};

void net_counters_add(struct net_counters *sum, const struct net_counters *counters);
/* Adds tx and rx, each with frames, bytes and drops by reason, spurious_events, grant_copies and static_grants. */
void net_counters_status(const struct net_counters *counters, json_t *object);

#endif
