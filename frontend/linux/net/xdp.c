// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP. A frame in one part, with a checksum and not to be cut, is given to the program in a page with the room around
 * it that programs may count on; since it is copied there, no backend has to leave that room. All others, which is what
 * other guests on the same machine send each other, become an skb first and meet the program there, as with any
 * interface without XDP.
 *
 * What a program sends is copied to where frames that we send leave from, so that nobody waits for its page.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>

#include "frontend/linux/net/net.h"

#define TAIL_BYTES SKB_DATA_ALIGN(sizeof(struct skb_shared_info))
#define MAX_BYTES  (PAGE_SIZE - XDP_PACKET_HEADROOM - TAIL_BYTES)

/* ---- sending --------------------------------------------------------------------------------------------------- */

static struct vif_queue *queue_of_this_cpu(struct vif *vif)
{
	return &vif->queue[smp_processor_id() % vif->nr_queues];
}

static bool send_one(struct vif *vif, const void *data, u32 len)
{
	struct vif_queue *q = queue_of_this_cpu(vif);
	struct netdev_queue *txq = netdev_get_tx_queue(vif->dev, q->number);
	bool ok;

	__netif_tx_lock(txq, smp_processor_id());
	txq_trans_cond_update(txq);
	ok = vif_tx_put_copy(q, data, len);
	vif_tx_push(q);
	__netif_tx_unlock(txq);
	return ok;
}

/* By a redirection from another interface. */
int vif_xdp_xmit(struct net_device *dev, int n, struct xdp_frame **frames, u32 flags)
{
	struct vif *vif = netdev_priv(dev);
	struct netdev_queue *txq;
	struct vif_queue *q;
	int nr = 0;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!READ_ONCE(vif->is_started) || vif_is_broken(vif) || !netif_carrier_ok(dev)))
		return -ENETDOWN;
	q = queue_of_this_cpu(vif);
	txq = netdev_get_tx_queue(dev, q->number);
	__netif_tx_lock(txq, smp_processor_id());
	txq_trans_cond_update(txq);
	while (nr < n && vif_tx_put_copy(q, frames[nr]->data, frames[nr]->len))
		nr++;
	if (flags & XDP_XMIT_FLUSH)
		vif_tx_push(q);
	__netif_tx_unlock(txq);
	for (n = 0; n < nr; n++)
		xdp_return_frame_rx_napi(frames[n]); /* of the others the caller takes care */
	return nr;
}

/* ---- receiving ------------------------------------------------------------------------------------------------- */

/* As any interface without XDP of its own. */
static struct sk_buff *run_generic(struct vif_queue *q, struct bpf_prog *prog, const struct vif_rx_frame *frame)
{
	struct sk_buff *skb = vif_rx_make_skb(q, frame);

	if (!skb)
		return NULL;
	q->stats.xdp_generic++;
	skb_record_rx_queue(skb, q->number);
	return compat_do_xdp_generic(prog, &skb) == XDP_PASS ? skb : NULL;
}

static struct sk_buff *pass(struct vif_queue *q, const struct vif_rx_frame *frame, const struct xdp_buff *xdp)
{
	struct sk_buff *skb = napi_build_skb(xdp->data_hard_start, PAGE_SIZE);
	unsigned int meta = xdp->data - xdp->data_meta;

	if (!skb) {
		q->stats.rx_dropped++;
		page_pool_recycle_direct(q->rx.pool, virt_to_page(xdp->data));
		return NULL;
	}
	skb_mark_for_recycle(skb);
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	if (skb->len >= ETH_HLEN && vif_rx_describe(q, frame, skb))
		return skb;
	q->stats.rx_errors++;
	dev_kfree_skb_any(skb);
	return NULL;
}

/* true: the page has gone on its way, or to be passed on. */
static bool act_on(struct vif_queue *q, struct bpf_prog *prog, struct xdp_buff *xdp, u32 act, bool *needs_flush)
{
	struct net_device *dev = q->vif->dev;

	switch (act) {
	case XDP_PASS:
		q->stats.xdp_pass++;
		return true;
	case XDP_TX:
		if (send_one(q->vif, xdp->data, xdp->data_end - xdp->data))
			q->stats.xdp_tx++;
		else
			trace_xdp_exception(dev, prog, act);
		return false;
	case XDP_REDIRECT:
		if (xdp_do_redirect(dev, xdp, prog)) {
			trace_xdp_exception(dev, prog, act);
			return false;
		}
		q->stats.xdp_redirect++;
		*needs_flush = true;
		return true;
	default:
		bpf_warn_invalid_xdp_action(dev, prog, act);
		fallthrough;
	case XDP_ABORTED:
		trace_xdp_exception(dev, prog, act);
		fallthrough;
	case XDP_DROP:
		q->stats.xdp_drop++;
		return false;
	}
}

struct sk_buff *vif_xdp_run(struct vif_queue *q, struct bpf_prog *prog, const struct vif_rx_frame *frame,
			    bool *needs_flush)
{
	u32 len = frame->len_bytes, act;
	struct xdp_buff xdp;
	struct page *page;

	if (frame->nr_pieces != 1 || len > MAX_BYTES || frame->gso_size || frame->flags & XEN_NETRXF_csum_blank)
		return run_generic(q, prog, frame);
	page = page_pool_dev_alloc_pages(q->rx.pool);
	if (!page) {
		q->stats.rx_dropped++;
		return NULL;
	}
	xdp_init_buff(&xdp, PAGE_SIZE, &q->rx.xdp_rxq);
	xdp_prepare_buff(&xdp, page_address(page), XDP_PACKET_HEADROOM, len, true);
	peer_copy_long(xdp.data, vif_rx_bytes(q, &frame->piece[0]), len);
	act = bpf_prog_run_xdp(prog, &xdp);
	if (!act_on(q, prog, &xdp, act, needs_flush)) {
		page_pool_recycle_direct(q->rx.pool, page);
		return NULL;
	}
	return act == XDP_PASS ? pass(q, frame, &xdp) : NULL;
}

/* ---- a program comes or goes ----------------------------------------------------------------------------------- */

int vif_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	struct vif *vif = netdev_priv(dev);
	struct bpf_prog *old;

	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	old = rtnl_dereference(vif->xdp);
	rcu_assign_pointer(vif->xdp, bpf->prog);
	if (old)
		bpf_prog_put(old);
	return 0;
}
