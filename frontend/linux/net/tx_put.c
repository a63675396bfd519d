// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sending. A frame that fits a page is copied into one: that is less work, for the backend, too, than lending it what
 * the frame consists of. Of a larger one those pages are lent which are wholly the frame's, as a page is granted as a
 * whole; the rest is copied. If nothing is to be lent, or there are too many parts, all is copied, as dense as it goes.
 */
#include <linux/highmem.h>

#include "frontend/linux/net/net.h"

/* ---- ids ------------------------------------------------------------------------------------------------------- */

u32 vif_tx_room(const struct vif_queue *q)
{
	const struct vif_tx *tx = &q->tx;
	u32 nr_out = tx->ring.layout.nr_slots - ring_front_free_slots(&tx->ring);
	u32 limit = READ_ONCE(q->vif->tx_slots);
	u32 slots = nr_out < limit ? limit - nr_out : 0;

	return min_t(u32, slots, tx->nr_free);
}

static u8 take_id(struct vif_tx *tx)
{
	return tx->free[--tx->nr_free];
}

void vif_tx_give_id(struct vif_tx *tx, u8 id)
{
	tx->free[tx->nr_free++] = id;
}

/* ---- a frame's slots, before they are put into the ring -------------------------------------------------------- */

struct cut {
	struct xen_netif_tx_request req[VIF_MAX_DATA_SLOTS];
	unsigned int nr;
	u32 len_bytes;
};

static struct vif_tx_slot *add_slot(struct vif_queue *q, struct cut *cut, u16 size)
{
	u8 id = take_id(&q->tx);

	cut->req[cut->nr++] = (struct xen_netif_tx_request){ .size = size, .id = id };
	cut->len_bytes += size;
	return &q->tx.slot[id];
}

static bool add_copy(struct vif_queue *q, struct cut *cut, const struct sk_buff *skb, u32 from, u32 len)
{
	struct vif_tx_slot *slot = add_slot(q, cut, len);

	cut->req[cut->nr - 1].gref = slot->own.ref;
	return !skb_copy_bits(skb, from, page_address(slot->own.page), len);
}

static bool add_copies(struct vif_queue *q, struct cut *cut, const struct sk_buff *skb, u32 from, u32 len)
{
	u32 size;

	for (; len; from += size, len -= size) {
		size = min_t(u32, len, XEN_PAGE_SIZE);
		if (!add_copy(q, cut, skb, from, size))
			return false;
	}
	return true;
}

static void add_lent(struct vif_queue *q, struct cut *cut, struct page *page)
{
	struct vif_tx_slot *slot = add_slot(q, cut, XEN_PAGE_SIZE);

	slot->lent.page = page;
	gnttab_grant_foreign_access_ref(slot->lent.ref, q->vif->xdev->otherend_id, xen_page_to_gfn(page),
					GNTMAP_readonly);
	cut->req[cut->nr - 1].gref = slot->lent.ref;
}

static void add_part(struct vif_queue *q, struct cut *cut, struct page *page, u32 offset, u32 len)
{
	struct vif_tx_slot *slot = add_slot(q, cut, len);

	cut->req[cut->nr - 1].gref = slot->own.ref;
	memcpy_from_page(page_address(slot->own.page), page, offset, len);
}

/* A fragment may be of a compound page. */
static void add_fragment(struct vif_queue *q, struct cut *cut, const skb_frag_t *frag)
{
	struct page *page = skb_frag_page(frag) + (skb_frag_off(frag) >> PAGE_SHIFT);
	u32 offset = offset_in_page(skb_frag_off(frag));
	u32 left = skb_frag_size(frag), size;

	for (; left; left -= size, page++, offset = 0) {
		size = min_t(u32, left, PAGE_SIZE - offset);
		if (size == PAGE_SIZE)
			add_lent(q, cut, page);
		else
			add_part(q, cut, page, offset, size);
	}
}

static unsigned int nr_slots_if_lent(const struct sk_buff *skb)
{
	unsigned int nr = DIV_ROUND_UP(skb_headlen(skb), XEN_PAGE_SIZE), i;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];

		nr += DIV_ROUND_UP(offset_in_page(skb_frag_off(frag)) + skb_frag_size(frag), PAGE_SIZE);
	}
	return nr;
}

