// SPDX-License-Identifier: MIT
/* What a guest sends by its vif and is no frame, or one that nobody has to take. */
#include "tests/conform/case.h"

#include <stdio.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/wire.h"

#define NR(array)   (sizeof(array) / sizeof((array)[0]))
#define PAGE_BYTES  4096
#define FATAL_SLOTS 22

/* ---- what is refused ------------------------------------------------------------------------------------------- */

static void too_short(struct front *front)
{
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);
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
	struct vif *vif = vif_connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.flags = NETTXF_more_data;
	slot.size = 120;
	vif_put_slot(vif, &slot);
	must_be_fatal(vif, "NET-14", "a slot with more_data, and nothing behind it");
	must_start_over(front, "NET-14");
}

static void without_its_extra(struct front *front)
{
	struct vif *vif = vif_connected(front);
	netif_tx_request_t slot = vif_slot(vif, wire_frame(vif, 60)->bytes, 60);

	slot.flags = NETTXF_extra_info;
	vif_put_slot(vif, &slot);
	must_be_fatal(vif, "NET-14", "a slot with extra_info, and nothing behind it");
	must_start_over(front, "NET-14");
}

/* As many as the ring has room for. */
static void extras_without_end(struct front *front)
{
	struct vif *vif = vif_connected(front);
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
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);

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
	struct vif *vif = vif_connected(front);
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
	struct vif *vif = vif_connected(front);
	struct loan loan = loan_page(front, false);
	uint32_t gref = loan.gref;

	loan_end(front, &loan);
	bad_grant(front, 1, gref);
	must_go_on(&vif->front, "NET-20");
}

const struct backend_case net_refuse_cases[] = {
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
	{ .head.name = NULL },
};
