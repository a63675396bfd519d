// SPDX-License-Identifier: MIT
/* What a frontend gets: answers to what it has sent, and frames. */
#include "tests/conform/peer/play_vif.h"

#include <errno.h>

#include "common/base/clock.h"
#include "tests/conform/peer/mirror.h"
#include "tests/conform/verdict.h"

#define LOOK_MS 5 /* for buffers, whether there are events or not */

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* From that slot on. */
static void answer_from(struct play_vif *vif, unsigned int first, int16_t status)
{
	const struct play_vif_frame *taken = &vif->taken;
	struct back *tx = &vif->play.back;

	for (unsigned int i = first; i < taken->nr_slots; i++) {
		const netif_tx_response_t response = {
			.id = taken->slot[i].id,
			.status = taken->is_extra[i] ? NETIF_RSP_NULL : status,
		};

		back_put_raw(tx, &response);
	}
	back_push(tx);
}

void play_vif_answer(struct play_vif *vif, int16_t status)
{
	if (vif->play.back.ring)
		answer_from(vif, 0, status);
}

/* ---- buffers --------------------------------------------------------------------------------------------------- */

static bool has_buffers(struct play_vif *vif, unsigned int nr)
{
	must_be_possible(&vif->rx);
	return back_nr_requests(&vif->rx) >= nr;
}

/* Buffers that come after we have asked for their event bring one. */
static void sleep_for_buffers(struct play_vif *vif, unsigned int nr)
{
	struct play *play = &vif->play;

	if (!vif->relies_on_events) {
		play_sleep(play, LOOK_MS);
		return;
	}
	if (play_sleep(play, PLAY_EVENT_MS) || !vif->rx.ring || !has_buffers(vif, nr))
		return;
	MUST("NET-5", play_sleep(play, PLAY_EVENT_MS),
	     "it has posted buffers up to %#x and not notified, though req_event was %#x", back_req_prod(&vif->rx),
	     vif->rx.req_cons + nr);
}

bool play_vif_await_buffers(struct play_vif *vif, unsigned int nr)
{
	struct play *play = &vif->play;
	uint64_t deadline_ns = clock_in_ms(PLAY_PATIENCE_MS);

	while (vif->rx.ring && !has_buffers(vif, nr)) {
		if (play_await_refusal(play, 0) || !play_is_driven(play))
			return false;
		MUST(play->stall_clause, clock_now_ns() < deadline_ns,
		     "it has %u buffers posted, and neither posts more nor ends: rsp_event is %#x",
		     back_nr_requests(&vif->rx), peer_load(&vif->rx.ring->rsp_event));
		back_ask_for_event(&vif->rx, vif->rx.req_cons + nr);
		if (!has_buffers(vif, nr))
			sleep_for_buffers(vif, nr);
	}
	return vif->rx.ring;
}

netif_rx_request_t play_vif_buffer(struct play_vif *vif)
{
	netif_rx_request_t buffer;

	back_take_raw(&vif->rx, &buffer);
	return buffer;
}

/* Once we say Closed it may take its pages back, and a process that ends does. */
static bool has_ended(struct play *play)
{
	return back_own_state(&play->back) == XB_CLOSED || play_await_drive(play, PLAY_SILENCE_MS) != -ETIMEDOUT;
}

void play_vif_fill(struct play_vif *vif, const netif_rx_request_t *buffer, const void *bytes, uint16_t len,
		   uint16_t offset, uint16_t flags)
{
	const netif_rx_response_t response = { .id = buffer->id, .offset = offset, .flags = flags, .status = len };

	MUST("GNT-1", back_write_page(&vif->rx, buffer->gref, offset, len, bytes) || has_ended(&vif->play),
	     "a buffer, grant %u, cannot be written", buffer->gref);
	back_put_raw(&vif->rx, &response);
}

void play_vif_put_extra(struct play_vif *vif, const netif_extra_info_t *extra)
{
	play_vif_buffer(vif);
	back_put_raw(&vif->rx, extra);
}

/* The port is one ring's own, or the other's. */
static void with_port(struct play_vif *vif, void (*notifies)(struct back *ring))
{
	if (!vif->uses_two_ports)
		vif->rx.port = vif->play.back.port;
	notifies(&vif->rx);
	if (!vif->uses_two_ports)
		vif->rx.port = -1;
}

