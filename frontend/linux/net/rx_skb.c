// SPDX-License-Identifier: GPL-2.0-only
/* What the network stack is given of a received frame: its octets, and what the backend says of them. */
#include "frontend/linux/net/net.h"

#define WHOLE_BYTES  1600 /* a frame that is not larger is copied to one place */
#define HEADER_BYTES 128  /* of others what is likely to be their headers */

/* ---- octets ---------------------------------------------------------------------------------------------------- */

/* The last fragment is a page that is filled up; used: how much of it is. */
static bool append(struct vif_queue *q, struct sk_buff *skb, const void *bytes, u32 len, u32 *used)
{
	unsigned int nr = skb_shinfo(skb)->nr_frags;
	struct page *page;
	u32 size;

	for (; len; bytes += size, len -= size, *used += size) {
		if (nr == 0 || *used == PAGE_SIZE) {
			page = page_pool_dev_alloc_pages(q->rx.pool);
			if (!page)
				return false;
			skb_add_rx_frag(skb, nr++, page, 0, 0, PAGE_SIZE);
			*used = 0;
		}
		size = min_t(u32, len, PAGE_SIZE - *used);
		peer_copy_long(skb_frag_address(&skb_shinfo(skb)->frags[nr - 1]) + *used, bytes, size);
		skb_coalesce_rx_frag(skb, nr - 1, size, 0);
	}
	return true;
}

/* Of the first part so much is copied already. */
static bool append_all(struct vif_queue *q, struct sk_buff *skb, const struct vif_rx_frame *frame, u32 pulled)
{
	u32 used = 0;
	unsigned int i;

	for (i = 0; i < frame->nr_pieces; i++) {
		const struct vif_rx_piece *piece = &frame->piece[i];

		if (!append(q, skb, vif_rx_bytes(q, piece) + pulled, piece->len_bytes - pulled, &used))
			return false;
		pulled = 0;
	}
	return true;
}

/* ---- what is said of them -------------------------------------------------------------------------------------- */

static void set_hash(struct sk_buff *skb, const struct vif_rx_frame *frame)
{
	bool has_ports = frame->hash_type == _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP ||
			 frame->hash_type == _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP;

	skb_set_hash(skb, frame->hash, has_ports ? PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
}

static void set_gso(struct sk_buff *skb, const struct vif_rx_frame *frame)
{
	skb_shinfo(skb)->gso_size = frame->gso_size;
	skb_shinfo(skb)->gso_type = frame->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	skb_shinfo(skb)->gso_type |= SKB_GSO_DODGY; /* whoever cuts it looks at its headers first */
	skb_shinfo(skb)->gso_segs = 0;
}

bool vif_rx_describe(struct vif_queue *q, const struct vif_rx_frame *frame, struct sk_buff *skb)
{
	bool is_blank = frame->flags & XEN_NETRXF_csum_blank;

	if (frame->extras_seen & BIT(XEN_NETIF_EXTRA_TYPE_HASH))
		set_hash(skb, frame);
	if (frame->gso_size)
		set_gso(skb, frame);
	if (is_blank || frame->gso_size)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (frame->flags & XEN_NETRXF_data_validated && q->vif->dev->features & NETIF_F_RXCSUM)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->protocol = eth_type_trans(skb, q->vif->dev);
	skb_reset_network_header(skb);
	return skb->ip_summed != CHECKSUM_PARTIAL || !skb_checksum_setup(skb, !is_blank);
}

/* ---- both ------------------------------------------------------------------------------------------------------ */

struct sk_buff *vif_rx_make_skb(struct vif_queue *q, const struct vif_rx_frame *frame)
{
	const struct vif_rx_piece *first = &frame->piece[0];
	bool is_small = frame->nr_pieces == 1 && frame->len_bytes <= WHOLE_BYTES;
	u32 pulled = is_small ? frame->len_bytes : min_t(u32, first->len_bytes, HEADER_BYTES);
	struct sk_buff *skb = napi_alloc_skb(&q->napi, pulled);

	if (!skb)
		goto no_memory;
	skb_mark_for_recycle(skb);
	peer_copy_long(skb_put(skb, pulled), vif_rx_bytes(q, first), pulled);
	if (!append_all(q, skb, frame, pulled))
		goto no_memory;
	if (pskb_may_pull(skb, ETH_HLEN) && vif_rx_describe(q, frame, skb))
		return skb;
	q->stats.rx_errors++;
	kfree_skb(skb);
	return NULL;

no_memory:
	q->stats.rx_dropped++;
	kfree_skb(skb);
	return NULL;
}
