/* SPDX-License-Identifier: MIT */
/*
 * One received frame, put together from the responses that it came in.
 *
 * Use: net_assembly_init() with memory for the largest frame; then for every response, in order, net_assembly_add().
 * Each response stands in the slot of the request whose page it filled, so that extra info, which has no id, has a
 * page, too: it is not used.
 * Thread: one owner. Trust: slot (a private copy) and page are the backend's; what it says is bounded by the page, the
 * memory and what was agreed. The page may change at any moment, and each of its bytes is read once. Never logs.
 */
#ifndef FRONTEND_USER_NET_ASSEMBLY_H
#define FRONTEND_USER_NET_ASSEMBLY_H

#include "frontend/user/net_frame.h"
#include "frontend/user/net_terms.h"

/* A frame that is in more is no frame that anybody needs: 64 KiB fit 17 pages. */
#define NET_MAX_RECEIVED_SLOTS 64

struct net_assembly {
	struct net_features takes; /* what we said that we take */
	uint8_t *bytes;		   /* [NET_MAX_RECEIVED_BYTES] */
	uint32_t len_bytes, nr_slots;
	struct net_meta meta;
	bool wants_data, wants_extra; /* what the next slot is; neither: the first one of a frame */
	bool is_bad;		      /* the backend could not fill one of its slots */
	uint32_t extras_seen;	      /* a bit for each type */
};

enum net_step {
	NET_UNFINISHED,
	NET_FRAME,    /* bytes, len_bytes and meta are a frame, until the next add */
	NET_NO_FRAME, /* the backend gave up on it, or it is shorter than an Ethernet header */
};

void net_assembly_init(struct net_assembly *assembly, struct net_features takes, uint8_t *bytes);
/*
 * slot: a netif_rx_response or netif_extra_info; id: of the request that was in it. NULL: *step says what there is now.
 * Otherwise what is wrong, in words: nothing that comes after it can be believed.
 */
const char *net_assembly_add(struct net_assembly *assembly, const void *slot, uint16_t id, const void *page,
			     enum net_step *step);

#endif
