// SPDX-License-Identifier: MIT
/* Checksums that are left to others, and packets to be cut: whatever either end takes, what arrives is right. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/wire.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define TCP       6
#define UDP       17
#define SEGMENT   1400
#define NR_LARGE  20

static const unsigned int versions[] = { 4, 6 };

static const char *gso_node(unsigned int version)
{
	return version == 4 ? "feature-gso-tcpv4" : "feature-gso-tcpv6";
}

static bool takes_blank(struct front *front, unsigned int version)
{
	return version == 4 ? !front_backend_number(front, "feature-no-csum-offload", 0) :
			      front_backend_number(front, "feature-ipv6-csum-offload", 0);
}

/* ---- checksums ------------------------------------------------------------------------------------------------- */

/* Whether it comes blank or not; whether it may is looked at as it is taken. */
static void must_come_right(struct vif *vif, const char *clause, const struct frame *frame)
{
	static struct frame got;

	vif_send(vif, frame);
	must_answer_slots(vif, clause);
	MUST(clause, vif_receive(vif->far, &got, FRONT_PATIENCE_MS), "a packet of %u octets does not arrive",
	     frame->len);
	MUST(clause, frame_has_right_checksum(&got), "a packet of %u octets arrives with a wrong checksum%s", got.len,
	     got.is_csum_blank ? ", said to be blank" : "");
	MUST(clause, frame_is_packet(&got, frame), "a packet of %u octets arrives as another one", frame->len);
}

static void send_packets(struct vif *vif, const char *clause)
{
	static const uint32_t payloads[] = { 1, 2, 999, SEGMENT };

	for (unsigned int i = 0; i < NR(payloads) * 8; i++) {
		unsigned int version = versions[i % 2];
		struct frame *frame = wire_packet(vif, version, i & 2 ? TCP : UDP, payloads[i / 8]);

		verdict_at("IPv%u, %s, %u octets%s", version, i & 2 ? "TCP" : "UDP", payloads[i / 8],
			   i & 4 ? ", blank" : "");
		if (i & 4) {
			if (!takes_blank(&vif->front, version))
				continue;
			frame_blank(frame);
		}
		must_come_right(vif, clause, frame);
	}
}

/* To one that takes all, some, none. */
static void checksums(struct front *front)
{
	struct vif *vif = vif_of(front);

	for (unsigned int takes = 0; takes < 4; takes++) {
		vif->far->refuses_csum_ipv4 = !(takes & 1);
		vif->far->has_csum_ipv6 = takes & 2;
		vif->far->has_gso_tcpv4 = takes & 1;
		vif->far->has_gso_tcpv6 = takes & 2;
		vif_connect(vif, "BUS-21");
		send_packets(vif, "NET-38");
		must_offer_again(&vif->far->front, "BUS-43");
	}
}

/* The judged one receives. */
static void checksums_received(struct front *front)
{
	struct vif *vif = vif_of(front);

	for (unsigned int takes = 0; takes < 4; takes++) {
		vif->refuses_csum_ipv4 = !(takes & 1);
		vif->has_csum_ipv6 = takes & 2;
		vif->has_gso_tcpv4 = takes & 1;
		vif->has_gso_tcpv6 = takes & 2;
		vif_connect(vif, "BUS-21");
		send_packets(vif->far, "NET-39");
		must_offer_again(front, "BUS-43");
	}
}

/* No TCP, and headers that end too early. OKAY promises nothing. */
static void blank_and_none(struct front *front)
{
	struct vif *vif = vif_of(front);
	struct frame *frame;

	vif_connect(vif, "BUS-21");
	frame_raw(frame = wire_packet(vif, 4, UDP, 60), vif_ends(vif), 60, 0);
	frame->is_csum_blank = true;
	vif_send(vif, frame);
	for (uint32_t len = FRAME_MIN_BYTES; len < 54; len += 5) {
		frame = wire_packet(vif, 4, TCP, 60);
		frame_blank(frame);
		frame->len = len;
		vif_send(vif, frame);
	}
	must_answer_slots(vif, "NET-40");
	must_go_on(front, "NET-40");
}

