// SPDX-License-Identifier: MIT
/* For how long a page is the backend's: until the response, or Closed. */
#include "tests/conform/case.h"

#include <poll.h>

#include "common/base/clock.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/loan.h"

static void mark_pages(struct front *front)
{
	mark_fill(front->data.area, (size_t)FRONT_DATA_PAGES * GRANT_PAGE_BYTES);
}

/* Sees the answer at once, which front_take() would after an event. */
static void watch_for_answer(struct front *front)
{
	uint64_t deadline = clock_in_ms(FRONT_PATIENCE_MS);

	while (peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons && clock_now_ns() < deadline)
		;
}

static void take_okay(struct front *front, const char *clause)
{
	struct blk_response response;

	MUST(clause, front_take(front, &response, FRONT_PATIENCE_MS), "it does not answer");
	MUST(clause, response.status == BLKIF_RSP_OKAY, "it answers %d", response.status);
}

/* ---- until the response ---------------------------------------------------------------------------------------- */

static void do_with_loan(struct front *front, uint8_t operation, uint32_t second_gref, unsigned int nr_segments)
{
	struct loan loan = loan_page(front, true);
	struct blk_request request = front_request(front, operation, 512, nr_segments);
	struct blk_response response;

	request.segment[0].gref = loan.gref;
	request.segment[1].gref = second_gref;
	front_put(front, &request);
	front_push(front);
	watch_for_answer(front);
	MUST("GNT-10", !loan_end_in_use(front, &loan), "it has answered, and has the page still mapped");
	MUST("GNT-10", front_take(front, &response, FRONT_PATIENCE_MS), "it does not answer");
}

/* Linux blkfront stops using the disk when it finds a page mapped. */
static void unmapped_before_the_response(struct front *front)
{
	front_connect(front, "BUS-21");
	loan_check(front);
	for (unsigned int i = 0; i < 200; i++)
		do_with_loan(front, i % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE, front_gref(front, 1),
			     i % BLK_MAX_SEGMENTS + 1);
}

/* XSA-365: what was mapped before a map failed. */
static void unmapped_before_an_error(struct front *front)
{
	front_connect(front, "BUS-21");
	loan_check(front);
	for (unsigned int i = 0; i < 200; i++)
		do_with_loan(front, i % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE, 60000, 3);
}

/* The next user of the page begins at once. */
static void response_ends_writes(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 200; i++) {
		request = front_request(front, BLKIF_OP_WRITE, 128, 1);
		pattern_fill(front_page(front, 0), 4000 + i, 8);
		front_put(front, &request);
		front_push(front);
		watch_for_answer(front);
		mark_fill(front_page(front, 0), GRANT_PAGE_BYTES);
		take_okay(front, "GNT-11");
		request = front_request(front, BLKIF_OP_READ, 128, 1);
		MUST("GNT-11", front_do(front, &request) == BLKIF_RSP_OKAY, "a read fails");
		MUST("GNT-11", pattern_is(front_page(front, 0), 4000 + i, 8),
		     "on the disk is what was put into the page after the response");
	}
}

static void response_ends_reads(struct front *front)
{
	struct blk_request request;
	struct flight nothing;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 512; i++) {
		request = front_request(front, BLKIF_OP_READ, i % 500 * 4, 1);
		request.segment[0].gref = front_gref(front, i % FRONT_DATA_PAGES);
		front_put(front, &request);
		front_push(front);
		watch_for_answer(front);
		mark_fill(front_page(front, i % FRONT_DATA_PAGES), GRANT_PAGE_BYTES);
		take_okay(front, "GNT-11");
	}
	flight_begin(&nothing, front, "GNT-11");
	flight_end(&nothing);
	MUST("GNT-11", mark_is(front->data.area, FRONT_DATA_PAGES * GRANT_PAGE_BYTES),
	     "a page has changed after the response");
}

/* XSA-396: what is still under way when the frontend closes. */
static void closed_ends_reads(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < front->layout.nr_slots; i++) {
		request = front_request(front, BLKIF_OP_READ, i * 56, BLK_MAX_SEGMENTS);
		for (unsigned int k = 0; k < BLK_MAX_SEGMENTS; k++)
			request.segment[k].gref = front_gref(front, (i * BLK_MAX_SEGMENTS + k) % FRONT_DATA_PAGES);
		front_put(front, &request);
	}
	front_push(front);
	front_close(front);
	mark_pages(front);
	poll(NULL, 0, FRONT_SILENCE_MS);
	MUST("GNT-11", mark_is(front->data.area, FRONT_DATA_PAGES * GRANT_PAGE_BYTES),
	     "a page has changed after the backend was Closed");
}

const struct backend_case grant_end_cases[] = {
	CASE("gnt-unmapped", "GNT-10 BUS-21", "no page is mapped any more when its response is there",
	     unmapped_before_the_response),
	CASE("gnt-unmapped-error", "GNT-10 BUS-21", "nor when the request has failed", unmapped_before_an_error),
	CASE("gnt-response-ends-write", "GNT-11 BUS-21", "a WRITE's page belongs to the frontend with the response",
	     response_ends_writes),
	CASE("gnt-response-ends-read", "GNT-11 RING-10 BUS-21", "a READ's page likewise", response_ends_reads),
	CASE("gnt-closed-ends-reads", "GNT-11 BUS-21", "nothing is written into pages once the backend is Closed",
	     closed_ends_reads),
	{ .head.name = NULL },
};
