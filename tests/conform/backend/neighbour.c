// SPDX-License-Identifier: MIT
/* Two disks of one backend: what a frontend does to one of them, the other does not notice. */
#include "tests/conform/case.h"

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/toolstack.h"

#define TROUBLE_MS 500
#define STALL_MS   1000 /* no request of the other disk takes as long */

/* Another disk, as good as ours, which is connected first. */
static void begin_with(struct front *neighbour, struct front *front)
{
	front_begin(front);
	front_init(neighbour, front->class, toolstack_attach_neighbour(front));
	front_connect(neighbour, "BUS-21");
	must_go_on(neighbour, "BUS-50");
}

static void must_be_served(struct front *neighbour)
{
	uint64_t begun_ns = clock_now_ns();

	must_go_on(neighbour, "BUS-50");
	MUST("BUS-50", clock_now_ns() - begun_ns < STALL_MS * 1000000ULL,
	     "a request of another disk takes %llu ms meanwhile",
	     (unsigned long long)(clock_now_ns() - begun_ns) / 1000000);
}

static void must_be_served_for(struct front *neighbour, unsigned int ms)
{
	for (uint64_t end_ns = clock_in_ms(ms); clock_now_ns() < end_ns;)
		must_be_served(neighbour);
}

/* XSA-332. */
static void events_without_end(struct front *front)
{
	uint64_t end_ns = clock_in_ms(TROUBLE_MS);
	struct front neighbour;

	begin_with(&neighbour, front);
	front_make(front);
	front_announce(front, "BUS-21");
	for (unsigned int i = 0; clock_now_ns() < end_ns; i++) {
		front_notify(front);
		if (i % 1000 == 0)
			must_be_served(&neighbour);
	}
	must_go_on(front, "EVT-5");
}

/* XSA-39: an index that gives it 2^32 requests. */
static void broken_ring(struct front *front)
{
	struct front neighbour;

	begin_with(&neighbour, front);
	front_make(front);
	front_announce(front, "BUS-21");
	must_go_on(front, "BUS-21");
	front_set_req_prod(front, front->req_prod - 1);
	front_notify(front);
	must_be_served_for(&neighbour, TROUBLE_MS);
	must_start_over(front, "RING-14");
	must_be_served(&neighbour);
}

static void ring_that_cannot_be_had(struct front *front)
{
	struct front neighbour;

	begin_with(&neighbour, front);
	for (unsigned int i = 0; i < 10; i++) {
		front_announce_with(front, "ring-ref", "%u", 1000000 + i);
		must_not_connect(front, "GNT-6", "a ring that is not granted");
		must_be_served(&neighbour);
		must_offer_again(front, "BUS-27");
	}
	must_be_served(&neighbour);
}

/* The port of a connection that lasts: it is bound, and stays so. */
static void port_of_the_neighbour(struct front *front)
{
	struct front neighbour;

	begin_with(&neighbour, front);
	front_announce_with(front, "event-channel", "%d", neighbour.port);
	must_refuse(front, "BUS-27", "a port that is bound already");
	must_be_served(&neighbour);
	must_start_over(front, "BUS-27");
	must_be_served(&neighbour);
}

/* Its own ring, a second time: of two devices. */
static void ring_of_the_neighbour(struct front *front)
{
	struct front neighbour;

	begin_with(&neighbour, front);
	front_announce_with(front, "ring-ref", "%u", neighbour.ring_pages.refs[0]);
	front_await_backend(front, XB_CONNECTED, FRONT_SILENCE_MS);
	must_offer_again(front, "BUS-27");
	front_make(front);
	front_announce(front, "BUS-21");
	must_go_on(front, "BUS-21");
}

/* It is asked to close, and says nothing. */
static void frontend_that_does_not_let_go(struct front *front)
{
	struct front neighbour;

	begin_with(&neighbour, front);
	front_make(front);
	front_announce(front, "BUS-21");
	front_fill(front);
	toolstack_close(front);
	must_be_served_for(&neighbour, TROUBLE_MS);
	front_switch(front, XB_CLOSED);
	MUST("BUS-34", front_await_refusal(front, FRONT_PATIENCE_MS), "it is %s though the frontend is Closed",
	     front_backend_state_name(front));
	must_be_served(&neighbour);
}

static void states_without_end(struct front *front)
{
	static const enum xb_state states[] = { XB_CLOSING, XB_CLOSED, XB_INITIALISING, XB_CONNECTED };
	uint64_t end_ns = clock_in_ms(TROUBLE_MS);
	struct front neighbour;

	begin_with(&neighbour, front);
	front_make(front);
	front_announce(front, "BUS-21");
	for (unsigned int i = 0; clock_now_ns() < end_ns; i++) {
		front_switch(front, states[i % 4]);
		if (i % 100 == 0)
			must_be_served(&neighbour);
	}
	must_start_over(front, "BUS-30");
	must_be_served(&neighbour);
}

const struct backend_case neighbour_cases[] = {
	CASE("beside-broken-ring", "BUS-50 RING-14 BUS-21", "another disk, whose ring is broken", broken_ring,
	     .asks_toolstack = true),
	CASE("beside-events", "BUS-50 EVT-5 BUS-21", "another disk, with events without end", events_without_end,
	     .asks_toolstack = true),
	CASE("beside-states", "BUS-50 BUS-30 BUS-21", "another disk, with states without end", states_without_end,
	     .asks_toolstack = true),
	CASE("beside-refusals", "BUS-50 GNT-6 BUS-27 BUS-21", "another disk, that cannot be connected to",
	     ring_that_cannot_be_had, .asks_toolstack = true),
	CASE("beside-its-port", "BUS-50 BUS-27 BUS-21", "another disk, with this one's port", port_of_the_neighbour,
	     .asks_toolstack = true),
	CASE("beside-its-ring", "BUS-27 BUS-50 BUS-21", "another disk, with this one's ring", ring_of_the_neighbour,
	     .asks_toolstack = true),
	CASE("beside-silent-frontend", "BUS-50 BUS-34 BUS-21", "another disk, that is to close and does not",
	     frontend_that_does_not_let_go, .asks_toolstack = true),
	{ .head.name = NULL },
};