/* ---- large packets --------------------------------------------------------------------------------------------- */

static void judge_part(const struct frame *got, const struct frame *large)
{
	MUST("NET-41", frame_has_right_checksum(got), "a part of %u octets has a wrong checksum", got->len);
	if (got->gso_type)
		MUST("NET-41", got->gso_size == large->gso_size, "a part is to be cut at %u, not at %u", got->gso_size,
		     large->gso_size);
	else
		MUST("NET-41", frame_payload_bytes(got) <= large->gso_size, "a part has %u octets of payload, not %u",
		     frame_payload_bytes(got), large->gso_size);
}

/* In however many frames, to whom it is sent. */
static void must_come_whole(struct vif *vif, const struct frame *large)
{
	uint32_t done = 0, all = frame_payload_bytes(large);
	static struct frame got;

	vif_send(vif, large);
	must_answer_slots(vif, "NET-41");
	while (done < all) {
		MUST("NET-41", vif_receive(vif->far, &got, FRONT_PATIENCE_MS),
		     "%u octets of a large packet arrive, of %u", done, all);
		MUST("NET-41", frame_is_next_of(&got, large, &done),
		     "what arrives of a large packet is not its next %u octets", frame_payload_bytes(&got));
		judge_part(&got, large);
	}
}

static void send_large(struct vif *vif, unsigned int version)
{
	for (unsigned int i = 0; i < NR_LARGE; i++) {
		uint32_t payload = SEGMENT + 1 + rand_r(&vif->front.seed) % (65000 - SEGMENT);
		struct frame *frame = wire_packet(vif, version, TCP, payload);

		verdict_at("IPv%u, %u octets of payload", version, payload);
		frame_make_large(frame, i % 3 ? SEGMENT : 536);
		must_come_whole(vif, frame);
	}
}

static void large_packets(struct front *front, unsigned int version)
{
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	send_large(vif, version);
	must_offer_again(&vif->far->front, "BUS-43");
	vif->far->has_gso_tcpv4 = vif->far->has_gso_tcpv6 = false;
	vif_connect(vif, "BUS-21");
	send_large(vif, version);
}

static void large_ipv4(struct front *front)
{
	large_packets(front, 4);
}

static void large_ipv6(struct front *front)
{
	large_packets(front, 6);
}

/* The judged one receives: whatever it takes, larger ones come as that, or cut. */
static void large_received(struct front *front)
{
	struct vif *vif = vif_of(front);

	for (unsigned int takes = 0; takes < 8; takes++) {
		vif->has_sg = takes & 1;
		vif->has_gso_tcpv4 = takes & 2;
		vif->has_gso_tcpv6 = takes & 4;
		vif_connect(vif, "BUS-21");
		for (unsigned int v = 0; v < NR(versions); v++) {
			if (front_backend_number(front, gso_node(versions[v]), 0))
				send_large(vif->far, versions[v]);
		}
		must_offer_again(front, "BUS-43");
	}
}

/* XSA-448: a slot of nothing at each place, of a large packet. */
static void large_with_empty_slots(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	for (unsigned int empty = 1; empty < VIF_MAX_SLOTS; empty++) {
		uint32_t done = 0;
		static struct frame got;
		struct frame *frame = wire_packet(vif, 4, TCP, 10000);
		uint16_t sizes[VIF_MAX_SLOTS];

		frame_make_large(frame, SEGMENT);
		for (unsigned int i = 0; i < VIF_MAX_SLOTS; i++)
			sizes[i] = i == empty ? 0 : frame->len / VIF_MAX_SLOTS;
		vif_put(vif, frame, sizes, VIF_MAX_SLOTS);
		vif_push(vif);
		must_answer_slots(vif, "NET-10");
		while (done < 10000)
			MUST("NET-10", vif_receive(vif->far, &got, FRONT_PATIENCE_MS) &&
			     frame_is_next_of(&got, frame, &done), "%u octets of a large packet arrive", done);
	}
}

