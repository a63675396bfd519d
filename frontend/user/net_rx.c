// SPDX-License-Identifier: MIT
#include "frontend/user/net_rx.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "common/base/errbuf.h"
#include "frontend/user/queue.h"

void front_rx_init(struct net_rx *rx)
{
	*rx = (struct net_rx){ 0 };
	grant_pool_init(&rx->ring_pages);
	grant_pool_init(&rx->buffers);
}

/* Requests have a running number. What it is modulo a power of two does not jump when it wraps. */
static uint32_t page_of(const struct net_rx *rx, ring_idx number)
{
	return number & (rx->buffers.nr_pages - 1);
}

static void post(struct net_rx *rx)
{
	ring_idx number = rx->ring.req_prod;
	struct netif_rx_request req = {
		.id = (uint16_t)number,
		.gref = rx->buffers.refs[page_of(rx, number)],
	};

	if (!ring_front_put(&rx->ring, &req))
		assert(!"more buffers than slots");
}

int front_rx_open(struct net_rx *rx, xengntshr_handle *gntshr, uint32_t domid, uint32_t nr_buffers,
		struct net_features takes, struct errbuf *err)
{
	int rc;

	front_rx_init(rx);
	rx->frame = malloc(NET_MAX_RECEIVED_BYTES);
	if (!rx->frame)
		return errbuf_set(err, -ENOMEM, "a frame: out of memory");
	net_assembly_init(&rx->assembly, takes, rx->frame);
	rc = front_ring_open(&rx->ring, &rx->ring_pages, gntshr, domid, 0, sizeof(struct netif_rx_request),
			     sizeof(struct netif_rx_response), err);
	if (rc == 0)
		rc = grant_pool_share(&rx->buffers, gntshr, domid, nr_buffers, err);
	if (rc) {
		front_rx_fini(rx);
		return rc;
	}
	for (uint32_t i = 0; i < nr_buffers; i++)
		post(rx);
	(void)ring_front_push(&rx->ring); /* there is nobody to notify yet */
	return 0;
}

void front_rx_fini(struct net_rx *rx)
{
	grant_pool_fini(&rx->buffers);
	grant_pool_fini(&rx->ring_pages);
	free(rx->frame);
	front_rx_init(rx);
}

enum ring_pop front_rx_take(struct net_rx *rx, enum net_step *step, const char **why)
{
	struct netif_rx_response slot;
	ring_idx number;
	enum ring_pop got;

	do {
		number = rx->ring.rsp_cons;
		got = ring_front_pop(&rx->ring, &slot);
		if (got == RING_BROKEN)
			*why = "an index of received frames beyond what was posted";
		if (got != RING_GOT)
			return got;
		*why = net_assembly_add(&rx->assembly, &slot, (uint16_t)number,
					grant_pool_page(&rx->buffers, page_of(rx, number)), step);
		if (*why)
			return RING_BROKEN;
		rx->nr_slots++;
		post(rx);
	} while (*step == NET_UNFINISHED);
	return RING_GOT;
}

bool front_rx_push(struct net_rx *rx)
{
	return ring_front_push(&rx->ring);
}
