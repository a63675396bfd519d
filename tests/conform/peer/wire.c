// SPDX-License-Identifier: MIT
#include "tests/conform/peer/wire.h"

#include "tests/conform/verdict.h"

const struct frame *wire_frame(struct vif *vif, uint32_t len)
{
	static struct frame frame;

	frame_raw(&frame, vif_ends(vif), len, vif->front.seed + vif->nr_frames++);
	return &frame;
}

struct frame *wire_packet(struct vif *vif, unsigned int ip_version, uint8_t protocol, uint32_t payload_bytes)
{
	static struct frame frame;

	frame_ip(&frame, vif_ends(vif), ip_version, protocol, payload_bytes, vif->front.seed + vif->nr_frames++);
	return &frame;
}

void must_answer_slots(struct vif *vif, const char *clause)
{
	while (vif->nr_out > 0)
		MUST(clause, vif_take_answer(vif, FRONT_PATIENCE_MS), "it is %s, and %u slots have no answer",
		     front_backend_state_name(&vif->front), vif->nr_out);
}

void must_answer_with(struct vif *vif, const char *clause, ring_idx first, int16_t status)
{
	must_answer_slots(vif, clause);
	for (ring_idx i = first; i != vif->front.req_prod; i++) {
		const struct vif_sent *sent = vif_sent(vif, i);

		MUST(clause, sent->is_extra || sent->status == status, "it answers %d to slot %u of %u, not %d",
		     sent->status, i - first + 1, vif->front.req_prod - first, status);
	}
}

void must_arrive(struct vif *vif, const char *clause, const struct frame *frame)
{
	static struct frame got;

	MUST(clause, vif_receive(vif->far, &got, FRONT_PATIENCE_MS), "a frame of %u octets does not arrive",
	     frame->len);
	MUST(clause, frame_is(&got, frame), "a frame of %u octets arrives as another one, of %u", frame->len, got.len);
}

void must_pass(struct vif *vif, const char *clause, const struct frame *frame, const uint16_t *sizes, unsigned int nr)
{
	ring_idx first = vif->front.req_prod;

	if (sizes)
		vif_put(vif, frame, sizes, nr);
	else
		vif_put_whole(vif, frame);
	vif_push(vif);
	must_answer_with(vif, clause, first, NETIF_RSP_OKAY);
	must_arrive(vif, clause, frame);
}

void must_reject(struct vif *vif, const char *clause, ring_idx first)
{
	vif_push(vif);
	must_answer_with(vif, clause, first, NETIF_RSP_ERROR);
	must_go_on(&vif->front, clause);
}

void must_be_fatal(struct vif *vif, const char *clause, const char *what)
{
	static struct frame got;

	vif_push(vif);
	MUST(clause, front_await_refusal(&vif->front, FRONT_PATIENCE_MS), "with %s it stays %s", what,
	     front_backend_state_name(&vif->front));
	MUST(clause, !vif_receive(vif->far, &got, FRONT_SILENCE_MS), "with %s it sends a frame of %u octets", what,
	     got.len);
}
