// SPDX-License-Identifier: MIT
/* A backend's ring, and the pages that its requests name. */
#include "tests/conform/peer/back.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include <xen/grant_table.h>

#include "tests/conform/verdict.h"

/* ---- requests -------------------------------------------------------------------------------------------------- */

ring_idx back_req_prod(const struct back *back)
{
	return peer_load_acquire(&back->ring->req_prod);
}

ring_idx back_nr_requests(const struct back *back)
{
	return back_req_prod(back) - back->req_cons;
}

/* A frontend cannot know of a free slot before the response that frees it is published. */
ring_idx back_max_requests(const struct back *back)
{
	return back->layout.nr_slots - (back->req_cons - back->rsp_pushed);
}

void back_take_raw(struct back *back, void *bytes)
{
	peer_copy(bytes, ring_slot(back->ring, &back->layout, back->req_cons++), back->layout.request_bytes);
}

void back_take(struct back *back, struct blk_request *request)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];

	back_take_raw(back, slot);
	blk_request_decode(back->abi, slot, request);
}

void back_ask_for_event(struct back *back, ring_idx req_event)
{
	peer_store(&back->ring->req_event, req_event);
	peer_fence();
}

bool back_may_sleep(struct back *back)
{
	if (back_nr_requests(back) > 0)
		return false;
	back_ask_for_event(back, back->req_cons + 1);
	return back_nr_requests(back) == 0;
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

uint32_t back_segment_bytes(const struct blk_segment *segment)
{
	return (segment->last_sect - segment->first_sect + 1) * BACK_SECTOR_BYTES;
}

static bool copy(struct back *back, xengnttab_grant_copy_segment_t *segment)
{
	if (xengnttab_grant_copy(back->gnttab, 1, segment) < 0)
		error("copying from and to grants: %s", strerror(errno));
	return segment->status == GNTST_okay;
}

bool back_read_page(struct back *back, uint32_t gref, uint16_t offset, uint16_t len, void *local)
{
	xengnttab_grant_copy_segment_t part = { .flags = GNTCOPY_source_gref, .len = len };

	part.source.foreign.ref = gref;
	part.source.foreign.offset = offset;
	part.source.foreign.domid = back->dev.domid;
	part.dest.virt = local;
	return copy(back, &part);
}

bool back_write_page(struct back *back, uint32_t gref, uint16_t offset, uint16_t len, const void *local)
{
	xengnttab_grant_copy_segment_t part = { .flags = GNTCOPY_dest_gref, .len = len };

	part.source.virt = (void *)local;
	part.dest.foreign.ref = gref;
	part.dest.foreign.offset = offset;
	part.dest.foreign.domid = back->dev.domid;
	return copy(back, &part);
}

bool back_copy_from(struct back *back, const struct blk_segment *segment, void *local)
{
	return back_read_page(back, segment->gref, segment->first_sect * BACK_SECTOR_BYTES,
			      back_segment_bytes(segment), local);
}

bool back_copy_to(struct back *back, const struct blk_segment *segment, const void *local)
{
	return back_write_page(back, segment->gref, segment->first_sect * BACK_SECTOR_BYTES,
			       back_segment_bytes(segment), local);
}

uint8_t *back_map(struct back *back, uint32_t gref, bool is_writable)
{
	return xengnttab_map_grant_ref(back->gnttab, back->dev.domid, gref, PROT_READ | (is_writable ? PROT_WRITE : 0));
}

void back_unmap(struct back *back, uint8_t *page)
{
	xengnttab_unmap(back->gnttab, page, 1);
}

/* ---- responses ------------------------------------------------------------------------------------------------- */

void back_put_raw(struct back *back, const void *bytes)
{
	peer_write(ring_slot(back->ring, &back->layout, back->rsp_prod++), bytes, back->layout.response_bytes);
}

void back_put(struct back *back, const struct blk_response *response)
{
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];

	blk_response_encode(back->abi, response, slot);
	back_put_raw(back, slot);
}

/* What has become of a frontend that has let go of its port is told by its state. */
void back_notify(struct back *back)
{
	xenevtchn_notify(back->evtchn, back->port);
}

void back_set_rsp_prod(struct back *back, ring_idx rsp_prod)
{
	peer_store_release(&back->ring->rsp_prod, rsp_prod);
	peer_fence();
	back->rsp_pushed = rsp_prod;
}

void back_overwrite_rsp_event(struct back *back, ring_idx rsp_event)
{
	peer_store(&back->ring->rsp_event, rsp_event);
}

void back_overwrite_padding(struct back *back)
{
	memset(back->ring->pad, 0x5a, sizeof(back->ring->pad));
}

const uint8_t *back_slot(const struct back *back, ring_idx index)
{
	return ring_slot(back->ring, &back->layout, index);
}

void back_overwrite_slot(struct back *back, ring_idx index, const void *bytes)
{
	peer_write(ring_slot(back->ring, &back->layout, index), bytes, back->layout.response_bytes);
}

void back_push(struct back *back)
{
	ring_idx old = back->rsp_pushed;

	back_set_rsp_prod(back, back->rsp_prod);
	if (ring_passes_event(old, back->rsp_prod, peer_load(&back->ring->rsp_event)))
		back_notify(back);
}

void back_answer(struct back *back, const struct blk_request *request, int16_t status)
{
	back_put(back, &(struct blk_response){ request->id, request->operation, status });
	back_push(back);
}
