// SPDX-License-Identifier: MIT
/* What a guest sends by its vif: frames of every size, in slots of every kind. */
#include "tests/conform/case.h"

#include <stdlib.h>
#include <string.h>

#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/wire.h"

#define NR(array)  (sizeof(array) / sizeof((array)[0]))
#define PAGE_BYTES 4096
#define NR_SPLITS  200

/* ---- what every backend takes ---------------------------------------------------------------------------------- */

static void every_size(struct front *front)
{
	static const uint32_t sizes[] = { 14, 15, 16, 59, 60, 61, 127, 128, 129, 1513, 1514, 1515, 4095, 4096, 4097,
					  8191, 8192, 8193, 40000, 61440, 65534, 65535 };
	struct vif *vif = vif_connected(front);
	uint32_t most = front_backend_number(front, "feature-sg", 0) ? FRAME_MAX_BYTES : PAGE_BYTES;

	for (unsigned int i = 0; i < NR(sizes) && sizes[i] <= most; i++)
		must_pass(vif, "NET-9", wire_frame(vif, sizes[i]), NULL, 0);
	for (unsigned int i = 0; i < NR_SPLITS; i++)
		must_pass(vif, "NET-9", wire_frame(vif, 14 + rand_r(&front->seed) % (most - 13)), NULL, 0);
}

/* At random, some of no octets; the first one has what a header needs. How many there are in all. */
static uint32_t split(struct front *front, uint16_t *sizes, unsigned int nr)
{
	static const uint16_t most[] = { 1, 3, 64, 1500, PAGE_BYTES };
	uint32_t sum = 0;

	for (unsigned int i = 0; i < nr; i++) {
		sizes[i] = rand_r(&front->seed) % (most[rand_r(&front->seed) % NR(most)] + 1);
		if (sum + sizes[i] > FRAME_MAX_BYTES)
			sizes[i] = FRAME_MAX_BYTES - sum;
		if (i == 0 && sizes[i] < FRAME_MIN_BYTES)
			sizes[i] = FRAME_MIN_BYTES;
		sum += sizes[i];
	}
	return sum;
}

static void every_split(struct front *front)
{
	uint16_t sizes[VIF_MAX_SLOTS];
	struct vif *vif = vif_connected(front);

	for (unsigned int i = 0; i < NR_SPLITS; i++) {
		unsigned int nr = 1 + rand_r(&front->seed) % VIF_MAX_SLOTS;
		uint32_t len = split(front, sizes, nr);

		verdict_at("%u octets in %u slots, the first of %u", len, nr, sizes[0]);
		must_pass(vif, "NET-10", wire_frame(vif, len), sizes, nr);
	}
}

/* XSA-448. */
static void empty_slots(struct front *front)
{
	struct vif *vif = vif_connected(front);

	for (unsigned int empty = 1; empty < VIF_MAX_SLOTS; empty++) {
		uint16_t sizes[VIF_MAX_SLOTS];

		for (unsigned int i = 0; i < VIF_MAX_SLOTS; i++)
			sizes[i] = i == empty ? 0 : 100;
		verdict_at("slot %u of 18 has no octets", empty + 1);
		must_pass(vif, "NET-10", wire_frame(vif, 1700), sizes, VIF_MAX_SLOTS);
	}
}

/* XSA-432: all but the first have an octet, or none. */
static void tiny_slots(struct front *front)
{
	struct vif *vif = vif_connected(front);

	for (unsigned int tiny = 0; tiny < 2; tiny++) {
		for (unsigned int nr = 2; nr <= VIF_MAX_SLOTS; nr++) {
			uint16_t sizes[VIF_MAX_SLOTS] = { FRAME_MIN_BYTES };

			for (unsigned int i = 1; i < nr; i++)
				sizes[i] = tiny;
			verdict_at("%u slots of %u octets behind the first", nr - 1, tiny);
			must_pass(vif, "NET-10", wire_frame(vif, FRAME_MIN_BYTES + (nr - 1) * tiny), sizes, nr);
		}
	}
}

/* Several frames at once, of several slots each: each arrives, in their order. */
static void several_at_once(struct front *front)
{
	static struct frame frames[8];
	struct vif *vif = vif_connected(front);

	for (unsigned int i = 0; i < NR(frames); i++) {
		frames[i] = *wire_frame(vif, 100 + 5000 * (i % 4));
		vif_put_whole(vif, &frames[i]);
	}
	vif_push(vif);
	must_answer_slots(vif, "NET-9");
	for (unsigned int i = 0; i < NR(frames); i++)
		must_arrive(vif, "NET-9", &frames[i]);
}

