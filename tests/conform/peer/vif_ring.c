// SPDX-License-Identifier: MIT
/* A vif's two rings: frames put into slots, and taken out of them. */
#include "tests/conform/peer/vif.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/wire/big_endian.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define ID_OF_DATA  0x4000 /* and the slot's number */
#define ID_OF_EXTRA 0xffff /* stands where a slot of data has its id */

/* ---- sending --------------------------------------------------------------------------------------------------- */

static struct vif_sent *note(struct vif *vif, bool is_extra)
{
	struct vif_sent *sent = &vif->sent[vif->front.req_prod % VIF_SLOTS];

	*sent = (struct vif_sent){ .is_out = true, .is_extra = is_extra };
	vif->nr_out++;
	vif->nr_extras_out += is_extra;
	return sent;
}

const struct vif_sent *vif_sent(const struct vif *vif, ring_idx i)
{
	return &vif->sent[i % VIF_SLOTS];
}

netif_tx_request_t vif_slot(struct vif *vif, const void *bytes, uint32_t len)
{
	unsigned int page = vif->next_page++ % VIF_PAGES;

	if (bytes)
		memcpy(front_page(&vif->front, page), bytes, len);
	return (netif_tx_request_t){ .gref = front_gref(&vif->front, page), .size = len };
}

void vif_put_slot(struct vif *vif, const netif_tx_request_t *request)
{
	netif_tx_request_t slot = *request;

	slot.id = ID_OF_DATA | vif->front.req_prod % VIF_SLOTS;
	note(vif, false);
	front_put_raw(&vif->front, &slot);
}

void vif_put_extra(struct vif *vif, const netif_extra_info_t *extra)
{
	netif_tx_request_t slot = { .id = ID_OF_EXTRA, .size = 0xffff };

	memcpy(&slot, extra, sizeof(*extra));
	note(vif, true);
	front_put_raw(&vif->front, &slot);
}

void vif_put_gso(struct vif *vif, uint8_t type, uint16_t size, uint8_t flags)
{
	const netif_extra_info_t extra = { .type = XEN_NETIF_EXTRA_TYPE_GSO,
					   .flags = flags,
					   .u.gso = { .size = size, .type = type } };

	vif_put_extra(vif, &extra);
}

static uint16_t first_flags(const struct frame *frame)
{
	return (frame->is_csum_blank ? NETTXF_csum_blank : 0) |
	       (frame->is_data_validated ? NETTXF_data_validated : 0) | (frame->gso_type ? NETTXF_extra_info : 0);
}

void vif_put(struct vif *vif, const struct frame *frame, const uint16_t *sizes, unsigned int nr)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < nr; i++) {
		uint32_t len = i + 1 < nr ? sizes[i] : frame->len - at;
		netif_tx_request_t slot = vif_slot(vif, frame->bytes + at, len);

		at += len;
		slot.flags = i + 1 < nr ? NETTXF_more_data : 0;
		if (i == 0) {
			slot.size = frame->len;
			slot.flags |= first_flags(frame);
		}
		vif_put_slot(vif, &slot);
		if (i == 0 && frame->gso_type)
			vif_put_gso(vif, frame->gso_type, frame->gso_size, 0);
	}
}

void vif_put_whole(struct vif *vif, const struct frame *frame)
{
	static const uint16_t pages[VIF_MAX_SLOTS] = { [0 ... VIF_MAX_SLOTS - 1] = GRANT_PAGE_BYTES };

	vif_put(vif, frame, pages, (frame->len + GRANT_PAGE_BYTES - 1) / GRANT_PAGE_BYTES);
}

void vif_push(struct vif *vif)
{
	front_push(&vif->front);
}

void vif_send(struct vif *vif, const struct frame *frame)
{
	vif_put_whole(vif, frame);
	vif_push(vif);
}

static struct vif_sent *find_answered(struct vif *vif, const netif_tx_response_t *response)
{
	struct vif_sent *sent = &vif->sent[response->id % VIF_SLOTS];

	if (response->id / VIF_SLOTS != ID_OF_DATA / VIF_SLOTS || !sent->is_out || sent->is_extra)
		return NULL;
	return sent;
}

