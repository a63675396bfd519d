// SPDX-License-Identifier: MIT
/* What a backend should do: nobody is harmed by one that does not, but for its own guest, a little. */
#include "tests/conform/case.h"

#include <unistd.h>

#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/toolstack.h"

#define NOTICE_MS    10000 /* until a backend that is looking at its storage's size has noticed */
#define NR_REQUESTS  20000
#define STARVES      1024 /* so many later ones are answered, or at least taken, and it is not */
#define NR_LOANS     12
#define LOAN_SECONDS 1

/* ---- size ------------------------------------------------------------------------------------------------------ */

/* Linux looks at its storage's size whenever it looks into the ring. */
static void grows(struct front *front)
{
	struct blk_request request;
	uint64_t sectors;

	front_connect(front, "BUS-21");
	front_await_word(front, FRONT_SILENCE_MS);
	toolstack_resize_image(front, 2 * DISK_SECTORS * 512);
	must_go_on(front, "BLK-37");
	MUST("BLK-37", front_await_word(front, NOTICE_MS), "its state is not written again once the storage has grown");
	sectors = front_backend_number(front, "sectors", 0);
	MUST("BLK-37", front_backend_state(front) == XB_CONNECTED && sectors == 2 * DISK_SECTORS,
	     "it is %s, with %llu sectors, once the storage has grown to %u", front_backend_state_name(front),
	     (unsigned long long)sectors, 2 * DISK_SECTORS);
	request = front_request(front, BLKIF_OP_READ, 2 * DISK_SECTORS - 88, BLK_MAX_SEGMENTS);
	must_answer(front, "BLK-37", &request, BLKIF_RSP_OKAY);
}

/* ---- fairness -------------------------------------------------------------------------------------------------- */

static void put_next(struct front *front, uint64_t id)
{
	struct blk_request request = front_request(front, BLKIF_OP_READ, id * 88 % (DISK_SECTORS - 88),
						   id % 7 ? 1 : BLK_MAX_SEGMENTS);

	request.id = id;
	front_put(front, &request);
}

/* There is always something newer, and something smaller, to do than the oldest request. */
static void nobody_starves(struct front *front)
{
	bool is_answered[STARVES] = { false };
	uint64_t nr_sent = 0, nr_taken = 0, oldest = 0;
	struct blk_response response;

	front_connect(front, "BUS-21");
	while (oldest < NR_REQUESTS) {
		for (; nr_sent - nr_taken < front->layout.nr_slots && nr_sent < NR_REQUESTS; nr_sent++)
			put_next(front, nr_sent);
		front_push(front);
		MUST("RING-16", front_take(front, &response, FRONT_PATIENCE_MS), "request %llu is not answered",
		     (unsigned long long)oldest);
		nr_taken++;
		for (is_answered[response.id % STARVES] = true; is_answered[oldest % STARVES]; oldest++)
			is_answered[oldest % STARVES] = false;
		MUST("RING-16", nr_sent - oldest < STARVES, "request %llu is not answered, and %llu later ones are",
		     (unsigned long long)oldest, (unsigned long long)(nr_taken - oldest));
	}
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

/* A page that was used once; the guest does something else meanwhile, and wants its memory back in the end. */
static void unused_pages_are_let_go(struct front *front)
{
	struct loan loans[NR_LOANS];
	bool is_in_use = true;

	front->is_persistent = true;
	front_connect(front, "BUS-21");
	loan_check(front);
	for (unsigned int i = 0; i < NR_LOANS; i++) {
		struct blk_request request = front_request(front, BLKIF_OP_READ, 8 * i, 1);

		loans[i] = loan_page(front, true);
		request.segment[0].gref = loans[i].gref;
		must_answer(front, "GNT-12", &request, BLKIF_RSP_OKAY);
	}
	for (unsigned int i = 0; i < NR_LOANS && is_in_use; i++) {
		sleep(LOAN_SECONDS);
		is_in_use = loan_end_in_use(front, &loans[i]);
	}
	MUST("GNT-15", !is_in_use, "it still has a page mapped that was not used for %u s", NR_LOANS * LOAN_SECONDS);
}

const struct backend_case manner_cases[] = {
	CASE("disk-grows", "BLK-37 BUS-21", "storage that grows while the disk is connected", grows,
	     .asks_toolstack = true),
	CASE("ring-nobody-starves", "RING-16 BUS-21", "a ring that is always full, of requests large and small",
	     nobody_starves),
	CASE("gnt-persistent-unused", "GNT-15 GNT-12 BUS-21", "pages that are not used any more",
	     unused_pages_are_let_go, .needs = "feature-persistent"),
	{ .head.name = NULL },
};
