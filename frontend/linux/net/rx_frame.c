// SPDX-License-Identifier: GPL-2.0-only
/* A received frame, put together from its responses. Nothing is touched here but private copies. */
#include "frontend/linux/net/net.h"

static void begin(struct vif_rx_frame *frame, u16 flags)
{
	frame->nr_pieces = 0;
	frame->nr_slots = 0;
	frame->len_bytes = 0;
	frame->flags = flags;
	frame->wants_extra = flags & XEN_NETRXF_extra_info;
	frame->is_bad = false;
	frame->extras_seen = 0;
	frame->gso_size = 0;
}

static const char *add_data(struct vif_rx_frame *frame, const struct xen_netif_rx_response *rsp, u8 number)
{
	bool is_first = !frame->wants_data;
	struct vif_rx_piece *piece;

	if (rsp->id != number)
		return "a response in the slot of another request";
	if (rsp->flags & XEN_NETRXF_gso_prefix)
		return "a GSO prefix, which nobody asked for";
	if (!is_first && rsp->flags & XEN_NETRXF_extra_info)
		return "extra info behind a slot that is not a frame's first";
	if (is_first)
		begin(frame, rsp->flags);
	if (frame->nr_pieces == VIF_MAX_PIECES)
		return "a frame that does not end";
	frame->wants_data = rsp->flags & XEN_NETRXF_more_data;
	if (rsp->status < 0)
		frame->is_bad = true;
	else if (rsp->offset > XEN_PAGE_SIZE || rsp->status > XEN_PAGE_SIZE - rsp->offset)
		return "data beyond the end of its page";
	piece = &frame->piece[frame->nr_pieces++];
	*piece = (struct vif_rx_piece){ number, rsp->offset, max_t(s16, rsp->status, 0) };
	frame->len_bytes += piece->len_bytes;
	return frame->len_bytes > VIF_MAX_RECEIVED ? "a frame larger than any" : NULL;
}

static const char *take_gso(struct vif_rx_frame *frame, const struct xen_netif_extra_info *extra)
{
	if (extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV4 && extra->u.gso.type != XEN_NETIF_GSO_TYPE_TCPV6)
		return "a GSO type that does not exist";
	if (!extra->u.gso.size)
		return "GSO packets of no size";
	frame->gso_type = extra->u.gso.type;
	frame->gso_size = extra->u.gso.size;
	return NULL;
}

/* Types that exist and were not asked for say nothing about the octets. */
static const char *add_extra(struct vif_rx_frame *frame, const struct xen_netif_extra_info *extra)
{
	const u8 *value = extra->u.hash.value;

	if (extra->type == XEN_NETIF_EXTRA_TYPE_NONE || extra->type >= XEN_NETIF_EXTRA_TYPE_MAX)
		return "extra info of a type that does not exist";
	if (frame->extras_seen & BIT(extra->type))
		return "the same extra info twice";
	frame->extras_seen |= BIT(extra->type);
	frame->wants_extra = extra->flags & XEN_NETIF_EXTRA_FLAG_MORE;
	switch (extra->type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		return take_gso(frame, extra);
	case XEN_NETIF_EXTRA_TYPE_HASH:
		frame->hash_type = extra->u.hash.type;
		frame->hash = value[0] | value[1] << 8 | value[2] << 16 | (u32)value[3] << 24;
		return NULL;
	default:
		return NULL;
	}
}

const char *vif_rx_add_slot(struct vif_rx_frame *frame, const void *slot, u8 number)
{
	struct xen_netif_extra_info extra;
	struct xen_netif_rx_response rsp;
	const char *why;

	BUILD_BUG_ON(sizeof(extra) != sizeof(rsp));
	if (frame->wants_extra) {
		memcpy(&extra, slot, sizeof(extra));
		why = add_extra(frame, &extra);
	} else {
		memcpy(&rsp, slot, sizeof(rsp));
		why = add_data(frame, &rsp, number);
	}
	frame->nr_slots++;
	return why;
}
