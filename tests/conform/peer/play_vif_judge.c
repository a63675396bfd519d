// SPDX-License-Identifier: MIT
/* What a frontend may send, of what it was offered. */
#include "tests/conform/peer/play_vif.h"

#include <string.h>

#include "tests/conform/verdict.h"

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static bool has_gso(const struct play_vif *vif, uint8_t type)
{
	return type == XEN_NETIF_GSO_TYPE_TCPV4 ? vif->has_gso_tcpv4 : vif->has_gso_tcpv6;
}

static void judge_gso(struct play_vif *vif, const netif_extra_info_t *extra)
{
	struct frame *frame = &vif->taken.frame;
	uint8_t type = extra->u.gso.type;

	MUST("NET-69", type == XEN_NETIF_GSO_TYPE_TCPV4 || type == XEN_NETIF_GSO_TYPE_TCPV6, "a GSO extra of type %u",
	     type);
	MUST("NET-69", extra->u.gso.size > 0, "packets that are to be cut into parts of no octets");
	MUST("NET-7", has_gso(vif, type), "GSO of type %u, which was not offered", type);
	MUST("NET-46", frame->is_csum_blank, "a frame with GSO whose checksum is not blank");
	frame->gso_type = type;
	frame->gso_size = extra->u.gso.size;
}

static void judge_extra(struct play_vif *vif, const netif_tx_request_t *slot)
{
	netif_extra_info_t extra;

	memcpy(&extra, slot, sizeof(extra));
	MUST("NET-69", extra.type > 0 && extra.type < XEN_NETIF_EXTRA_TYPE_MAX, "an extra of type %u", extra.type);
	if (extra.type == XEN_NETIF_EXTRA_TYPE_GSO) {
		judge_gso(vif, &extra);
		return;
	}
	vif->taken.is_message = extra.type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD ||
				extra.type == XEN_NETIF_EXTRA_TYPE_MCAST_DEL;
	MUST("NET-7", vif->taken.is_message && vif->has_multicast, "an extra of type %u, which was not offered",
	     extra.type);
}

static void judge_sizes(struct play_vif *vif)
{
	struct play_vif_frame *taken = &vif->taken;
	uint32_t others = 0;

	for (unsigned int i = 1; i < taken->nr_slots; i++)
		others += taken->is_extra[i] ? 0 : taken->slot[i].size;
	taken->frame.len = taken->slot[0].size;
	MUST("NET-69", others <= taken->frame.len, "a frame of %u octets whose other slots have %u", taken->frame.len,
	     others);
	MUST("NET-69", taken->is_message || taken->frame.len >= FRAME_MIN_BYTES, "a frame of %u octets",
	     taken->frame.len);
	taken->slot[0].size -= others;
	for (unsigned int i = 0; i < taken->nr_slots; i++) {
		const netif_tx_request_t *slot = &taken->slot[i];

		MUST("NET-69", taken->is_extra[i] || slot->offset + slot->size <= (int)BACK_PAGE_BYTES,
		     "slot %u of a frame has %u octets from %u on", i, slot->size, slot->offset);
	}
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

static void read_octets(struct play_vif *vif)
{
	struct play_vif_frame *taken = &vif->taken;
	struct back *tx = &vif->play.back;
	uint8_t *to = taken->frame.bytes;

	for (unsigned int i = 0; i < taken->nr_slots; i++) {
		const netif_tx_request_t *slot = &taken->slot[i];

		if (taken->is_extra[i] || slot->size == 0)
			continue;
		/* Once we say Closed it may take its pages back. */
		MUST("GNT-1", back_read_page(tx, slot->gref, slot->offset, slot->size, to) ||
		     back_own_state(tx) == XB_CLOSED, "grant %u of slot %u of a frame cannot be read", slot->gref, i);
		to += slot->size;
	}
}

static void judge_octets(const struct play_vif *vif)
{
	const struct frame *frame = &vif->taken.frame;
	unsigned int version = frame_ip_version(frame);

	if (!frame->is_csum_blank)
		return;
	MUST("NET-69", frame_has_checksum(frame), "a blank checksum of what is neither TCP nor UDP");
	MUST("NET-7", version == 4 ? vif->has_csum_ipv4 : vif->has_csum_ipv6,
	     "a blank checksum over IPv%u, which was not offered", version);
	MUST("NET-69", !frame->gso_type || frame_is_tcp(frame), "a frame with GSO that is no TCP");
}

void play_vif_judge(struct play_vif *vif)
{
	struct play_vif_frame *taken = &vif->taken;
	struct frame *frame = &taken->frame;

	MUST("NET-7", taken->nr_data == 1 || vif->has_sg, "a frame in %u slots, which was not offered", taken->nr_data);
	frame->is_csum_blank = taken->slot[0].flags & NETTXF_csum_blank;
	frame->is_data_validated = taken->slot[0].flags & NETTXF_data_validated;
	frame->gso_type = 0;
	taken->is_message = false;
	for (unsigned int i = 0; i < taken->nr_slots; i++) {
		if (taken->is_extra[i])
			judge_extra(vif, &taken->slot[i]);
	}
	judge_sizes(vif);
	read_octets(vif);
	judge_octets(vif);
	vif->nr_large += frame->gso_type != 0;
	vif->nr_in_slots += taken->nr_data > 1;
	vif->nr_messages += taken->is_message;
}
