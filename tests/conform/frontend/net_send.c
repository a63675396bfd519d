// SPDX-License-Identifier: MIT
/* What a frontend sends, with whatever is offered; only what is offered may be used. */
#include "tests/conform/case.h"

/* ---- what is offered ------------------------------------------------------------------------------------------- */

static void all_offered(struct play *play)
{
	must_do(play, "NET-69", "verify");
}

/* All its slots are there at once, and not too many; its checksum is blank. */
static void large(struct play *play)
{
	must_do(play, "NET-46", "big");
	if (play_vif_of(play)->nr_large == 0)
		skip("its workload sends nothing that is to be cut");
}

static void several_slots(struct play *play)
{
	must_do(play, "NET-11", "big");
	if (play_vif_of(play)->nr_in_slots == 0)
		skip("its workload sends no frame of several slots");
}

struct offer {
	bool has_sg, has_gso, has_csum;
};

static void make_offer(struct play *play)
{
	const struct offer *offer = play->how;
	struct play_vif *vif = play_vif_of(play);

	vif->has_sg = offer->has_sg;
	vif->has_gso_tcpv4 = vif->has_gso_tcpv6 = offer->has_gso;
	vif->has_csum_ipv4 = vif->has_csum_ipv6 = offer->has_csum;
}

static void mix(struct play *play)
{
	make_offer(play);
	must_do(play, "NET-7", "verify");
}

static void mix_big(struct play *play)
{
	make_offer(play);
	must_do(play, "NET-7", "big");
}

/* ---- headers --------------------------------------------------------------------------------------------------- */

static void headers_come_first(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);
	const struct frame *frame = &vif->taken.frame;

	play_drive(play, "big");
	must_come_up(play, "BUS-10");
	while (play_take_next(play)) {
		MUST("NET-26", !frame_has_checksum(frame) ||
		     vif->taken.slot[0].size >= frame->len - frame_payload_bytes(frame),
		     "the first slot of a frame has %u of its %u octets of headers", vif->taken.slot[0].size,
		     frame->len - frame_payload_bytes(frame));
		play_finish(play);
	}
}

/* mix-SG-GSO-CSUM */
#define MIX(sg, gso, csum)                                                                                             \
	CASE("mix-" #sg "-" #gso "-" #csum, "NET-7 BUS-10 BUS-31",                                                     \
	     "several slots " #sg ", GSO " #gso ", blank checksums " #csum, mix,                                       \
	     .how = &(const struct offer){ sg, gso, csum }),                                                           \
		CASE("mix-big-" #sg "-" #gso "-" #csum, "NET-7 BUS-10 BUS-31",                                         \
		     "the same, for somebody with much to send", mix_big,                                              \
		     .how = &(const struct offer){ sg, gso, csum })

const struct frontend_case front_net_send_cases[] = {
	CASE("send-verify", "NET-69 BUS-10 BUS-31", "all that is usual is offered", all_offered),
	CASE("send-large", "NET-46 NET-13 BUS-10 BUS-31", "packets that are to be cut", large),
	CASE("send-several-slots", "NET-11 NET-13 BUS-10 BUS-31", "frames of several slots", several_slots),
	CASE("send-headers", "NET-26 BUS-10", "all headers are in a frame's first slot", headers_come_first),
	MIX(0, 0, 0), MIX(0, 0, 1), MIX(0, 1, 0), MIX(0, 1, 1), MIX(1, 0, 0), MIX(1, 0, 1), MIX(1, 1, 0), MIX(1, 1, 1),
	{ .head.name = NULL },
};