/* What it does not name, and what counts in the first slot only. */
static void unknown_flags(struct front *front)
{
	static struct frame frame;
	struct vif *vif = vif_connected(front);
	netif_tx_request_t slot;

	frame = *wire_frame(vif, 300);
	slot = vif_slot(vif, frame.bytes, 100);
	slot.size = frame.len;
	slot.flags = NETTXF_more_data | 0xfff0;
	vif_put_slot(vif, &slot);
	slot = vif_slot(vif, frame.bytes + 100, 200);
	slot.flags = 0xffff & ~NETTXF_more_data;
	vif_put_slot(vif, &slot);
	vif_push(vif);
	must_answer_slots(vif, "NET-25");
	must_arrive(vif, "NET-25", &frame);
	must_go_on(front, "NET-25");
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

/* A WARN where it is not so. */
static void answers_in_order(struct front *front)
{
	struct vif *vif = vif_connected(front);
	ring_idx first = front->req_prod;

	for (unsigned int i = 0; i < 20; i++)
		vif_put_whole(vif, wire_frame(vif, 60 + 4500 * (i % 3)));
	vif_push(vif);
	for (ring_idx i = first; i != front->req_prod; i++) {
		MUST("NET-18", vif_take_answer(vif, FRONT_PATIENCE_MS), "slot %u of %u has no answer", i - first + 1,
		     front->req_prod - first);
		MUST("NET-21", !vif_sent(vif, i)->is_out, "slot %u of %u is not answered before what follows",
		     i - first + 1, front->req_prod - first);
	}
}

/* XSA-216: behind the four octets of a response there is what was there, or nothing. */
static void answers_show_nothing(struct front *front)
{
	static const uint8_t zeros[sizeof(netif_tx_request_t)];
	struct vif *vif = vif_connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);
	const size_t answer_bytes = sizeof(netif_tx_response_t), rest = sizeof(slot) - answer_bytes;
	const uint8_t *after;
	uint8_t before[sizeof(slot)];

	vif_put_slot(vif, &slot);
	memcpy(before, front_slot(front, front->req_prod - 1), sizeof(before));
	vif_push(vif);
	must_answer_slots(vif, "NET-18");
	after = front_last_slot(front);
	MUST("NET-22", memcmp(after + answer_bytes, before + answer_bytes, rest) == 0 ||
	     memcmp(after + answer_bytes, zeros, rest) == 0, "it leaves something behind its response in the slot");
}

/* ---- grants ---------------------------------------------------------------------------------------------------- */

static void read_only_grant(struct front *front)
{
	static struct frame frame;
	struct vif *vif = vif_connected(front);
	struct loan loan = loan_page(front, false);
	netif_tx_request_t slot;

	frame = *wire_frame(vif, 1500);
	memcpy(loan.page, frame.bytes, frame.len);
	slot = vif_slot(vif, NULL, frame.len);
	slot.gref = loan.gref;
	vif_put_slot(vif, &slot);
	vif_push(vif);
	must_answer_with(vif, "GNT-2", front->req_prod - 1, NETIF_RSP_OKAY);
	must_arrive(vif, "GNT-2", &frame);
	loan_end(front, &loan);
}

const struct backend_case net_send_cases[] = {
	CASE("send-sizes", "NET-9 BUS-21", "frames of every size, page by page", every_size),
	CASE("send-splits", "NET-10 BUS-21", "frames of every size, in slots of every size", every_split,
	     .needs = "feature-sg"),
	CASE("send-empty-slots", "NET-10 BUS-21", "a slot without octets, at every place", empty_slots,
	     .needs = "feature-sg"),
	CASE("send-tiny-slots", "NET-10 BUS-21", "slots of an octet and of none, 1 to 17", tiny_slots,
	     .needs = "feature-sg"),
	CASE("send-several", "NET-9 BUS-21", "several frames of several slots, published at once", several_at_once,
	     .needs = "feature-sg"),
	CASE("send-unknown-flags", "NET-25 BUS-21", "flags that nobody knows, or that have no meaning there",
	     unknown_flags, .needs = "feature-sg"),
	CASE("send-answers-order", "NET-21 NET-18 BUS-21", "slots are answered in their order", answers_in_order,
	     .needs = "feature-sg"),
	CASE("send-answers-padding", "NET-22 NET-18 BUS-21", "a response shows nothing of the backend's",
	     answers_show_nothing),
	CASE("send-read-only-grant", "GNT-2 BUS-21", "a page that may only be read", read_only_grant),
	{ .head.name = NULL },
};