static bool cut_frame(struct vif_queue *q, struct cut *cut, const struct sk_buff *skb)
{
	unsigned int i;

	if (skb->len <= XEN_PAGE_SIZE || q->vif->copies || skb_headlen(skb) < ETH_HLEN || skb_has_frag_list(skb) ||
	    nr_slots_if_lent(skb) > VIF_MAX_DATA_SLOTS) {
		q->stats.tx_copied++;
		return add_copies(q, cut, skb, 0, skb->len);
	}
	if (!add_copies(q, cut, skb, 0, skb_headlen(skb)))
		return false;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		add_fragment(q, cut, &skb_shinfo(skb)->frags[i]);
	return true;
}

static void undo_cut(struct vif_queue *q, const struct cut *cut)
{
	unsigned int i;

	for (i = 0; i < cut->nr; i++)
		vif_tx_give_id(&q->tx, cut->req[i].id);
}

/* ---- into the ring --------------------------------------------------------------------------------------------- */

static void put_extra(struct vif_tx *tx, const struct xen_netif_extra_info *extra)
{
	struct xen_netif_tx_request slot = { 0 }; /* which is larger */

	memcpy(&slot, extra, sizeof(*extra));
	ring_front_put(&tx->ring, &slot);
	tx->nr_extras_out++;
}

/* The first slot says the size of all, and is where the frame's answers are counted. */
static struct vif_tx_slot *put_cut(struct vif_queue *q, struct cut *cut, u16 flags,
				   const struct xen_netif_extra_info *extra)
{
	struct vif_tx *tx = &q->tx;
	u8 first = cut->req[0].id;
	unsigned int i;

	cut->req[0].size = cut->len_bytes;
	cut->req[0].flags = flags | (extra ? XEN_NETTXF_extra_info : 0);
	for (i = 0; i < cut->nr; i++) {
		struct vif_tx_slot *slot = &tx->slot[cut->req[i].id];

		slot->is_out = true;
		slot->first = first;
		if (i + 1 < cut->nr)
			cut->req[i].flags |= XEN_NETTXF_more_data;
		ring_front_put(&tx->ring, &cut->req[i]);
		if (i == 0 && extra)
			put_extra(tx, extra);
	}
	q->stats.tx_slots += cut->nr;
	tx->slot[first].nr_out = cut->nr;
	tx->slot[first].status = XEN_NETIF_RSP_OKAY;
	tx->slot[first].is_message = false;
	tx->slot[first].len_bytes = cut->len_bytes;
	tx->slot[first].skb = NULL;
	return &tx->slot[first];
}

static u16 flags_of(const struct sk_buff *skb)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL)
		return XEN_NETTXF_csum_blank | XEN_NETTXF_data_validated;
	return skb->ip_summed == CHECKSUM_UNNECESSARY ? XEN_NETTXF_data_validated : 0;
}

bool vif_tx_put_skb(struct vif_queue *q, struct sk_buff *skb)
{
	struct xen_netif_extra_info gso = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso = { .size = skb_shinfo(skb)->gso_size,
			   .type = skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ? XEN_NETIF_GSO_TYPE_TCPV6 :
									       XEN_NETIF_GSO_TYPE_TCPV4 },
	};
	struct cut cut = { .nr = 0 };

	if (!cut_frame(q, &cut, skb)) {
		undo_cut(q, &cut);
		return false;
	}
	put_cut(q, &cut, flags_of(skb), skb_is_gso(skb) ? &gso : NULL)->skb = skb;
	return true;
}

/* ---- what does not come from the kernel's queue ---------------------------------------------------------------- */

bool vif_tx_put_copy(struct vif_queue *q, const void *data, u32 len)
{
	struct cut cut = { .nr = 0 };
	struct vif_tx_slot *slot;

	if (len < ETH_HLEN || len > XEN_PAGE_SIZE || vif_tx_room(q) < VIF_MAX_SLOTS)
		return false;
	slot = add_slot(q, &cut, len);
	memcpy(page_address(slot->own.page), data, len);
	cut.req[0].gref = slot->own.ref;
	put_cut(q, &cut, 0, NULL);
	q->stats.xdp_xmit++;
	return true;
}

bool vif_tx_put_group(struct vif_queue *q, bool is_added, const u8 *address)
{
	struct xen_netif_extra_info extra = {
		.type = is_added ? XEN_NETIF_EXTRA_TYPE_MCAST_ADD : XEN_NETIF_EXTRA_TYPE_MCAST_DEL,
	};
	struct cut cut = { .nr = 0 };
	struct vif_tx_slot *slot;

	if (vif_tx_room(q) < VIF_MAX_SLOTS)
		return false;
	ether_addr_copy(extra.u.mcast.addr, address);
	slot = add_slot(q, &cut, 0);
	cut.req[0].gref = slot->own.ref;
	put_cut(q, &cut, 0, &extra)->is_message = true;
	return true;
}
