/* SPDX-License-Identifier: MIT */
/*
 * A frame on its way from one guest to another that does not take it as it is: fetched into our memory, and given on
 * with its checksum computed, or as the packets that a large one stands for.
 *
 * net_hold_fetch(), then, until it has no more, net_hold_next() and, when that was delivered, net_hold_took().
 * Thread: a worker. Never logs. Trust: what is in the frame is the sender's.
 */
#ifndef BACKEND_NET_HOLD_H
#define BACKEND_NET_HOLD_H

#include "backend/core/grants.h"
#include "backend/net/rx_frame.h"
#include "common/wire/inet.h"

struct net_hold {
	bool is_fetched;
	uint8_t *area;
	uint32_t len_bytes;
	struct net_meta meta;
	struct virtio_net_hdr hdr; /* what is left to do */
	struct inet_frame parsed;  /* of a large one, */
	unsigned int nr_cuts;      /* which can be cut into so many */
	unsigned int nr_given;     /* frames, whole or cut */
	bool is_ready;             /* the whole one's checksum was seen to */
};

/* Memory for one frame at a time. NULL: there is none. */
uint8_t *net_hold_alloc(void);
void net_hold_free(uint8_t *area);

/* NULL, or a constant that says why it has to be dropped. */
const char *net_hold_fetch(struct net_hold *hold, uint8_t *area, const struct net_tx_frame *frame,
			   struct grants *grants, const struct net_meta *meta);
/* What was fetched. */
const void *net_hold_bytes(const struct net_hold *hold);
/* false: all of it was given. The frame may be rejected. */
bool net_hold_next(struct net_hold *hold, const struct net_rx_limits *limits, struct net_rx_frame *out);
void net_hold_took(struct net_hold *hold);

#endif
