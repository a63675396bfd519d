// SPDX-License-Identifier: MIT
/* What few frontends ask for: hashes and static grants, by the control ring, and a list of multicast addresses. */
#include "tests/conform/case.h"

/* A frontend that wants what is not offered may fail, before it announces anything or as soon as it is connected. */
static void wants(struct play *play, const char *work)
{
	play_drive(play, work);
	play_offer(play);
	if (!play_await_announcement(play, PLAY_PATIENCE_MS))
		return;
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	play_serve(play);
}

/* ---- hashes ---------------------------------------------------------------------------------------------------- */

/* Each packet comes with its own, in an extra. */
static void hashes(struct play *play)
{
	play_vif_of(play)->has_control = true;
	must_do(play, "NET-36", "hash");
	if (play_vif_of(play)->nr_asked == 0)
		skip("it has no control ring");
}

static void hashes_not_offered(struct play *play)
{
	wants(play, "hash");
}

/* ---- static grants --------------------------------------------------------------------------------------------- */

static void pages_are_kept(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	vif->has_control = vif->has_static = true;
	must_leave(play, "static");
	if (vif->nr_registered == 0)
		skip("it registers no pages");
	must_keep_registered(vif, "when its workload is done");
	must_close_before_us(play);
	must_keep_registered(vif, "while the backend is Closing");
}

static void pages_not_offered(struct play *play)
{
	play_vif_of(play)->has_control = true;
	wants(play, "static");
}

/* ---- multicast ------------------------------------------------------------------------------------------------- */

static void groups(struct play *play)
{
	play_vif_of(play)->has_multicast = true;
	must_do(play, "NET-69", "group");
	if (play_vif_of(play)->nr_messages == 0)
		skip("it says nothing of multicast addresses");
}

static void groups_not_offered(struct play *play)
{
	wants(play, "group");
}

/* The list is full. */
static void groups_refused(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	vif->has_multicast = true;
	play_drive(play, "group");
	must_come_up(play, "BUS-10");
	play->stall_clause = "NET-70";
	while (play_take_next(play)) {
		play_vif_answer(vif, vif->taken.is_message ? NETIF_RSP_ERROR : NETIF_RSP_OKAY);
		play_vif_mirror(vif);
	}
	if (vif->nr_messages == 0)
		skip("it says nothing of multicast addresses");
}

const struct frontend_case front_net_control_cases[] = {
	CASE("control-hash", "NET-36 BUS-10 BUS-31", "frames with their hashes", hashes),
	CASE("control-not-offered", "NET-7 BUS-10", "no control ring is offered", hashes_not_offered),
	CASE("control-static", "NET-87 BUS-10 BUS-31", "pages are registered, and kept", pages_are_kept),
	CASE("control-static-not-offered", "NET-7 BUS-10", "none can be registered", pages_not_offered),
	CASE("multicast-groups", "NET-69 BUS-10 BUS-31", "addresses for a list of them", groups),
	CASE("multicast-not-offered", "NET-7 BUS-10", "no list is offered", groups_not_offered),
	CASE("multicast-refused", "NET-70 BUS-10", "the list has no room", groups_refused),
	{ .head.name = NULL },
};
