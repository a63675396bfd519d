// SPDX-License-Identifier: MIT
#include "backend/net/tx_slots.h"

#include <string.h>

#define PAGE_BYTES 4096U

/* Linux sends headers from a page of their own, then pages that follow one another: the first of those decides. */
size_t net_tx_slots_place(const struct net_tx_frame *frame, size_t after_bytes)
{
	uint32_t before_bytes = 0;
	unsigned int nr_seen = 0;

	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		const struct net_tx_slot *slot = &frame->slots[i];

		if (slot->is_extra || slot->len_bytes == 0)
			continue;
		if (++nr_seen == 2)
			return after_bytes + (slot->offset_bytes - before_bytes - after_bytes) % PAGE_BYTES;
		before_bytes += slot->len_bytes;
	}
	if (after_bytes % PAGE_BYTES + frame->len_bytes <= PAGE_BYTES)
		return after_bytes;
	return (after_bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

void net_tx_slots_copy(const struct net_tx_frame *frame, struct grants *grants, void *to, uint32_t owner)
{
	uint8_t *next = to;

	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		const struct net_tx_slot *slot = &frame->slots[i];

		if (slot->is_extra || slot->len_bytes == 0)
			continue;
		grants_copy(grants, GRANTS_FROM_GUEST,
			    &(struct grants_segment){ slot->gref, slot->offset_bytes, slot->len_bytes, next }, owner);
		next += slot->len_bytes;
	}
}

struct net_meta net_tx_slots_meta(const struct net_tx_frame *frame)
{
	return (struct net_meta){
		.is_csum_blank = frame->flags & NETTXF_csum_blank,
		.is_data_validated = frame->flags & NETTXF_data_validated,
		.gso_type = frame->gso_type,
		.gso_size = frame->gso_bytes,
	};
}

void net_tx_slots_capture(const struct net_tx_frame *frame, struct queue *queue, struct capture **capture,
			  unsigned int index, const char *dropped, const void *bytes)
{
	struct net_capture_record record;

	net_capture_begin(&record, NET_CAPTURE_FROM_GUEST, index, frame->len_bytes, dropped);
	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		const struct net_tx_slot *slot = &frame->slots[i];

		net_capture_add(&record, slot->is_extra, queue_request(queue, slot->slot), sizeof(netif_tx_request_t));
	}
	net_capture_send(capture, &record, bytes, frame->len_bytes);
}

void net_tx_slots_answer(const struct net_tx_frame *frame, struct queue *queue, bool has_failed)
{
	for (unsigned int i = 0; i < frame->nr_slots; i++) {
		const struct net_tx_slot *slot = &frame->slots[i];
		netif_tx_response_t response = { .id = slot->id, .status = NETIF_RSP_OKAY };

		if (slot->is_extra)
			response = (netif_tx_response_t){ .status = NETIF_RSP_NULL };
		else if (has_failed)
			response.status = NETIF_RSP_ERROR;
		queue_respond(queue, slot->slot, &response);
	}
}

void net_tx_slots_give_back(const struct net_tx_frame *frame, struct queue *queue)
{
	for (unsigned int i = frame->nr_slots; i > 0; i--)
		queue_give_back(queue, frame->slots[i - 1].slot);
}

void net_tx_slots_disown(struct net_tx_disowned *at, const void *request, void *response)
{
	netif_tx_response_t answer = { .status = NETIF_RSP_NULL };
	netif_extra_info_t extra;
	netif_tx_request_t slot;

	if (at->is_extra_next) {
		memcpy(&extra, request, sizeof(extra));
		at->is_extra_next = extra.flags & XEN_NETIF_EXTRA_FLAG_MORE;
	} else {
		memcpy(&slot, request, sizeof(slot));
		at->is_extra_next = !at->is_in_frame && slot.flags & NETTXF_extra_info;
		at->is_in_frame = slot.flags & NETTXF_more_data;
		answer = (netif_tx_response_t){ .id = slot.id, .status = NETIF_RSP_ERROR };
	}
	memcpy(response, &answer, sizeof(answer));
}
