// SPDX-License-Identifier: MIT
#include "backend/net/delivery.h"

#include <string.h>

#include "backend/core/grants_lent.h"

static void copy_failed(void *context, uint32_t owner, int rc)
{
	struct net_delivery *delivery = context;

	delivery->frames[owner]->has_failed = true;
}

static void take_parts(struct net_delivery *delivery, struct net_rx_frame *frame, unsigned int nr_parts)
{
	netif_rx_request_t request;
	const void *bytes;

	frame->has_failed = false;
	for (frame->nr_parts = 0; frame->nr_parts < nr_parts; frame->nr_parts++) {
		struct net_rx_part *part = &frame->parts[frame->nr_parts];

		bytes = queue_take(delivery->queue, &part->slot);
		if (!bytes) /* not after queue_has_requests() */
			break;
		memcpy(&request, bytes, sizeof(request));
		part->id = request.id;
		part->gref = request.gref;
	}
	net_rx_frame_cut(frame);
}

/* Who sends has cut the frame in its own way: a buffer may take several pieces, and a piece fill several buffers. */
static void start_lent_copies(struct net_delivery *delivery, const struct net_rx_frame *frame)
{
	struct grants *grants = &delivery->queue->grants;
	const struct net_tx_slot *slot = frame->lent->slots;
	uint32_t slot_done = 0, piece;

	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		const struct net_rx_part *part = &frame->parts[i];

		for (uint32_t done = 0; done < part->len_bytes; done += piece, slot_done += piece) {
			for (; slot->is_extra || slot_done == slot->len_bytes; slot++)
				slot_done = 0;
			piece = slot->len_bytes - slot_done;
			if (piece > part->len_bytes - done)
				piece = part->len_bytes - done;
			if (grants_copy_room(grants) == 0)
				grants_copy_run(grants, copy_failed, delivery);
			grants_copy_between(
				grants,
				&(struct grants_lent){ frame->lender, slot->gref, slot->offset_bytes + slot_done },
				&(struct grants_segment){ part->gref, frame->headroom_bytes + done, piece, NULL },
				delivery->nr);
		}
	}
}

static void start_copies(struct net_delivery *delivery, const struct net_rx_frame *frame)
{
	struct grants *grants = &delivery->queue->grants;
	uint8_t *from = net_rx_frame_bytes(frame);
	struct grants_segment segment;

	if (grants_copy_room(grants) < frame->nr_parts)
		grants_copy_run(grants, copy_failed, delivery);
	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		const struct net_rx_part *part = &frame->parts[i];

		if (part->len_bytes == 0)
			continue;
		segment = (struct grants_segment){ part->gref, frame->headroom_bytes, part->len_bytes, from };
		grants_copy(grants, GRANTS_TO_GUEST, &segment, delivery->nr);
		from += part->len_bytes;
	}
}

static void capture(struct net_delivery *delivery, const struct net_rx_frame *frame, const char *dropped)
{
	struct net_capture_record record;

	net_capture_begin(&record, NET_CAPTURE_TO_GUEST, delivery->number, frame->len_bytes, dropped);
	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		union net_rx_answer one = net_rx_frame_answer(frame, i);

		net_capture_add(&record, net_rx_frame_is_extra(frame, i), &one, sizeof(one));
	}
	net_capture_send(&delivery->capture, &record, net_rx_frame_bytes(frame), frame->len_bytes);
}

void net_delivery_drop(struct net_delivery *delivery, struct net_rx_frame *frame, const char *why)
{
	reasons_count(&delivery->counters->drops, why, 1);
	if (delivery->capture)
		capture(delivery, frame, why);
}

static void answer(struct net_delivery *delivery, struct net_rx_frame *frame)
{
	union net_rx_answer one;

	for (unsigned int i = 0; i < frame->nr_parts; i++) {
		one = net_rx_frame_answer(frame, i);
		queue_respond(delivery->queue, frame->parts[i].slot, &one);
	}
	if (frame->has_failed) {
		net_delivery_drop(delivery, frame, "the guest's memory cannot be written");
		return;
	}
	counter_add(&delivery->counters->nr_frames, 1);
	counter_add(&delivery->counters->nr_bytes, frame->len_bytes);
	if (delivery->capture)
		capture(delivery, frame, NULL);
}

void net_delivery_run(struct net_delivery *delivery)
{
	grants_copy_run(&delivery->queue->grants, copy_failed, delivery);
	for (unsigned int i = 0; i < delivery->nr; i++)
		answer(delivery, delivery->frames[i]);
	delivery->nr = 0;
}

bool net_delivery_add(struct net_delivery *delivery, struct net_rx_frame *frame)
{
	unsigned int nr_parts;

	if (frame->rejected) {
		net_delivery_drop(delivery, frame, frame->rejected);
		return true;
	}
	nr_parts = net_rx_frame_parts_needed(frame);
	if (!queue_has_requests(delivery->queue, nr_parts))
		return false;
	if (delivery->nr == NET_DELIVERY_FRAMES)
		net_delivery_run(delivery);
	take_parts(delivery, frame, nr_parts);
	delivery->frames[delivery->nr] = frame; /* first: a batch of copies may be over in the middle of it */
	if (frame->lent)
		start_lent_copies(delivery, frame);
	else
		start_copies(delivery, frame);
	delivery->nr++;
	return true;
}
