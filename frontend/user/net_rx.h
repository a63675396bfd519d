/* SPDX-License-Identifier: MIT */
/*
 * The receiving ring of a vif: pages that wait to be filled, and the frames that come in them.
 *
 * Use: front_rx_open(), publish, front_rx_take() until there is nothing, front_rx_push(). Every page is posted at once
 * and again as soon as it was copied from, so that all of them wait at any time.
 * Responses come in the order of requests, each in its request's slot: page and id follow from the slot's number.
 * Thread: one owner. Trust: net_assembly.h. Errors: -errno with the reason; never logs.
 */
#ifndef FRONTEND_USER_NET_RX_H
#define FRONTEND_USER_NET_RX_H

#include "common/ring/front.h"
#include "frontend/user/grants.h"
#include "frontend/user/net_assembly.h"

struct net_rx {
	struct grant_pool ring_pages, buffers;
	struct ring_front ring;
	struct net_assembly assembly;
	uint8_t *frame; /* [NET_MAX_RECEIVED_BYTES] */
	uint64_t nr_slots;
};

void front_rx_init(struct net_rx *rx);
/* nr_buffers: a power of two, as many as the ring has slots at most. They are posted, for whoever binds the ring. */
int front_rx_open(struct net_rx *rx, xengntshr_handle *gntshr, uint32_t domid, uint32_t nr_buffers,
		struct net_features takes, struct errbuf *err);
void front_rx_fini(struct net_rx *rx);

/*
 * RING_GOT: *step says whether rx->assembly has a frame, or the backend gave one up. RING_BROKEN: *why.
 * RING_EMPTY: what there is of a frame waits for the rest.
 */
enum ring_pop front_rx_take(struct net_rx *rx, enum net_step *step, const char **why);
/* Publishes the pages that are posted again. true: notify. */
bool front_rx_push(struct net_rx *rx);

#endif