/* ---- large ones that are none ---------------------------------------------------------------------------------- */

static void bad_gso(struct front *front, const char *clause, uint8_t type, uint16_t size)
{
	struct vif *vif = vif_of(front);
	struct frame *frame;
	char what[48];

	vif_connect(vif, "BUS-21");
	frame = wire_packet(vif, 4, TCP, 3000);
	frame_make_large(frame, SEGMENT);
	frame->gso_type = type;
	frame->gso_size = size;
	vif_put_whole(vif, frame);
	snprintf(what, sizeof(what), "GSO of type %u and size %u", type, size);
	must_be_fatal(vif, clause, what);
	must_start_over(front, clause);
}

static void gso_of_no_size(struct front *front)
{
	bad_gso(front, "NET-42", XEN_NETIF_GSO_TYPE_TCPV4, 0);
}

static void gso_of_no_type(struct front *front)
{
	static const uint8_t types[] = { 3, 255 };

	for (unsigned int i = 0; i < NR(types); i++)
		bad_gso(front, "NET-43", types[i], SEGMENT);
}

/* UDP, the other IP, no IP, and headers that end too early. */
static void gso_of_what_is_none(struct front *front)
{
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	for (unsigned int i = 0; i < 4; i++) {
		struct frame *frame = wire_packet(vif, 4, i == 0 ? UDP : TCP, 3000);

		verdict_at("number %u", i + 1);
		frame_make_large(frame, SEGMENT);
		if (i == 1)
			frame->gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
		if (i == 2)
			frame->bytes[12] = 0x88;
		if (i == 3)
			frame->len = 40;
		vif_send(vif, frame);
		must_answer_slots(vif, "NET-44");
		must_go_on(front, "NET-44");
	}
}

const struct backend_case net_offload_cases[] = {
	CASE("offload-checksums", "NET-38 BUS-21 BUS-34 BUS-43", "TCP and UDP, blank or not, to whoever takes that",
	     checksums),
	CASE("offload-checksums-received", "NET-39 BUS-21 BUS-34 BUS-43", "the same of what the guest receives",
	     checksums_received),
	CASE("offload-blank-and-none", "NET-40 BUS-21", "blank checksums in frames that have none", blank_and_none),
	CASE("offload-large-ipv4", "NET-41 NET-19 BUS-21 BUS-34 BUS-43",
	     "large packets, to who takes them and who does not", large_ipv4, .needs = "feature-gso-tcpv4"),
	CASE("offload-large-ipv6", "NET-41 BUS-21 BUS-34 BUS-43", "the same over IPv6", large_ipv6,
	     .needs = "feature-gso-tcpv6"),
	CASE("offload-large-received", "NET-45 NET-41 NET-31 BUS-21 BUS-34 BUS-43",
	     "large packets to a guest that takes several slots, GSO, or not", large_received,
	     .needs = "feature-gso-tcpv4"),
	CASE("offload-large-empty-slots", "NET-10 BUS-21", "a slot without octets, at every place of a large packet",
	     large_with_empty_slots, .needs = "feature-gso-tcpv4"),
	CASE("offload-gso-no-size", "NET-42 BUS-21", "packets to be cut into nothing", gso_of_no_size,
	     .needs = "feature-gso-tcpv4"),
	CASE("offload-gso-no-type", "NET-43 BUS-21", "packets to be cut in a way that there is none of",
	     gso_of_no_type, .needs = "feature-gso-tcpv4"),
	CASE("offload-gso-of-none", "NET-44 BUS-21", "GSO of what is no such packet", gso_of_what_is_none,
	     .needs = "feature-gso-tcpv4"),
	{ .head.name = NULL },
};
