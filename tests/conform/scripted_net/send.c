// SPDX-License-Identifier: MIT
/* What a guest sends: taken frame by frame, answered, and given to all others. */
#include "tests/conform/scripted_net/hub.h"

#include <errno.h>
#include <string.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define MAX_SLOTS 18

/* ---- slots ----------------------------------------------------------------------------------------------------- */

static bool take_slot(struct back *ring, struct hub_slots *slots, bool is_extra)
{
	if (back_nr_requests(ring) == 0)
		return false;
	slots->is_extra[slots->nr] = is_extra;
	slots->is_bad[slots->nr] = false;
	slots->nr_data += !is_extra;
	back_take_raw(ring, &slots->slot[slots->nr++]);
	return true;
}

static bool extra_says_more(const netif_tx_request_t *slot)
{
	netif_extra_info_t extra;

	memcpy(&extra, slot, sizeof(extra));
	return extra.flags & XEN_NETIF_EXTRA_FLAG_MORE;
}

/* All slots of a frame. false: the last is not there. */
static bool take_slots(struct back *ring, struct hub_slots *slots)
{
	bool expects_extra, expects_data;

	slots->nr = slots->nr_data = 0;
	take_slot(ring, slots, false);
	expects_extra = slots->slot[0].flags & NETTXF_extra_info;
	expects_data = slots->slot[0].flags & NETTXF_more_data;
	while (expects_extra || expects_data) {
		const netif_tx_request_t *slot = &slots->slot[slots->nr];

		if (slots->nr == HUB_MAX_SLOTS || !take_slot(ring, slots, expects_extra))
			return false;
		if (expects_extra)
			expects_extra = extra_says_more(slot);
		else
			expects_data = slot->flags & NETTXF_more_data;
	}
	return true;
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

static bool read_slot(struct hub_vif *vif, struct back *ring, struct hub_slots *slots, unsigned int i, uint8_t *to)
{
	const netif_tx_request_t *slot = &slots->slot[i];

	if (slot->size == 0 || hub_read_page(vif, ring, slot, to))
		return true;
	slots->is_bad[i] = true;
	return false;
}

/* The last slot of data before that of the others. */
static void turn_around(struct frame *frame, const struct hub_slots *slots)
{
	static struct frame turned;
	uint32_t first = slots->slot[0].size, rest = frame->len - first;

	turned = *frame;
	memcpy(turned.bytes, frame->bytes + first, rest);
	memcpy(turned.bytes + rest, frame->bytes, first);
	memcpy(turned.bytes, frame->bytes, FRAME_MIN_BYTES);
	*frame = turned;
}

static enum hub_verdict read_frame(struct hub_vif *vif, struct back *ring, struct hub_slots *slots,
				   struct frame *frame)
{
	enum hub_verdict verdict = HUB_FINE;
	uint8_t *to = frame->bytes;

	for (unsigned int i = 0, nr = 0; i < slots->nr; i++) {
		if (slots->is_extra[i])
			continue;
		if (nr++ == MAX_SLOTS && violates("NET-12")) {
			frame->len = to - frame->bytes;
			break;
		}
		if (!read_slot(vif, ring, slots, i, to) && !violates("NET-20"))
			verdict = HUB_REJECT;
		to += slots->slot[i].size;
	}
	if (slots->nr_data > 1 && violates("NET-9"))
		turn_around(frame, slots);
	return verdict == HUB_FINE ? hub_judge_frame(frame) : verdict;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static int16_t status_of(const struct hub_slots *slots, unsigned int i, enum hub_verdict verdict)
{
	if (slots->is_extra[i] && !violates("NET-19"))
		return NETIF_RSP_NULL;
	if (verdict == HUB_FINE || (verdict == HUB_REJECT && slots->is_bad[i] && violates("NET-20")))
		return NETIF_RSP_OKAY;
	return NETIF_RSP_ERROR;
}

/* The rest of a slot is as it was. */
static void answer_one(struct back *ring, const struct hub_slots *slots, unsigned int i, enum hub_verdict verdict)
{
	netif_tx_response_t response = { .id = slots->slot[i].id, .status = status_of(slots, i, verdict) };
	uint8_t slot[sizeof(netif_tx_request_t)];

	if (violates("NET-18"))
		response.id ^= 0x8000;
	memcpy(slot, back_slot(ring, ring->rsp_prod), sizeof(slot));
	if (violates("NET-22"))
		memset(slot, 0x5a, sizeof(slot));
	memcpy(slot, &response, sizeof(response));
	back_put_raw(ring, slot);
}

static void answer(struct back *ring, const struct hub_slots *slots, enum hub_verdict verdict)
{
	for (unsigned int i = 0; i < slots->nr; i++)
		answer_one(ring, slots, violates("NET-21") ? slots->nr - 1 - i : i, verdict);
	back_push(ring);
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static void give_to_others(struct hub *hub, const struct hub_vif *from, const struct frame *frame)
{
	for (unsigned int i = 0; i < HUB_MAX_VIFS; i++) {
		if (hub->vifs[i].is_connected && &hub->vifs[i] != from && hub_wants(&hub->vifs[i], frame))
			hub_give(&hub->vifs[i], frame);
	}
}

static enum hub_verdict take_message(struct hub_vif *vif, const netif_tx_request_t *message)
{
	netif_extra_info_t extra;

	memcpy(&extra, message, sizeof(extra));
	return hub_change_list(vif, &extra) ? HUB_FINE : HUB_REJECT;
}

static bool serve_one(struct hub *hub, struct hub_vif *vif, struct back *ring)
{
	static struct hub_slots slots;
	static struct frame frame;
	ring_idx before = ring->req_cons;
	enum hub_verdict verdict;

	if (!take_slots(ring, &slots)) {
		ring->req_cons = violates("NET-14") ? before : ring->req_cons;
		return violates("NET-14");
	}
	verdict = hub_judge_slots(&slots, &frame);
	if (verdict == HUB_FINE && slots.message)
		verdict = take_message(vif, slots.message);
	else if (verdict == HUB_FINE)
		verdict = read_frame(vif, ring, &slots, &frame);
	answer(ring, &slots, verdict);
	if (verdict == HUB_FINE && !slots.message) {
		vif->credit_bytes -= frame.len;
		if (frame.len >= FRAME_MIN_BYTES)
			give_to_others(hub, vif, &frame);
	}
	return verdict != HUB_FATAL;
}

static bool serve_ring(struct hub *hub, struct hub_vif *vif, struct back *ring)
{
	ring_idx before;

	while (back_nr_requests(ring) > 0 && hub_may_send(vif)) {
		before = ring->req_cons;
		if (back_nr_requests(ring) > back_max_requests(ring) || !serve_one(hub, vif, ring))
			return false;
		if (ring->req_cons == before)
			break;
	}
	return true;
}

bool hub_serve_sender(struct hub *hub, struct hub_vif *vif)
{
	for (unsigned int i = 0; i < (violates("NET-53") ? 1 : vif->nr_queues); i++) {
		if (!serve_ring(hub, vif, &vif->queues[i].tx))
			return false;
	}
	return true;
}