static struct vif_sent *find_any(struct vif *vif)
{
	for (unsigned int i = 0; i < VIF_SLOTS; i++) {
		if (vif->sent[i].is_out && !vif->sent[i].is_extra)
			return &vif->sent[i];
	}
	return NULL;
}

/* Whichever: none of them has a name. */
static struct vif_sent *find_extra(struct vif *vif)
{
	for (unsigned int i = 0; i < VIF_SLOTS; i++) {
		if (vif->sent[i].is_out && vif->sent[i].is_extra)
			return &vif->sent[i];
	}
	return NULL;
}

bool vif_take_answer(struct vif *vif, unsigned int ms)
{
	const void *slot = front_take_raw(&vif->front, ms);
	netif_tx_response_t response;
	struct vif_sent *sent;

	if (!slot)
		return false;
	memcpy(&response, slot, sizeof(response));
	if (response.status == NETIF_RSP_NULL) {
		sent = find_extra(vif);
		MUST("NET-19", sent, "it answers NULL, and no extra is out");
		vif->nr_extras_out--;
	} else {
		sent = find_answered(vif, &response);
		if (!sent && violates("NET-70"))
			sent = find_any(vif);
		MUST("NET-19", sent || vif->nr_extras_out == 0, "it answers %d to id %#x with an extra out",
		     response.status, response.id);
		MUST("NET-18", sent, "it answers %d to id %#x, which is not out", response.status, response.id);
		MUST("NET-18", response.status <= 0 && response.status >= NETIF_RSP_DROPPED,
		     "it answers %d, which is no status", response.status);
	}
	sent->is_out = false;
	sent->status = response.status;
	vif->nr_out--;
	return true;
}

/* ---- receiving ------------------------------------------------------------------------------------------------- */

/* Ids that say nothing, and that no other slot has. */
void vif_post(struct vif *vif, uint16_t page)
{
	ring_idx slot = vif->rx.req_prod % VIF_SLOTS;
	netif_rx_request_t request = { .id = vif->rx.req_prod * 7919, .gref = front_gref(&vif->rx, page) };

	vif->posted[slot].page = page;
	vif->posted[slot].id = request.id;
	front_put_raw(&vif->rx, &request);
}

static ring_idx slot_taken(const struct vif *vif)
{
	return (vif->rx.rsp_cons - 1) % VIF_SLOTS;
}

static const void *next_slot(struct vif *vif)
{
	const void *slot = front_take_raw(&vif->rx, 0);

	MUST("NET-30", slot, "a frame is published in parts");
	return slot;
}

static bool is_headroom(const struct vif *vif, uint16_t octets)
{
	return octets == vif->headroom || octets == vif->old_headroom;
}

static void take_part(struct vif *vif, struct frame *frame, const netif_rx_response_t *response)
{
	ring_idx slot = slot_taken(vif);
	uint16_t page = vif->posted[slot].page;

	MUST("NET-27", response->id == vif->posted[slot].id, "the answer in slot %u has id %#x, not %#x", slot,
	     response->id, vif->posted[slot].id);
	frame->nr_slots++;
	if (response->status < 0) {
		frame->has_failed = true;
	} else if (!violates("NET-37") || response->offset + response->status <= (int)GRANT_PAGE_BYTES) {
		MUST("NET-29", response->offset + response->status <= (int)GRANT_PAGE_BYTES,
		     "a part of %d octets at %u", response->status, response->offset);
		MUST("NET-66", vif->takes_any_offset || is_headroom(vif, response->offset),
		     "a part with %u octets in front of it, not %u", response->offset, vif->headroom);
		MUST("NET-28", frame->len + response->status <= sizeof(frame->bytes),
		     "a frame has more than %u octets", frame->len);
		memcpy(frame->bytes + frame->len, front_page(&vif->rx, page) + response->offset, response->status);
		frame->len += response->status;
	}
	vif_post(vif, page);
}

