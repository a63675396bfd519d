// SPDX-License-Identifier: MIT
/* What a guest may send: a frame's slots, and what it says of its octets. */
#include "tests/conform/scripted_net/hub.h"

#include <string.h>

#include "tests/conform/violate.h"

#define MAX_SLOTS   18
#define KNOWN_FLAGS (NETTXF_csum_blank | NETTXF_data_validated | NETTXF_more_data | NETTXF_extra_info)

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static enum hub_verdict judge_gso(const netif_extra_info_t *extra, struct frame *frame)
{
	bool is_known = extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4 || extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6;

	if (extra->u.gso.size == 0)
		return violates("NET-42") ? HUB_REJECT : HUB_FATAL;
	if (!is_known)
		return violates("NET-43") ? HUB_REJECT : HUB_FATAL;
	frame->gso_type = extra->u.gso.type;
	frame->gso_size = extra->u.gso.size;
	return HUB_FINE;
}

static enum hub_verdict judge_extra(struct hub_slots *slots, unsigned int i, struct frame *frame)
{
	const netif_tx_request_t *slot = &slots->slot[i];
	netif_extra_info_t extra;

	memcpy(&extra, slot, sizeof(extra));
	switch (extra.type) {
	case XEN_NETIF_EXTRA_TYPE_GSO:
		return judge_gso(&extra, frame);
	case XEN_NETIF_EXTRA_TYPE_MCAST_ADD:
	case XEN_NETIF_EXTRA_TYPE_MCAST_DEL:
		slots->message = slot;
		return violates("NET-24") ? HUB_FATAL : HUB_FINE;
	case XEN_NETIF_EXTRA_TYPE_HASH:
		return violates("NET-24") ? HUB_FATAL : HUB_REJECT;
	default:
		return violates("NET-23") ? HUB_REJECT : HUB_FATAL;
	}
}

static bool leaves_page(netif_tx_request_t *slot)
{
	if (slot->offset + slot->size <= (int)BACK_PAGE_BYTES)
		return false;
	if (!violates("NET-15"))
		return true;
	slot->offset %= BACK_PAGE_BYTES;
	slot->size = BACK_PAGE_BYTES - slot->offset;
	return false;
}

/* The first slot's own size is what the others leave it. */
static enum hub_verdict judge_sizes(struct hub_slots *slots, struct frame *frame)
{
	netif_tx_request_t *first = &slots->slot[0];
	uint32_t others = 0;

	for (unsigned int i = 1; i < slots->nr; i++) {
		if (slots->is_extra[i])
			continue;
		if (leaves_page(&slots->slot[i]))
			return HUB_FATAL;
		if (slots->slot[i].size == 0 && violates("NET-10"))
			return HUB_REJECT;
		others += slots->slot[i].size;
	}
	frame->len = first->size;
	if (others > first->size)
		return violates("NET-17") ? HUB_FATAL : HUB_REJECT;
	first->size -= others;
	if (leaves_page(first))
		return HUB_FATAL;
	return frame->len < FRAME_MIN_BYTES && !violates("NET-16") ? HUB_REJECT : HUB_FINE;
}

static enum hub_verdict worst(enum hub_verdict a, enum hub_verdict b)
{
	return a > b ? a : b;
}

enum hub_verdict hub_judge_slots(struct hub_slots *slots, struct frame *frame)
{
	const netif_tx_request_t *first = &slots->slot[0];
	enum hub_verdict verdict = HUB_FINE;

	*frame = (struct frame){ .is_csum_blank = first->flags & NETTXF_csum_blank,
				 .is_data_validated = first->flags & NETTXF_data_validated };
	slots->message = NULL;
	if (first->flags & ~KNOWN_FLAGS && violates("NET-25"))
		return HUB_REJECT;
	for (unsigned int i = 1; i < slots->nr; i++) {
		if (slots->is_extra[i])
			verdict = worst(verdict, judge_extra(slots, i, frame));
	}
	verdict = worst(verdict, judge_sizes(slots, frame));
	if (slots->nr_data > MAX_SLOTS && !violates("NET-12"))
		verdict = worst(verdict, HUB_REJECT);
	return verdict;
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

enum hub_verdict hub_judge_frame(const struct frame *frame)
{
	unsigned int version = frame->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ? 4 : 6;

	if (frame->gso_type && (!frame_is_tcp(frame) || frame_ip_version(frame) != version))
		return violates("NET-44") ? HUB_FATAL : HUB_REJECT;
	if (frame->is_csum_blank && !frame_has_checksum(frame))
		return violates("NET-40") ? HUB_FATAL : HUB_REJECT;
	return HUB_FINE;
}
