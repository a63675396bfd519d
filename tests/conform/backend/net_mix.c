// SPDX-License-Identifier: MIT
/* Every combination of what a frontend may take, and of how it is connected: frames of all kinds arrive either way. */
#include "tests/conform/case.h"

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/wire.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define NR_MIXES  64
#define TCP       6

static void choose(struct vif *vif, unsigned int mix)
{
	vif->has_sg = mix & 1;
	vif->has_gso_tcpv4 = mix & 2;
	vif->has_gso_tcpv6 = mix & 4;
	vif->refuses_csum_ipv4 = mix & 8;
	vif->has_csum_ipv6 = mix & 16;
	vif->has_two_ports = mix & 32 && front_backend_number(&vif->front, "feature-split-event-channels", 0);
}

/* Raw ones up to what both take at once. */
static void send_raw(struct vif *vif)
{
	static const uint32_t sizes[] = { 60, 1514, 4096, 9000, 65535 };
	bool takes_several = vif->far->has_sg && front_backend_number(&vif->front, "feature-sg", 0);

	for (unsigned int i = 0; i < NR(sizes) && (sizes[i] <= 4096 || takes_several); i++)
		must_pass(vif, "NET-9", wire_frame(vif, sizes[i]), NULL, 0);
}

static void send_blank(struct vif *vif)
{
	static struct frame got;
	struct frame *frame = wire_packet(vif, 4, TCP, 1000);

	if (front_backend_number(&vif->front, "feature-no-csum-offload", 0))
		return;
	frame_blank(frame);
	vif_send(vif, frame);
	must_answer_slots(vif, "NET-38");
	MUST("NET-38", vif_receive(vif->far, &got, FRONT_PATIENCE_MS) && frame_is_packet(&got, frame) &&
	     frame_has_right_checksum(&got), "a packet with a blank checksum does not arrive, or not right");
}

static void every_mix(struct front *front)
{
	struct vif *vif = vif_of(front);

	front_begin(front);
	for (unsigned int mix = 0; mix < NR_MIXES; mix++) {
		verdict_at("sg %d, gso %d %d, no csum IPv4 %d, csum IPv6 %d, two ports %d", mix & 1, !!(mix & 2),
			   !!(mix & 4), !!(mix & 8), !!(mix & 16), !!(mix & 32));
		choose(vif, mix);
		front_make(front);
		front_announce(front, "BUS-21");
		vif_connect(vif, "BUS-21");
		send_raw(vif);
		send_raw(vif->far);
		send_blank(vif);
		send_blank(vif->far);
		must_offer_again(front, "BUS-43");
	}
}

const struct backend_case net_mix_cases[] = {
	CASE("mix-features", "NET-9 NET-38 BUS-21 BUS-34 BUS-43", "every combination of features, and of ports",
	     every_mix),
	{ .head.name = NULL },
};
