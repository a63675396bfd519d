/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/*
 * Where things are in a ring page: four indexes, padding to 64 bytes, then a power of two of equal slots. A slot holds
 * a request, later the response to it or to another one. The same layout as DEFINE_RING_TYPES of Xen's io/ring.h, for
 * slots of any size, several pages being one area.
 *
 * Thread: any. Never logs.
 */
#ifndef COMMON_RING_LAYOUT_H
#define COMMON_RING_LAYOUT_H

#include "common/ring/order.h"

#define RING_HEADER_BYTES 64

/* The beginning of the shared area. Each index has one writer: "front" writes req_prod and rsp_event. */
struct ring_shared {
	ring_idx req_prod;  /* front: requests before this one are there */
	ring_idx req_event; /* back: notify me when req_prod gets here */
	ring_idx rsp_prod;  /* back: responses before this one are there */
	ring_idx rsp_event; /* front: notify me when rsp_prod gets here */
	uint8_t pad[RING_HEADER_BYTES - 4 * sizeof(ring_idx)];
};

struct ring_layout {
	uint32_t nr_slots; /* a power of two */
	uint32_t slot_bytes;
	uint32_t request_bytes;
	uint32_t response_bytes;
};

/* What a pop found. */
enum ring_pop {
	RING_EMPTY,
	RING_GOT,
	RING_BROKEN, /* the peer's index is impossible; said for ever after, as nothing in this ring can be trusted */
};

/*
 * The sizes are those of the C types that io/ring.h would be given, so the larger is a multiple of the alignment of
 * both (true of every Xen protocol). false: there is not room for even one slot, or a size is 0.
 */
static inline bool ring_layout_init(struct ring_layout *layout, size_t ring_bytes, uint32_t request_bytes,
				    uint32_t response_bytes)
{
	const uint32_t max_slots = (uint32_t)1 << (RING_IDX_BITS - 1); /* more, and "full" looks like "backwards" */
	uint32_t slot_bytes = request_bytes > response_bytes ? request_bytes : response_bytes;
	uint32_t nr_slots = 1;
	size_t fit;

	if (!request_bytes || !response_bytes || ring_bytes < RING_HEADER_BYTES)
		return false;
	fit = (ring_bytes - RING_HEADER_BYTES) / slot_bytes;
	if (fit == 0)
		return false;
	while (nr_slots < max_slots && fit / 2 >= nr_slots)
		nr_slots *= 2;
	*layout = (struct ring_layout){ nr_slots, slot_bytes, request_bytes, response_bytes };
	return true;
}

static inline void *ring_slot(void *shared, const struct ring_layout *layout, ring_idx index)
{
	return (char *)shared + RING_HEADER_BYTES + (size_t)(index & (layout->nr_slots - 1)) * layout->slot_bytes;
}

/* Does moving a producer index from old to new pass the index at which the peer wants to be notified? */
static inline bool ring_passes_event(ring_idx old, ring_idx new, ring_idx event)
{
	return (ring_idx)(new - event) < (ring_idx)(new - old);
}

/*
 * The indexes as they stand in the page, for a dump or to take a ring over. One's own are trustworthy only as far as
 * the peer is: it can write them too.
 */
static inline ring_idx ring_shared_req_prod(const void *shared)
{
	return peer_load_acquire(&((const struct ring_shared *)shared)->req_prod);
}

static inline ring_idx ring_shared_rsp_prod(const void *shared)
{
	return peer_load_acquire(&((const struct ring_shared *)shared)->rsp_prod);
}

#endif
