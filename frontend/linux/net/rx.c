// SPDX-License-Identifier: GPL-2.0-only
/*
 * Receiving: buffers of a page each that wait to be filled, and the frames that come in them. Responses come in the
 * order of requests, each in its request's slot: so each slot has its own buffer, posted again whenever the slot is.
 *
 * What comes is copied, once. To hand the buffers themselves up would cost a new page for each, which had to be
 * cleared, as a backend can read what it can write, and two changes of a grant. So no page that a backend writes is
 * ever anybody else's.
 */
#include <linux/filter.h>
#include <xen/events.h>

#include "frontend/linux/net/net.h"

/* ---- buffers --------------------------------------------------------------------------------------------------- */

/* Whoever opens the queue calls it, later only its NAPI. */
void vif_rx_post(struct vif_queue *q)
{
	struct vif_rx *rx = &q->rx;
	u32 limit = READ_ONCE(q->vif->rx_buffers);

	while (rx->ring.req_prod - rx->nr_taken < limit) {
		u16 slot = rx->ring.req_prod & (VIF_RING_SLOTS - 1);
		struct xen_netif_rx_request req = { .id = slot, .gref = rx->buffer[slot].ref };

		ring_front_put(&rx->ring, &req);
	}
	if (ring_front_push(&rx->ring))
		notify_remote_via_irq(rx->port ? rx->irq : q->tx.irq);
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static void receive(struct vif_queue *q, struct sk_buff *skb)
{
	u64_stats_update_begin(&q->stats.rx_sync);
	q->stats.rx_packets++;
	q->stats.rx_bytes += skb->len + ETH_HLEN; /* which has been taken off */
	u64_stats_update_end(&q->stats.rx_sync);
	skb_record_rx_queue(skb, q->number);
	napi_gro_receive(&q->napi, skb);
}

static void take_frame(struct vif_queue *q, const struct vif_rx_frame *frame, bool *needs_flush)
{
	struct bpf_prog *prog = rcu_dereference_bh(q->vif->xdp);
	struct sk_buff *skb;

	q->stats.rx_slots += frame->nr_slots;
	if (frame->is_bad || frame->len_bytes < ETH_HLEN) {
		q->stats.rx_errors++;
		return;
	}
	if (prog)
		skb = vif_xdp_run(q, prog, frame, needs_flush);
	else
		skb = vif_rx_make_skb(q, frame);
	if (skb)
		receive(q, skb);
}

/* RING_GOT: there was a frame. RING_EMPTY: what there is of one waits for the rest. */
static enum ring_pop take_one(struct vif_queue *q, bool *needs_flush)
{
	struct vif_rx_frame *frame = &q->rx.frame;
	struct xen_netif_rx_response slot;
	enum ring_pop got;
	const char *why;
	u8 number;

	do {
		number = q->rx.ring.rsp_cons & (VIF_RING_SLOTS - 1);
		got = ring_front_pop(&q->rx.ring, &slot);
		if (got == RING_EMPTY)
			return got;
		if (got == RING_BROKEN)
			why = "an index of frames beyond what was asked for";
		else
			why = vif_rx_add_slot(frame, &slot, number);
		if (why) {
			vif_break(q->vif, why);
			return RING_BROKEN;
		}
	} while (!vif_rx_is_whole(frame));
	take_frame(q, frame, needs_flush);
	q->rx.nr_taken = q->rx.ring.rsp_cons;
	return RING_GOT;
}

int vif_rx_poll(struct vif_queue *q, int budget)
{
	bool needs_flush = false;
	int nr = 0;

	if (unlikely(vif_is_broken(q->vif)))
		return 0;
	while (nr < budget && take_one(q, &needs_flush) == RING_GOT)
		nr++;
	if (needs_flush)
		xdp_do_flush();
	if (nr)
		set_bit(VIF_WORKED, &q->bits);
	if (!vif_is_broken(q->vif))
		vif_rx_post(q);
	return nr;
}

/* ---- its pages ------------------------------------------------------------------------------------------------- */

static int open_pool(struct vif_queue *q)
{
	struct page_pool_params params = {
		.pool_size = VIF_RING_SLOTS,
		.nid = NUMA_NO_NODE,
		.dev = &q->vif->xdev->dev,
	};
	struct page_pool *pool = page_pool_create(&params);
	int rc;

	if (IS_ERR(pool))
		return PTR_ERR(pool);
	q->rx.pool = pool;
	rc = xdp_rxq_info_reg(&q->rx.xdp_rxq, q->vif->dev, q->number, q->napi.napi_id);
	if (rc)
		return rc;
	return xdp_rxq_info_reg_mem_model(&q->rx.xdp_rxq, MEM_TYPE_PAGE_POOL, pool);
}

int vif_rx_open(struct vif_queue *q)
{
	struct vif_rx *rx = &q->rx;
	unsigned int i;
	int rc;

	memset(&rx->frame, 0, sizeof(rx->frame));
	rx->nr_taken = 0;
	rc = open_pool(q);
	for (i = 0; !rc && i < VIF_RING_SLOTS; i++)
		rc = vif_page_open(q->vif, &rx->buffer[i], 0);
	return rc;
}

/* The pool lives until its last page has come back, from wherever. */
void vif_rx_close(struct vif_queue *q)
{
	struct vif_rx *rx = &q->rx;
	unsigned int i;

	for (i = 0; i < VIF_RING_SLOTS; i++)
		vif_page_close(&rx->buffer[i]);
	if (xdp_rxq_info_is_reg(&rx->xdp_rxq))
		xdp_rxq_info_unreg(&rx->xdp_rxq);
	page_pool_destroy(rx->pool);
	rx->pool = NULL;
}
