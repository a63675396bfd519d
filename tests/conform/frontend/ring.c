// SPDX-License-Identifier: MIT
/* The ring of a frontend, and who wakes whom. */
#include "tests/conform/case.h"

static void one_workload(struct play *play)
{
	must_do(play, "RING-1", "verify");
}

static void no_feature(struct play *play)
{
	struct back *back = &play->back;

	back->has_flush = back->has_barrier = back->is_persistent = false;
	back->max_order = 0;
	must_do(play, "BLK-9", "verify");
}

const struct frontend_case front_ring_cases[] = {
	CASE("ring-verify", "RING-1 BUS-31", "a workload that checks its data, by the book", one_workload),
	CASE("ring-no-feature", "BLK-9 BUS-31", "the same, and nothing is offered", no_feature),
	{ .name = NULL },
};
