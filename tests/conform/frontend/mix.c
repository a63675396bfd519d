// SPDX-License-Identifier: MIT
/* Every combination of what decides how a frontend makes its ring, its pages and its requests. */
#include "tests/conform/case.h"

struct mix {
	unsigned int order;
	bool is_persistent;
	unsigned int segments; /* 0: INDIRECT is not offered */
	bool has_flush, has_barrier;
};

static void must_use(struct play *play, const char *work)
{
	MUST("BLK-9", play_serve(play) == 0, "its workload '%s' has failed with status %d", work, play->status);
}

/* One that has closed its disk after its workload makes a new connection for another one. */
static void use_once_more(struct play *play, const char *work)
{
	bool is_connected = back_frontend_state(&play->back) == XB_CONNECTED;

	if (!is_connected)
		must_go_down(play, "BUS-31");
	play_drive(play, work);
	if (!is_connected && !play_comes_back(play, PLAY_PATIENCE_MS))
		skip("it does not come back");
	if (!is_connected)
		must_come_up(play, "BUS-10");
	must_use(play, work);
}

static void mix(struct play *play)
{
	const struct mix *offer = play->how;
	struct back *back = &play->back;

	back->max_order = offer->order;
	back->is_persistent = offer->is_persistent;
	back->max_indirect_segments = offer->segments;
	back->has_flush = offer->has_flush;
	back->has_barrier = offer->has_barrier;
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	must_use(play, "verify");
	use_once_more(play, "flush");
	must_go_down(play, "BUS-31");
}

/* mix-ORDER-PERSISTENT-SEGMENTS-DURABLE */
#define MIX(order, persistent, segments, durable, flush, barrier)                                                      \
	CASE("mix-" #order "-" #persistent "-" #segments "-" #durable, "BLK-9 BUS-10 BUS-31",                          \
	     "ring order " #order ", persistent grants " #persistent ", indirect segments " #segments ", " #durable,   \
	     mix, .how = &(const struct mix){ order, persistent, segments, flush, barrier })

#define EVERY_DURABLE(order, persistent, segments)                                                                     \
	MIX(order, persistent, segments, none, false, false), MIX(order, persistent, segments, flush, true, false),    \
		MIX(order, persistent, segments, barrier, false, true)
#define EVERY_SEGMENTS(order, persistent)                                                                              \
	EVERY_DURABLE(order, persistent, 0), EVERY_DURABLE(order, persistent, 32), EVERY_DURABLE(order, persistent, 256)
#define EVERY_PERSISTENT(order) EVERY_SEGMENTS(order, 0), EVERY_SEGMENTS(order, 1)

const struct frontend_case front_mix_cases[] = {
	EVERY_PERSISTENT(0),
	EVERY_PERSISTENT(2),
	EVERY_PERSISTENT(4),
	{ .head.name = NULL },
};
