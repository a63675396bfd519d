// SPDX-License-Identifier: MIT
/* What a guest sends by its vif: frames of every size, in slots of every kind, and what is no frame. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/wire.h"

#define NR(array)    (sizeof(array) / sizeof((array)[0]))
#define PAGE_BYTES   4096
#define NR_SPLITS    200
#define FATAL_SLOTS  22

static struct vif *connected(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	return vif;
}

/* ---- what every backend takes ---------------------------------------------------------------------------------- */

static void every_size(struct front *front)
{
	static const uint32_t sizes[] = { 14, 15, 16, 59, 60, 61, 127, 128, 129, 1513, 1514, 1515, 4095, 4096, 4097,
					  8191, 8192, 8193, 40000, 61440, 65534, 65535 };
	struct vif *vif = connected(front);
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
	struct vif *vif = connected(front);

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
	struct vif *vif = connected(front);

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
	struct vif *vif = connected(front);

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
	struct vif *vif = connected(front);

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
	struct vif *vif = connected(front);
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
	struct vif *vif = connected(front);
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
	struct vif *vif = connected(front);
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

/* ---- what is refused ------------------------------------------------------------------------------------------- */

static void too_short(struct front *front)
{
	struct vif *vif = connected(front);

	for (uint32_t len = 0; len < FRAME_MIN_BYTES; len++) {
		ring_idx first = front->req_prod;
		netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, len);

		verdict_at("a frame of %u octets", len);
		vif_put_slot(vif, &slot);
		must_reject(vif, "NET-16", first);
	}
}

/* One of 64 KiB and more looks like this. */
static void less_than_its_slots(struct front *front)
{
	static const uint16_t whole[] = { 14, 60, 4096, 8191 };
	struct vif *vif = connected(front);

	for (unsigned int i = 0; i < NR(whole); i++) {
		ring_idx first = front->req_prod;

		verdict_at("three slots of which the others have 8192 octets, and all of them %u", whole[i]);
		for (unsigned int s = 0; s < 3; s++) {
			netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, PAGE_BYTES)->bytes, PAGE_BYTES);

			slot.size = s == 0 ? whole[i] : PAGE_BYTES;
			slot.flags = s < 2 ? NETTXF_more_data : 0;
			vif_put_slot(vif, &slot);
		}
		must_reject(vif, "NET-17", first);
	}
}

static void many_slots(struct vif *vif, const struct frame *frame, unsigned int nr)
{
	uint16_t sizes[VIF_SLOTS];

	for (unsigned int i = 0; i < nr; i++)
		sizes[i] = 60;
	vif_put(vif, frame, sizes, nr);
	vif_push(vif);
}

/* Whole, or not at all; what follows it is served. */
static void more_slots_than_promised(struct front *front)
{
	static struct frame frame, got;
	struct vif *vif = connected(front);

	for (unsigned int nr = VIF_MAX_SLOTS + 1; nr < FATAL_SLOTS; nr++) {
		ring_idx first = front->req_prod;

		verdict_at("%u slots", nr);
		frame = *wire_frame(vif, 60 * nr);
		many_slots(vif, &frame, nr);
		must_answer_slots(vif, "NET-12");
		must_answer_with(vif, "NET-12", first, vif_sent(vif, first)->status);
		if (vif_sent(vif, first)->status == NETIF_RSP_OKAY)
			MUST("NET-12", vif_receive(vif->far, &got, FRONT_PATIENCE_MS) && frame_is(&got, &frame),
			     "it answers OKAY, and the frame does not arrive");
		must_go_on(front, "NET-12");
	}
}

/* XSA-432: as many as it takes for any array. It may end the connection, or serve what follows. */
static void far_too_many_slots(struct front *front)
{
	static struct frame frame, got;
	struct vif *vif = connected(front);

	frame = *wire_frame(vif, 60 * 200);
	many_slots(vif, &frame, 200);
	if (front_await_refusal(front, FRONT_SILENCE_MS)) {
		MUST("NET-12", !vif_receive(vif->far, &got, FRONT_SILENCE_MS), "it has sent a frame of 200 slots");
		must_start_over(front, "NET-12");
		return;
	}
	must_answer_slots(vif, "NET-12");
	if (vif_receive(vif->far, &got, FRONT_SILENCE_MS))
		MUST("NET-12", frame_is(&got, &frame), "a part of a frame of 200 slots arrives, %u octets", got.len);
	must_go_on(front, "NET-12");
}

