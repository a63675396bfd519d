// SPDX-License-Identifier: MIT
#include "backend/usb/io_copy.h"

/*
 * Between nr bytes of ours and the guest's pages, as far as these segments lie within [from, from + nr) of what they
 * make up together.
 */
static void copy_range(struct usb_io *io, enum grants_direction direction, const struct usb_segment *segment,
		       unsigned int nr_segments, uint32_t from, uint32_t nr_bytes, uint8_t *local)
{
	uint32_t at = 0, end = from + nr_bytes;

	for (unsigned int i = 0; i < nr_segments; at += segment[i++].len_bytes) {
		uint32_t first = from > at ? from - at : 0;
		uint32_t last = end < at + segment[i].len_bytes ? end - at : segment[i].len_bytes;
		struct grants_segment part = { .gref = segment[i].gref };

		if (at >= end || first >= last)
			continue;
		part.offset_bytes = (uint16_t)(segment[i].offset_bytes + first);
		part.len_bytes = (uint16_t)(last - first);
		part.local = local + at + first - from;
		grants_copy(&io->urbs->queue->grants, direction, &part, io->slot);
	}
}

static void copy_packets(struct usb_io *io, enum grants_direction direction)
{
	copy_range(io, direction, &io->urb.segment[io->urb.nr_segments], io->urb.nr_desc_segments, 0,
		   io->urb.nr_packets * sizeof(struct usb_packet), (uint8_t *)io->packets);
}

static void copy_data(struct usb_io *io, enum grants_direction direction, uint32_t from, uint32_t nr_bytes)
{
	copy_range(io, direction, io->urb.segment, io->urb.nr_segments, from, nr_bytes, usb_io_buffer(io) + from);
}

void usb_io_learn(struct usb_io *io)
{
	copy_packets(io, GRANTS_FROM_GUEST);
}

void usb_io_fetch(struct usb_io *io)
{
	if (!io->urb.is_in)
		copy_data(io, GRANTS_FROM_GUEST, 0, io->urb.len_bytes);
}

void usb_io_store(struct usb_io *io)
{
	if (io->urb.type != USB_ISOC) {
		copy_data(io, GRANTS_TO_GUEST, 0, io->urb.is_in ? io->transfer.actual_bytes : 0);
		return;
	}
	for (unsigned int i = 0; io->urb.is_in && i < io->urb.nr_packets; i++)
		copy_data(io, GRANTS_TO_GUEST, io->packets[i].offset_bytes, io->packets[i].actual_bytes);
	copy_packets(io, GRANTS_TO_GUEST);
}

/* The most parts that any of the above has: packets do not overlap, so that each cuts a segment in two at most. */
static uint32_t max_parts(const struct usb_io *io)
{
	return USB_MAX_SEGMENTS + io->urb.nr_packets;
}

static void copy_failed(void *context, uint32_t slot, int rc)
{
	((struct usb_urbs *)context)->io[slot].copy_failed = true;
}

void usb_io_copy(struct usb_urbs *urbs, struct usb_io_list *list, void (*copy)(struct usb_io *),
		 void (*then)(struct usb_io *), void (*failed)(struct usb_io *))
{
	struct grants *grants = &urbs->queue->grants;
	struct usb_io_list batch;
	struct usb_io *io;

	while (!TAILQ_EMPTY(list)) {
		TAILQ_INIT(&batch);
		while ((io = TAILQ_FIRST(list)) && grants_copy_room(grants) >= max_parts(io)) {
			TAILQ_REMOVE(list, io, entry);
			io->copy_failed = false;
			copy(io);
			TAILQ_INSERT_TAIL(&batch, io, entry);
		}
		grants_copy_run(grants, copy_failed, urbs);
		while ((io = TAILQ_FIRST(&batch))) {
			TAILQ_REMOVE(&batch, io, entry);
			if (io->copy_failed)
				failed(io);
			else
				then(io);
		}
	}
}
