// SPDX-License-Identifier: MIT
/* All that is offered, in every combination, each with a little of everything that can be done there. */
#include "tests/conform/case.h"

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/indirect.h"

#define INDIRECT_SEGMENTS 100
#define FIRST_SECTOR      300
#define NR_READS          32 /* at once, in the smallest ring, too */

static void must_serve_direct(struct front *front, uint64_t pattern)
{
	struct flight flight;

	must_write(front, "BLK-44", FIRST_SECTOR, BLK_MAX_SEGMENTS, pattern);
	must_hold(front, "BLK-44", FIRST_SECTOR, BLK_MAX_SEGMENTS * PAGE_SECTORS, pattern);
	flight_begin(&flight, front, "RING-1");
	for (unsigned int i = 0; i < NR_READS; i++)
		flight_read(&flight, UNTOUCHED + i);
	front_push(front);
	flight_end(&flight);
}

static void must_serve_indirect(struct front *front, uint64_t pattern)
{
	unsigned int nr = indirect_limit(front, INDIRECT_SEGMENTS);
	struct octets octets;

	if (nr == 0)
		return;
	octets = indirect_make(front, BLKIF_OP_WRITE, FIRST_SECTOR, nr);
	pattern_fill(front_page(front, 0), pattern, nr);
	MUST("BLK-61", octets_do(front, "BLK-13", &octets, BLKIF_OP_WRITE) == BLKIF_RSP_OKAY,
	     "it refuses an indirect WRITE of %u segments", nr);
	octets = indirect_make(front, BLKIF_OP_READ, FIRST_SECTOR, nr);
	mark_fill(front_page(front, 0), nr * 512);
	MUST("BLK-61", octets_do(front, "BLK-13", &octets, BLKIF_OP_READ) == BLKIF_RSP_OKAY,
	     "it refuses an indirect READ of %u segments", nr);
	MUST("BLK-61", pattern_is(front_page(front, 0), pattern, nr),
	     "an indirect READ of %u segments gives something else than was written", nr);
}

static void must_serve(struct front *front, bool is_persistent, enum xb_state state)
{
	uint64_t pattern = 5000 + 1000 * (8 * front->order + 4 * is_persistent + state);

	front->is_persistent = is_persistent;
	front->state = state;
	verdict_at("%s, %u pages, %spersistent, announced as %s", blk_abi_name(front->abi), 1U << front->order,
		   is_persistent ? "" : "not ", xb_state_name(state));
	front_make(front);
	front_announce(front, "BUS-21");
	must_serve_direct(front, pattern);
	must_serve_indirect(front, pattern + 500);
	must_offer_again(front, "BUS-43");
}

static void all_of(struct front *front, enum blk_abi abi)
{
	uint64_t max_order;

	front->abi = abi;
	front_begin(front);
	max_order = front_backend_number(front, "max-ring-page-order", 0);
	for (front->order = 0; front->order <= max_order; front->order++) {
		must_serve(front, false, XB_INITIALISED);
		must_serve(front, false, XB_CONNECTED);
		must_serve(front, true, XB_INITIALISED);
		must_serve(front, true, XB_CONNECTED);
	}
}

static void native(struct front *front)
{
	all_of(front, BLK_ABI_NATIVE);
}

static void x86_32(struct front *front)
{
	all_of(front, BLK_ABI_X86_32);
}

const struct backend_case combination_cases[] = {
	CASE("combine-native", "BUS-21 BUS-43 RING-1 RING-10 BLK-44 BLK-61 BLK-13",
	     "a 64-bit frontend: every order, persistent grants or not, announced in 3 or in 4, direct and indirect",
	     native),
	CASE("combine-x86-32", "BUS-21 BUS-43 RING-1 RING-10 BLK-44 BLK-61 BLK-13", "the same of a 32-bit frontend",
	     x86_32),
	{ .head.name = NULL },
};
