// SPDX-License-Identifier: GPL-2.0-only
/* Sending: the kernel's transmit queue on one side, the backend's answers on the other. */
#include <xen/events.h>

#include "frontend/linux/net/net.h"

/* ---- sending --------------------------------------------------------------------------------------------------- */

void vif_tx_push(struct vif_queue *q)
{
	if (ring_front_push(&q->tx.ring))
		notify_remote_via_irq(q->tx.irq);
}

/* The kernel has seen to it, but perhaps for the offer of a connection before this one. */
static bool can_be_sent(const struct vif *vif, struct sk_buff *skb)
{
	if (skb->len < ETH_HLEN || skb->len > XEN_NETIF_MAX_TX_SIZE || netif_needs_gso(skb, vif->dev->features))
		return false;
	return skb->len <= XEN_PAGE_SIZE || vif->terms.takes_sg;
}

static netdev_tx_t drop(struct vif_queue *q, struct sk_buff *skb)
{
	u64_stats_update_begin(&q->stats.tx_sync);
	q->stats.tx_dropped++;
	u64_stats_update_end(&q->stats.tx_sync);
	dev_kfree_skb_any(skb);
	if (!netdev_xmit_more())
		vif_tx_push(q);
	return NETDEV_TX_OK;
}

/* The kernel holds the lock of the transmit queue. */
netdev_tx_t vif_tx_start(struct sk_buff *skb, struct net_device *dev)
{
	struct vif *vif = netdev_priv(dev);
	struct vif_queue *q = &vif->queue[skb_get_queue_mapping(skb)];
	struct netdev_queue *txq = netdev_get_tx_queue(dev, q->number);

	if (unlikely(!vif->is_started || vif_is_broken(vif))) {
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	if (unlikely(vif_tx_room(q) < VIF_MAX_SLOTS)) { /* somebody redirects to us */
		netif_tx_stop_queue(txq);
		vif_tx_push(q);
		return NETDEV_TX_BUSY;
	}
	skb_tx_timestamp(skb);
	if (unlikely(!can_be_sent(vif, skb) || !vif_tx_put_skb(q, skb)))
		return drop(q, skb);
	if (vif_tx_room(q) < VIF_MAX_SLOTS) {
		netif_tx_stop_queue(txq);
		q->stats.tx_stops++;
	}
	if (__netdev_tx_sent_queue(txq, skb->len, netdev_xmit_more()))
		vif_tx_push(q);
	return NETDEV_TX_OK;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

struct done {
	unsigned int frames, bytes, errors; /* of the kernel's queue: what it counts itself */
	int budget;
};

static void finish_frame(struct vif_queue *q, u8 id, struct done *done)
{
	struct vif_tx_slot *frame = &q->tx.slot[id];

	vif_tx_give_id(&q->tx, id);
	if (frame->status != XEN_NETIF_RSP_OKAY) {
		q->stats.tx_errors++;
	} else if (!frame->is_message) {
		q->stats.tx_packets++;
		q->stats.tx_bytes += frame->len_bytes;
	}
	if (!frame->skb)
		return;
	done->frames++;
	done->bytes += frame->len_bytes;
	napi_consume_skb(frame->skb, done->budget);
	frame->skb = NULL;
}

static const char *take_answer(struct vif_queue *q, const struct xen_netif_tx_response *rsp, struct done *done)
{
	struct vif_tx *tx = &q->tx;
	struct vif_tx_slot *slot, *frame;
	u8 first;

	if (rsp->status == XEN_NETIF_RSP_NULL) {
		if (!tx->nr_extras_out)
			return "an answer to extra info that was not sent";
		tx->nr_extras_out--;
		return NULL;
	}
	if (rsp->id >= VIF_RING_SLOTS || !tx->slot[rsp->id].is_out)
		return "an answer to an id that is not out";
	slot = &tx->slot[rsp->id];
	if (slot->lent.page && !gnttab_end_foreign_access_ref(slot->lent.ref))
		return "an answer while it still uses the page";
	slot->lent.page = NULL;
	slot->is_out = false;
	first = slot->first;
	frame = &tx->slot[first];
	if (rsp->status < frame->status)
		frame->status = max_t(int, rsp->status, S8_MIN);
	if (slot != frame)
		vif_tx_give_id(tx, rsp->id);
	if (--frame->nr_out == 0)
		finish_frame(q, first, done);
	return NULL;
}

static enum ring_pop take_answers(struct vif_queue *q, struct done *done)
{
	struct xen_netif_tx_response rsp;
	const char *why = NULL;
	enum ring_pop got;

	while ((got = ring_front_pop(&q->tx.ring, &rsp)) == RING_GOT) {
		set_bit(VIF_WORKED, &q->bits);
		why = take_answer(q, &rsp, done);
		if (why)
			break;
	}
	if (got == RING_BROKEN)
		why = "an index of answers beyond what was sent";
	if (why)
		vif_break(q->vif, why);
	return why ? RING_BROKEN : got;
}

/* An event is asked for when half of what is out has been answered: until then there is enough room. */
static bool has_more(struct vif_tx *tx)
{
	u32 nr_out = tx->ring.req_pushed - tx->ring.rsp_cons;

	return ring_front_final_check_for(&tx->ring, max(nr_out / 2, 1U));
}

bool vif_tx_clean(struct vif_queue *q, int budget)
{
	struct netdev_queue *txq = netdev_get_tx_queue(q->vif->dev, q->number);
	struct done done = { .budget = budget };
	bool more = false;

	if (unlikely(vif_is_broken(q->vif)))
		return false;
	/* Without a budget it is netpoll's, which may have come while this processor sends. */
	if (budget)
		__netif_tx_lock(txq, smp_processor_id());
	else if (!__netif_tx_trylock(txq))
		return false;
	u64_stats_update_begin(&q->stats.tx_sync);
	if (take_answers(q, &done) == RING_EMPTY)
		more = has_more(&q->tx);
	u64_stats_update_end(&q->stats.tx_sync);
	netdev_tx_completed_queue(txq, done.frames, done.bytes);
	if (netif_tx_queue_stopped(txq) && q->vif->is_started && vif_tx_room(q) >= 2 * VIF_MAX_SLOTS)
		netif_tx_wake_queue(txq);
	__netif_tx_unlock(txq);
	return more;
}

/* ---- its pages ------------------------------------------------------------------------------------------------- */

static int open_slot(struct vif_queue *q, struct vif_tx_slot *slot, grant_ref_t *refs)
{
	slot->lent.ref = gnttab_claim_grant_reference(refs);
	return vif_page_open(q->vif, &slot->own, GNTMAP_readonly);
}

int vif_tx_open(struct vif_queue *q)
{
	struct vif_tx *tx = &q->tx;
	grant_ref_t refs;
	unsigned int i;
	int rc;

	BUILD_BUG_ON(PAGE_SIZE != XEN_PAGE_SIZE);
	/* However small the frames are of late: a full ring of them is less than one of the largest. */
	netdev_queue_set_dql_min_limit(netdev_get_tx_queue(q->vif->dev, q->number), XEN_NETIF_MAX_TX_SIZE);
	tx->nr_free = 0;
	tx->nr_extras_out = 0;
	rc = gnttab_alloc_grant_references(VIF_RING_SLOTS, &refs);
	if (rc)
		return rc;
	for (i = 0; !rc && i < VIF_RING_SLOTS; i++) {
		rc = open_slot(q, &tx->slot[i], &refs);
		vif_tx_give_id(tx, VIF_RING_SLOTS - 1 - i);
	}
	gnttab_free_grant_references(refs);
	return rc;
}

/* No reference is 0. */
static void close_slot(struct vif_tx_slot *slot)
{
	vif_page_close(&slot->own);
	if (slot->lent.page) {
		get_page(slot->lent.page); /* for as long as the backend uses it */
		gnttab_end_foreign_access(slot->lent.ref, slot->lent.page);
	} else if (slot->lent.ref) {
		gnttab_free_grant_reference(slot->lent.ref);
	}
	if (slot->skb)
		dev_kfree_skb_any(slot->skb);
	memset(slot, 0, sizeof(*slot));
}

void vif_tx_close(struct vif_queue *q)
{
	unsigned int i;

	for (i = 0; i < VIF_RING_SLOTS; i++)
		close_slot(&q->tx.slot[i]);
	netdev_tx_reset_queue(netdev_get_tx_queue(q->vif->dev, q->number));
}
