// SPDX-License-Identifier: MIT
/* A ring whose pages cannot be had: the connection is refused, and a better one is taken. */
#include "tests/conform/case.h"

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/loan.h"

#define NO_SUCH_GREF 60000

static void must_refuse_ring(struct front *front, unsigned int order, unsigned int page, uint32_t gref)
{
	uint64_t deadline = clock_in_ms(FRONT_PATIENCE_MS);

	front->order = order;
	front_make(front);
	front->ring_pages.refs[page] = gref;
	front_publish(front);
	while (!front_await_refusal(front, 20)) {
		MUST("GNT-6", front_backend_state(front) != XB_CONNECTED,
		     "with a ring of which page %u cannot be mapped it is Connected", page);
		MUST("BUS-27", clock_now_ns() < deadline, "with a ring of which page %u cannot be mapped it stays %s",
		     page, front_backend_state_name(front));
	}
}

/* The pages as they were: front_close() takes them all back by their area. */
static void then_connects(struct front *front)
{
	struct flight flight;

	front_close(front);
	front->order = 0;
	front_reconnect(front, "BUS-27");
	flight_begin(&flight, front, "BUS-27");
	flight_read(&flight, 9);
	front_push(front);
	flight_end(&flight);
}

static void no_such_ring(struct front *front)
{
	front_begin(front);
	must_refuse_ring(front, 0, 0, NO_SUCH_GREF);
	then_connects(front);
}

static void huge_ring_gref(struct front *front)
{
	front_begin(front);
	must_refuse_ring(front, 0, 0, UINT32_MAX);
	then_connects(front);
}

static void read_only_ring(struct front *front)
{
	struct loan loan;

	front_begin(front);
	front_make(front); /* for its handles */
	loan = loan_page(front, false);
	must_refuse_ring(front, 0, 0, loan.gref);
	then_connects(front);
}

static void begin_with_order(struct front *front, unsigned int order)
{
	front_begin(front);
	if (front_backend_number(front, "max-ring-page-order", 0) < order)
		skip("the backend offers no rings of %u pages", 1U << order);
	front->order = order;
}

static void half_a_ring(struct front *front)
{
	begin_with_order(front, 2);
	must_refuse_ring(front, 2, 2, NO_SUCH_GREF);
	then_connects(front);
}

/* XSA-361: for all k, the k-th page. */
static void each_page_of_a_ring(struct front *front)
{
	begin_with_order(front, 3);
	for (unsigned int page = 0; page < 8; page++) {
		must_refuse_ring(front, 3, page, NO_SUCH_GREF);
		must_offer_again(front, "BUS-27");
	}
	front->order = 3;
	front_make(front);
	front_announce(front, "BUS-27");
	must_go_on(front, "BUS-27");
}

static void ring_for_another_domain(struct front *front)
{
	struct loan loan;

	front_begin(front);
	front_make(front); /* for its handles */
	loan = loan_to(front, front->dev.domid + 77, true);
	must_refuse_ring(front, 0, 0, loan.gref);
	then_connects(front);
}

/* Slots lie upon slots, which is the frontend's own harm; the backend may take it or not. */
static void page_twice_in_a_ring(struct front *front)
{
	begin_with_order(front, 3);
	front_make(front);
	for (unsigned int page = 1; page < 8; page += 2)
		front->ring_pages.refs[page] = front->ring_pages.refs[page - 1];
	front_publish(front);
	if (!front_await_refusal(front, FRONT_SILENCE_MS) && front_backend_state(front) == XB_CONNECTED)
		must_go_on(front, "BUS-27");
	then_connects(front);
}

const struct backend_case grant_ring_cases[] = {
	CASE("gnt-no-such-ring", "GNT-6 BUS-27 RING-10", "a ring whose page was never granted", no_such_ring),
	CASE("gnt-huge-ring-gref", "GNT-6 BUS-27 RING-10", "a ring with the last grant reference", huge_ring_gref),
	CASE("gnt-read-only-ring", "GNT-6 BUS-27 RING-10", "a ring that may only be read", read_only_ring),
	CASE("gnt-other-domains-ring", "GNT-6 BUS-27 RING-10", "a ring whose page is granted to somebody else",
	     ring_for_another_domain),
	CASE("gnt-ring-page-twice", "BUS-27 RING-10", "a ring that has each page twice", page_twice_in_a_ring),
	CASE("gnt-half-a-ring", "GNT-6 BUS-27 RING-10", "one page of four cannot be mapped", half_a_ring),
	CASE("gnt-each-page-of-ring", "GNT-6 BUS-27", "one page of eight cannot be mapped, whichever it is",
	     each_page_of_a_ring),
	{ .head.name = NULL },
};