static void put_wide(struct vif *vif, uint16_t offset, uint16_t size, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

		if (i + 1 == nr) {
			slot.offset = offset;
			slot.size = size;
		} else if (i == 0) {
			slot.size += size;
		}
		slot.flags = i + 1 < nr ? NETTXF_more_data : 0;
		vif_put_slot(vif, &slot);
	}
}

static void beyond_its_page(struct front *front, uint16_t offset, uint16_t size, unsigned int nr)
{
	struct vif *vif = connected(front);

	put_wide(vif, offset, size, nr);
	must_be_fatal(vif, "NET-15", "a slot that leaves its page");
	must_start_over(front, "NET-15");
}

static void only_slot_leaves_page(struct front *front)
{
	beyond_its_page(front, PAGE_BYTES - 59, 60, 1);
}

static void second_slot_leaves_page(struct front *front)
{
	beyond_its_page(front, PAGE_BYTES - 59, 60, 2);
}

static void slot_begins_beyond_page(struct front *front)
{
	beyond_its_page(front, 0xfff0, 60, 1);
}

static void slot_larger_than_page(struct front *front)
{
	beyond_its_page(front, 0, PAGE_BYTES + 1, 1);
}

/* What the first slot has is known at last. */
static void first_slot_leaves_page(struct front *front)
{
	struct vif *vif = connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.size = PAGE_BYTES + 61;
	slot.flags = NETTXF_more_data;
	vif_put_slot(vif, &slot);
	slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);
	vif_put_slot(vif, &slot);
	must_be_fatal(vif, "NET-15", "a first slot that leaves its page");
	must_start_over(front, "NET-15");
}

/* ---- frames that are not all there ----------------------------------------------------------------------------- */

static void without_its_last_slot(struct front *front)
{
	struct vif *vif = connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.flags = NETTXF_more_data;
	slot.size = 120;
	vif_put_slot(vif, &slot);
	must_be_fatal(vif, "NET-14", "a slot with more_data, and nothing behind it");
	must_start_over(front, "NET-14");
}

static void without_its_extra(struct front *front)
{
	struct vif *vif = connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.flags = NETTXF_extra_info;
	vif_put_slot(vif, &slot);
	must_be_fatal(vif, "NET-14", "a slot with extra_info, and nothing behind it");
	must_start_over(front, "NET-14");
}

/* As many as the ring has room for. */
static void extras_without_end(struct front *front)
{
	struct vif *vif = connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.flags = NETTXF_extra_info;
	vif_put_slot(vif, &slot);
	while (front->req_prod - front->rsp_cons < VIF_SLOTS)
		vif_put_gso(vif, XEN_NETIF_GSO_TYPE_TCPV4, 1000, XEN_NETIF_EXTRA_FLAG_MORE);
	must_be_fatal(vif, "NET-14", "extras without end");
	must_start_over(front, "NET-14");
}

/* ---- extras ---------------------------------------------------------------------------------------------------- */

static void put_with_extra(struct vif *vif, uint8_t type)
{
	const netif_extra_info_t extra = { .type = type, .u.mcast.addr = { 0x01, 0x00, 0x5e, 0, 0, 1 } };
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.flags = NETTXF_extra_info;
	vif_put_slot(vif, &slot);
	vif_put_extra(vif, &extra);
}

static void extras_of_no_type(struct front *front)
{
	static const uint8_t types[] = { 0, 6, 255 };
	struct vif *vif = connected(front);

	for (unsigned int i = 0; i < NR(types); i++) {
		char what[32];

		snprintf(what, sizeof(what), "an extra of type %u", types[i]);
		put_with_extra(vif, types[i]);
		must_be_fatal(vif, "NET-23", what);
		must_start_over(front, "NET-23");
	}
}

/* Each is in some header, and is not offered: refused, or as if it were not there. */
static void extras_not_offered(struct front *front)
{
	static const struct {
		uint8_t type;
		const char *node;
	} extras[] = {
		{ XEN_NETIF_EXTRA_TYPE_MCAST_ADD, "feature-multicast-control" },
		{ XEN_NETIF_EXTRA_TYPE_MCAST_DEL, "feature-multicast-control" },
		{ XEN_NETIF_EXTRA_TYPE_HASH, "feature-ctrl-ring" },
	};
	static struct frame got;
	struct vif *vif = connected(front);

	for (unsigned int i = 0; i < NR(extras); i++) {
		if (front_backend_number(front, extras[i].node, 0))
			continue;
		verdict_at("an extra of type %u", extras[i].type);
		put_with_extra(vif, extras[i].type);
		vif_push(vif);
		must_answer_slots(vif, "NET-24");
		if (vif_sent(vif, front->req_prod - 2)->status == NETIF_RSP_OKAY)
			MUST("NET-24", vif_receive(vif->far, &got, FRONT_PATIENCE_MS),
			     "it answers OKAY, and the frame does not arrive");
		must_go_on(front, "NET-24");
	}
}