void play_vif_push(struct play_vif *vif)
{
	with_port(vif, back_push);
}

void play_vif_notify(struct play_vif *vif)
{
	with_port(vif, back_notify);
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

/* Of a whole page where less would make too many. */
static uint32_t part_bytes(const struct play_vif *vif, const struct frame *frame)
{
	uint32_t most = BACK_PAGE_BYTES - vif->part_offset, wanted = vif->part_bytes < most ? vif->part_bytes : most;

	if (!vif->takes_sg || frame->len > wanted * PLAY_VIF_PARTS)
		return most;
	return wanted;
}

static uint16_t first_flags(const struct frame *frame)
{
	return (frame->is_csum_blank ? NETRXF_csum_blank | NETRXF_data_validated : 0) |
	       (frame->is_data_validated ? NETRXF_data_validated : 0);
}

/* How many there are. */
static unsigned int make_extras(const struct play_vif *vif, const struct frame *frame, netif_extra_info_t extras[2])
{
	unsigned int nr = 0;

	if (frame->gso_type)
		extras[nr++] = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_GSO,
						     .u.gso = { .size = frame->gso_size, .type = frame->gso_type } };
	nr += play_vif_hash(vif, frame, &extras[nr]);
	if (nr == 2)
		extras[0].flags = XEN_NETIF_EXTRA_FLAG_MORE;
	return nr;
}

static void put(struct play_vif *vif, const struct frame *frame)
{
	uint32_t most = part_bytes(vif, frame), len;
	netif_extra_info_t extras[2];
	unsigned int nr_extras = make_extras(vif, frame, extras);
	netif_rx_request_t buffer;
	uint16_t flags = first_flags(frame) | (nr_extras ? NETRXF_extra_info : 0);

	if ((frame->len > most && !vif->takes_sg) ||
	    !play_vif_await_buffers(vif, (frame->len + most - 1) / most + nr_extras))
		return;
	for (uint32_t at = 0; at < frame->len; at += len) {
		len = frame->len - at < most ? frame->len - at : most;
		flags |= at + len < frame->len ? NETRXF_more_data : 0;
		buffer = play_vif_buffer(vif);
		play_vif_fill(vif, &buffer, frame->bytes + at, len, vif->part_offset, flags);
		for (unsigned int i = 0; at == 0 && i < nr_extras; i++)
			play_vif_put_extra(vif, &extras[i]);
		flags = 0;
	}
	play_vif_push(vif);
}

static void give_packet(struct play_vif *vif, struct frame *frame)
{
	if (!vif->takes_csum[frame_ip_version(frame)])
		frame_finish(frame);
	put(vif, frame);
}

static void give_in_parts(struct play_vif *vif, const struct frame *large)
{
	static struct frame packet;

	for (uint32_t done = 0; done < frame_payload_bytes(large); done += large->gso_size) {
		frame_cut(large, done, large->gso_size, &packet);
		give_packet(vif, &packet);
	}
}

void play_vif_give(struct play_vif *vif, const struct frame *frame)
{
	static struct frame given;

	given = *frame;
	if (!given.gso_type)
		give_packet(vif, &given);
	else if (vif->takes_sg && vif->takes_gso[given.gso_type] && vif->takes_csum[frame_ip_version(&given)])
		put(vif, &given);
	else
		give_in_parts(vif, &given);
}

void play_vif_mirror(struct play_vif *vif)
{
	if (vif->rx.ring && !vif->taken.is_message && mirror_turn(&vif->taken.frame))
		play_vif_give(vif, &vif->taken.frame);
}

void play_vif_finish_held(struct play_vif *vif, unsigned int nr_answered)
{
	for (unsigned int i = 0; i < vif->nr_held; i++) {
		if (play_await_refusal(&vif->play, 0) || !play_is_driven(&vif->play))
			return;
		vif->taken = vif->held[i];
		answer_from(vif, i == 0 ? nr_answered : 0, NETIF_RSP_OKAY);
		if (back_nr_requests(&vif->rx) >= PLAY_VIF_PARTS)
			play_vif_mirror(vif);
	}
}