static void take_gso(struct vif *vif, struct frame *frame, const netif_extra_info_t *extra)
{
	bool is_v4 = extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV4;

	MUST("NET-45", is_v4 || extra->u.gso.type == XEN_NETIF_GSO_TYPE_TCPV6, "a GSO extra of type %u",
	     extra->u.gso.type);
	MUST("NET-45", vif->has_sg && (is_v4 ? vif->has_gso_tcpv4 : vif->has_gso_tcpv6),
	     "a GSO extra of type %u, which was not offered", extra->u.gso.type);
	MUST("NET-45", extra->u.gso.size > 0, "packets that are to be cut into parts of no octets");
	frame->gso_type = extra->u.gso.type;
	frame->gso_size = extra->u.gso.size;
}

static void take_extra(struct vif *vif, struct frame *frame, const netif_extra_info_t *extra, uint16_t *headroom)
{
	if (extra->type == XEN_NETIF_EXTRA_TYPE_XDP && vif->headroom) {
		memcpy(headroom, &extra->u, sizeof(*headroom));
		return;
	}
	if (extra->type == XEN_NETIF_EXTRA_TYPE_HASH && vif->takes_hash) {
		frame->has_hash = true;
		memcpy(&frame->hash, extra->u.hash.value, sizeof(frame->hash));
		return;
	}
	MUST("NET-28", extra->type == XEN_NETIF_EXTRA_TYPE_GSO, "an extra of type %u", extra->type);
	take_gso(vif, frame, extra);
}

/* How much room they say there is. */
static uint16_t take_extras(struct vif *vif, struct frame *frame)
{
	netif_extra_info_t extra = { .flags = XEN_NETIF_EXTRA_FLAG_MORE };
	uint16_t headroom = 0;

	for (unsigned int nr = 0; extra.flags & XEN_NETIF_EXTRA_FLAG_MORE; nr++) {
		memcpy(&extra, next_slot(vif), sizeof(extra));
		MUST("NET-28", nr < XEN_NETIF_EXTRA_TYPE_MAX, "more extras than there are types");
		take_extra(vif, frame, &extra, &headroom);
		vif_post(vif, vif->posted[slot_taken(vif)].page);
	}
	return headroom;
}

static void judge_flags(const struct vif *vif, const struct frame *frame, uint16_t flags)
{
	uint16_t ethertype = get16(frame->bytes + 12);
	bool is_fine = ethertype == 0x0800 ? !vif->refuses_csum_ipv4 : ethertype == 0x86dd && vif->has_csum_ipv6;

	if (!(flags & NETRXF_csum_blank))
		return;
	MUST("NET-39", flags & NETRXF_data_validated, "csum_blank without data_validated");
	MUST("NET-39", is_fine, "csum_blank in a frame of type %#x, which was not offered", ethertype);
}

static bool take_frame(struct vif *vif, struct frame *frame, unsigned int ms)
{
	const void *slot = front_take_raw(&vif->rx, ms);
	netif_rx_response_t response;
	uint16_t flags, headroom = 0;

	if (!slot)
		return false;
	memcpy(&response, slot, sizeof(response));
	*frame = (struct frame){ .len = 0 };
	flags = response.flags;
	take_part(vif, frame, &response);
	if (flags & NETRXF_extra_info)
		headroom = take_extras(vif, frame);
	MUST("NET-66", is_headroom(vif, headroom), "a frame with room for %u octets, not for %u", headroom,
	     vif->headroom);
	while (response.flags & NETRXF_more_data && !violates("NET-36")) {
		memcpy(&response, next_slot(vif), sizeof(response));
		take_part(vif, frame, &response);
	}
	MUST("NET-31", vif->has_sg || frame->nr_slots == 1, "a frame in %u slots", frame->nr_slots);
	judge_flags(vif, frame, flags);
	frame->is_csum_blank = flags & NETRXF_csum_blank;
	frame->is_data_validated = flags & NETRXF_data_validated;
	if (violates("NET-5.quiet"))
		front_set_req_prod(&vif->rx, vif->rx.req_prod);
	else
		front_push(&vif->rx);
	return true;
}

bool vif_receive(struct vif *vif, struct frame *frame, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;

	do {
		now_ns = clock_now_ns();
		if (!take_frame(vif, frame, deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 : 0))
			return false;
	} while (!frame->has_failed && !frame_is_from(frame, vif->far->mac));
	return true;
}