/* ---- grants ---------------------------------------------------------------------------------------------------- */

/* In one slot of three; OKAY to the others is no promise. */
static void bad_grant(struct front *front, unsigned int bad, uint32_t gref)
{
	struct vif *vif = connected(front);
	ring_idx first = front->req_prod;

	for (unsigned int i = 0; i < 3; i++) {
		netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 200)->bytes, 200);

		slot.size = i == 0 ? 600 : 200;
		slot.flags = i < 2 ? NETTXF_more_data : 0;
		if (i == bad)
			slot.gref = gref;
		vif_put_slot(vif, &slot);
	}
	vif_push(vif);
	must_answer_slots(vif, "NET-20");
	MUST("NET-20", vif_sent(vif, first + bad)->status == NETIF_RSP_ERROR, "it answers %d to slot %u, with gref %u",
	     vif_sent(vif, first + bad)->status, bad + 1, gref);
	must_go_on(front, "NET-20");
}

static void bad_grants(struct front *front)
{
	static const uint32_t grefs[] = { 1000000, UINT32_MAX };

	for (unsigned int i = 0; i < NR(grefs); i++) {
		for (unsigned int bad = 0; bad < 3; bad++)
			bad_grant(front, bad, grefs[i]);
	}
}

static void revoked_grant(struct front *front)
{
	struct vif *vif = connected(front);
	struct loan loan = loan_page(front, false);
	uint32_t gref = loan.gref;

	loan_end(front, &loan);
	bad_grant(front, 1, gref);
	must_go_on(&vif->front, "NET-20");
}

static void read_only_grant(struct front *front)
{
	static struct frame frame;
	struct vif *vif = connected(front);
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
	CASE("send-too-short", "NET-16 BUS-21", "frames of 0 to 13 octets", too_short),
	CASE("send-less-than-slots", "NET-17 BUS-21", "a size that is less than what the slots have",
	     less_than_its_slots, .needs = "feature-sg"),
	CASE("send-19-slots", "NET-12 BUS-21", "frames of 19 to 21 slots", more_slots_than_promised,
	     .needs = "feature-sg"),
	CASE("send-200-slots", "NET-12 BUS-21", "a frame of 200 slots", far_too_many_slots, .needs = "feature-sg"),
	CASE("send-leaves-page", "NET-15 BUS-21", "an only slot that leaves its page", only_slot_leaves_page),
	CASE("send-second-leaves-page", "NET-15 BUS-21", "a second slot that leaves its page", second_slot_leaves_page,
	     .needs = "feature-sg"),
	CASE("send-first-leaves-page", "NET-15 BUS-21", "a first slot that leaves its page by what the others leave it",
	     first_slot_leaves_page, .needs = "feature-sg"),
	CASE("send-begins-beyond-page", "NET-15 BUS-21", "a slot that begins beyond its page",
	     slot_begins_beyond_page),
	CASE("send-larger-than-page", "NET-15 BUS-21", "a slot of more than a page", slot_larger_than_page),
	CASE("send-without-last-slot", "NET-14 BUS-21", "more_data, and no slot", without_its_last_slot),
	CASE("send-without-extra", "NET-14 BUS-21", "extra_info, and no slot", without_its_extra),
	CASE("send-extras-without-end", "NET-14 BUS-21", "a ring full of extras", extras_without_end),
	CASE("send-extra-of-no-type", "NET-23 BUS-21", "extras of types that there are none of", extras_of_no_type),
	CASE("send-extra-not-offered", "NET-24 BUS-21", "extras of types that are not offered", extras_not_offered),
	CASE("send-bad-grant", "NET-20 BUS-21", "a grant that is none, in each of three slots", bad_grants,
	     .needs = "feature-sg"),
	CASE("send-revoked-grant", "NET-20 BUS-21", "a grant that has ended", revoked_grant, .needs = "feature-sg"),
	CASE("send-read-only-grant", "GNT-2 BUS-21", "a page that may only be read", read_only_grant),
	{ .head.name = NULL },
};
