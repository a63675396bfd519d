// SPDX-License-Identifier: MIT
/* Room in front of what a guest receives, as Linux's frontend asks for it. */
#include "tests/conform/case.h"

#include <stdio.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/wire.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

/* Reconfiguring, Reconfigured, Connected. */
static void must_reconfigure(struct vif *vif, uint16_t headroom)
{
	struct front *front = &vif->front;

	front_write(front, "xdp-headroom", "%u", headroom);
	front_switch(front, XB_RECONFIGURING);
	MUST("NET-66", front_await_backend(front, XB_RECONFIGURED, FRONT_PATIENCE_MS),
	     "it is %s, not Reconfigured, for a frontend in Reconfiguring", front_backend_state_name(front));
	vif->old_headroom = vif->headroom;
	vif->headroom = headroom;
	front_switch(front, XB_CONNECTED);
	/* Or the next Reconfigured that is seen may be this one. Linux' backend stays in it. */
	front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS);
	must_pass(vif->far, "NET-66", wire_frame(vif->far, 60), NULL, 0);
	vif->old_headroom = headroom; /* what comes behind that frame was not on its way before */
}

/* Where the parts stand, and what the extra says, is looked at as they are taken. */
static void leaves_room(struct front *front)
{
	static const uint16_t rooms[] = { 256, 64, 0, 256 };
	static const uint32_t sizes[] = { 60, 1514, 3840, 3841, 4096, 20000 };
	struct vif *vif = vif_of(front);

	vif_connect(vif, "BUS-21");
	for (unsigned int r = 0; r < NR(rooms); r++) {
		must_reconfigure(vif, rooms[r]);
		for (unsigned int i = 0; i < NR(sizes); i++)
			must_pass(vif->far, "NET-66", wire_frame(vif->far, sizes[i]), NULL, 0);
		must_pass(vif, "NET-66", wire_frame(vif, 1514), NULL, 0);
	}
	vif->headroom = vif->old_headroom = 0;
	front_write(front, "xdp-headroom", "0");
	must_start_over(front, "NET-66");
}

static void no_room_left(struct front *front)
{
	static const char *const values[] = { "4096", "65535", "65536", "4294967296", "-1", "x" };
	struct vif *vif = vif_of(front);
	char what[48];

	vif_connect(vif, "BUS-21");
	for (unsigned int i = 0; i < NR(values); i++) {
		front_write(front, "xdp-headroom", "%s", values[i]);
		front_switch(front, XB_RECONFIGURING);
		snprintf(what, sizeof(what), "'%s' for xdp-headroom", values[i]);
		MUST("NET-67", front_await_refusal(front, FRONT_PATIENCE_MS), "with %s it is %s", what,
		     front_backend_state_name(front));
		front_write(front, "xdp-headroom", "0"); /* or it would be of the next connection, too */
		must_start_over(front, "NET-67");
	}
}

const struct backend_case net_headroom_cases[] = {
	CASE("headroom", "NET-66 BUS-21", "octets in front of each part", leaves_room,
	     .needs = "feature-xdp-headroom"),
	CASE("headroom-too-large", "NET-67 BUS-21", "so many that no page has room for data", no_room_left,
	     .needs = "feature-xdp-headroom"),
	{ .head.name = NULL },
};
