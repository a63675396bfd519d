// SPDX-License-Identifier: MIT
/* What a frontend publishes, and when. */
#include "tests/conform/case.h"

#include <stdlib.h>
#include <string.h>

#include "tests/conform/peer/nodes.h"

/* ---- what it announces ----------------------------------------------------------------------------------------- */

/* Its directory at the moment when its ring is announced. */
static void announce(struct play *play, struct nodes *nodes, const char *work)
{
	play_drive(play, work);
	back_offer(&play->back);
	must_announce(play, "BUS-10");
	nodes_read_from(nodes, &play->store, play->back.dev.otherend);
}

static void names_protocol(struct play *play)
{
	struct nodes nodes;

	announce(play, &nodes, "idle");
	must_attach(play);
}

static void numbers_are_digits(struct play *play)
{
	static const char *const names[] = { "ring-ref", "ring-ref0", "ring-ref1", "ring-page-order", "num-ring-pages",
					     "event-channel", "feature-persistent", "multi-queue-num-queues", "state" };
	struct nodes nodes;

	announce(play, &nodes, "idle");
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = nodes_get(&nodes, names[i]);

		MUST("BUS-5", strspn(value, "0123456789") == strlen(value), "%s is '%s'", names[i], value);
	}
}

const struct frontend_case front_node_cases[] = {
	CASE("node-protocol", "BLK-1 BUS-10", "it says which layout it uses", names_protocol),
	CASE("node-numbers", "BUS-5 BUS-10", "every number is written in decimal digits", numbers_are_digits),
	{ .name = NULL },
};
