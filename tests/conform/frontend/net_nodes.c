// SPDX-License-Identifier: MIT
/* What a frontend says of its vif, and what it takes up of what it is offered. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/nodes.h"

#define LATE_MS 500 /* Connected may be a write of its own */

static void announce(struct play *play)
{
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
}

static void wants_copies(struct play *play)
{
	announce(play);
	must_publish_terms(play_vif_of(play));
}

static void notifies_of_buffers(struct play *play)
{
	struct nodes nodes;

	announce(play);
	nodes_read_from(&nodes, &play->store, play->back.dev.otherend);
	MUST("NET-5", strcmp(nodes_get(&nodes, "feature-rx-notify"), "1") == 0, "feature-rx-notify is '%s'",
	     nodes_get(&nodes, "feature-rx-notify"));
}

static void announces_by_connected(struct play *play)
{
	announce(play);
	MUST("NET-6", back_await_frontend(&play->back, XB_CONNECTED, LATE_MS),
	     "it is %s, and the backend has to go on", xb_state_name(back_frontend_state(&play->back)));
}

static void one_port(struct play *play)
{
	play_vif_of(play)->has_two_ports = false;
	must_do(play, "NET-49", "verify");
}

static void two_ports(struct play *play)
{
	must_do(play, "NET-49", "verify");
}

/* Another driver had two ports and several queues, and may have had a control ring. */
static void earlier_nodes(struct play *play)
{
	static const char *const names[] = { "event-channel-tx", "event-channel-rx", "multi-queue-num-queues" };
	const char *dir = play->back.dev.otherend;
	struct nodes nodes;
	struct errbuf err;

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		need(xb_write(&play->store, dir, names[i], &err, "3"), &err);
	play_vif_of(play)->has_two_ports = false;
	announce(play);
	nodes_read_from(&nodes, &play->store, dir);
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		MUST("BUS-15", strcmp(nodes_get(&nodes, names[i]), "3") != 0, "it leaves %s of an earlier connection",
		     names[i]);
}

/* ---- what there may be no node for ----------------------------------------------------------------------------- */

static void write_least(struct back *back)
{
	back_write(back, "feature-rx-copy", "1");
	back_switch(back, XB_INIT_WAIT);
}

static void only_what_must_be(struct play *play)
{
	play_vif_offer_nothing(play_vif_of(play));
	play_drive(play, "verify");
	back_transaction(&play->back, write_least);
	must_announce(play, "BUS-8");
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	must_be_connected(play, "BUS-8");
	MUST("BUS-8", play_serve(play) == 0, "its workload fails with status %d without the nodes that may be absent",
	     play->status);
	must_go_down(play, "BUS-31");
}

/* ---- its address ----------------------------------------------------------------------------------------------- */

static void uses_address(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	while (play_take_next(play)) {
		MUST("NET-8", frame_is_from(&vif->taken.frame, vif->mac), "it sends from an address that is not mac");
		play_finish(play);
	}
}

/* ---- nodes that no correct backend writes ---------------------------------------------------------------------- */

static void wrong_offer(struct play *play)
{
	char what[PLAY_WHAT_BYTES];

	play_vif_offer_nothing(play_vif_of(play));
	if (!play_offer_wrong(play, "verify", what))
		return;
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	if (!must_decide(play, "BUS-49", what))
		return;
	MUST("BUS-49", play_serve(play) == 0, "its workload fails with status %d", play->status);
	must_go_down(play, "BUS-31");
}

const struct frontend_case front_net_node_cases[] = {
	CASE("node-copies", "NET-4 BUS-10", "it wants frames to be copied", wants_copies),
	CASE("node-notifies-of-buffers", "NET-5 BUS-10", "it notifies of buffers, and says so", notifies_of_buffers),
	CASE("node-connected", "NET-6 BUS-10", "it does not wait for the backend to go on", announces_by_connected),
	CASE("node-one-port", "NET-49 NET-7 BUS-10 BUS-31", "a port for each ring is not offered", one_port),
	CASE("node-two-ports", "NET-49 BUS-10 BUS-31", "it is", two_ports),
	CASE("node-earlier", "BUS-15 BUS-10", "what an earlier connection left is removed", earlier_nodes),
	CASE("node-only-what-must-be", "BUS-8 BUS-31", "no optional node is needed", only_what_must_be),
	CASE("node-address", "NET-8 BUS-10", "the address that the toolstack has given it", uses_address),
	CASE("offer-queues-0", "BUS-49 BUS-31", "no queue", wrong_offer, WRONG("multi-queue-max-queues", "0")),
	CASE("offer-queues-2-32", "BUS-49 BUS-31", "queues that are 0 modulo 2^32", wrong_offer,
	     WRONG("multi-queue-max-queues", "4294967296")),
	CASE("offer-queues-text", "BUS-49 BUS-31", "queues that are no number", wrong_offer,
	     WRONG("multi-queue-max-queues", "many")),
	CASE("offer-sg-text", "BUS-49 BUS-31", "a feature-sg that is no number", wrong_offer,
	     WRONG("feature-sg", "yes")),
	CASE("offer-ports-text", "BUS-49 BUS-31", "a feature-split-event-channels that is no number", wrong_offer,
	     WRONG("feature-split-event-channels", "yes")),
	{ .head.name = NULL },
};
