// SPDX-License-Identifier: MIT
/* The event indexes of the ring: when a notification has to come, and the wake-up that must not be lost. */
#include "tests/conform/case.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"

#define NR_SLEEPS 3000
#define AIMED_NS  400000000ULL

/* ---- woken by events alone ------------------------------------------------------------------------------------- */

/* As RING-21 has it. */
static bool may_sleep(struct front *front)
{
	front_ask_for_event(front, front->rsp_cons + 1);
	peer_fence();
	return peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons;
}

static void take_by_event(struct flight *flight)
{
	struct front *front = flight->front;

	while (may_sleep(front)) {
		if (front_await_event(front, FRONT_PATIENCE_MS))
			continue;
		MUST("RING-19", peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons,
		     "response %u has come, and no event for it", front->rsp_cons);
		fail("RING-20", "request %u sleeps in the ring; req_event is %u", front->rsp_cons,
		     peer_load(&front->ring->req_event));
	}
	flight_take_some(flight, 1);
}

/* The event index says that the backend is about to sleep; it has yet to look once more. */
static void as_it_goes_to_sleep(struct front *front, unsigned int round)
{
	uint64_t deadline = clock_now_ns() + 200000;

	while (peer_load(&front->ring->req_event) != front->req_prod + 1 && clock_now_ns() < deadline)
		;
	for (uint64_t until = clock_now_ns() + round % 16 * 50; clock_now_ns() < until;)
		;
}

/* A little later each time: before the index is stored, in between, and after. */
static void a_little_later(struct front *front, unsigned int round)
{
	(void)front;
	for (uint64_t until = clock_now_ns() + round % 500 * 100; clock_now_ns() < until;)
		;
}

static void one_by_one(struct front *front, void (*await_moment)(struct front *front, unsigned int round))
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-20");
	for (unsigned int round = 0; round < NR_SLEEPS; round++) {
		await_moment(front, round);
		flight_read(&flight, round % DISK_SECTORS);
		front_push(front);
		take_by_event(&flight);
	}
}

static void wakes_as_it_goes_to_sleep(struct front *front)
{
	one_by_one(front, as_it_goes_to_sleep);
}

static void wakes_a_little_later(struct front *front)
{
	one_by_one(front, a_little_later);
}

/* ---- aimed at the gap ------------------------------------------------------------------------------------------ */

/* A moment that is found by missing it: half of the tries come too early, half too late, and some just then. */
struct aim {
	uint64_t ns;
};

static void aim_again(struct aim *aim, bool was_late)
{
	const uint64_t step_ns = 20;

	if (!was_late)
		aim->ns += step_ns;
	else if (aim->ns >= step_ns)
		aim->ns -= step_ns;
}

static void await_aim(const struct aim *aim, uint64_t since_ns)
{
	while (clock_now_ns() < since_ns + aim->ns)
		;
}

/* No disk is asked, so that all take about the same time. */
static void put_quick(struct flight *flight)
{
	struct blk_request request = front_request(flight->front, BLKIF_OP_READ, 0, 0);

	flight_put(flight, &request);
}

static void take_by_looking(struct flight *flight)
{
	uint64_t deadline = clock_now_ns() + 1000000;
	struct front *front = flight->front;

	while (peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons && clock_now_ns() < deadline)
		;
	MUST("RING-20", front_await_rsp_prod(front, front->req_prod, FRONT_PATIENCE_MS),
	     "request %u sleeps in the ring; req_event is %u", front->rsp_cons, peer_load(&front->ring->req_event));
	flight_take_all(flight);
}

/*
 * When it has answered some the backend stores req_event, and looks at req_prod once more; with the last one the
 * frontend does the reverse. As many before it as keep the backend busy until the notification is sent.
 */
static void request_as_it_asks(struct front *front)
{
	uint64_t end = clock_now_ns() + AIMED_NS;
	struct aim aim = { 1000 };
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-20");
	while (clock_now_ns() < end) {
		for (unsigned int i = 0; i < 24; i++)
			put_quick(&flight);
		front_push(front);
		put_quick(&flight);
		await_aim(&aim, clock_now_ns());
		aim_again(&aim, front_push(front));
		take_by_looking(&flight);
	}
}

/* The backend stores rsp_prod, and looks at rsp_event. */
static void event_asked_for_as_it_answers(struct front *front)
{
	uint64_t end = clock_now_ns() + AIMED_NS;
	struct aim aim = { 1000 };
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-20");
	while (clock_now_ns() < end) {
		put_quick(&flight);
		front_push(front);
		await_aim(&aim, clock_now_ns());
		aim_again(&aim, !may_sleep(front));
		take_by_event(&flight);
	}
}

/* ---- where rsp_event stands ------------------------------------------------------------------------------------ */

static void put_reads(struct flight *flight, unsigned int nr)
{
	while (nr--)
		flight_read(flight, flight->nr_sent % DISK_SECTORS);
}

static void await_all_by_event(struct front *front, unsigned int nr, unsigned int rsp_event)
{
	ring_idx last = front->rsp_cons + nr;

	while (peer_load_acquire(&front->ring->rsp_prod) - front->rsp_cons < rsp_event) {
		if (front_await_event(front, FRONT_PATIENCE_MS))
			continue;
		MUST("RING-19", peer_load_acquire(&front->ring->rsp_prod) - front->rsp_cons < rsp_event,
		     "rsp_prod has passed response %u of %u, for which rsp_event asks, and no event has come",
		     rsp_event, nr);
		fail("RING-20", "of %u requests it has answered %u", nr,
		     nr - (last - peer_load_acquire(&front->ring->rsp_prod)));
	}
}

/* For batches of all sizes, the last response, and one in the middle. */
static void event_for_a_later_response(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-20");
	for (unsigned int round = 0; round < 20 * front->layout.nr_slots; round++) {
		unsigned int nr = round % front->layout.nr_slots + 1;
		unsigned int rsp_event = round & 32 ? nr : nr / 2 + 1;

		front_ask_for_event(front, front->rsp_cons + rsp_event);
		put_reads(&flight, nr);
		front_push(front);
		await_all_by_event(front, nr, rsp_event);
		flight_take_all(&flight);
		front_drop_events(front);
	}
}

static void any_rsp_event(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-22");
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int nr = round % 8 + 1;
		ring_idx rsp_event = front->rsp_cons + (round % 2 ? round % 16 - 8 : rand_r(&front->seed) * 2U);

		put_reads(&flight, nr);
		front_ask_for_event(front, rsp_event);
		front_push(front);
		MUST("RING-22", front_await_rsp_prod(front, front->rsp_cons + nr, FRONT_PATIENCE_MS),
		     "with rsp_event %u it has answered up to %u of %u", rsp_event, front->ring->rsp_prod,
		     front->req_prod);
		flight_take_all(&flight);
	}
	flight_end(&flight);
}

/* It may be told more often than it has asked for. */
static void notified_for_nothing(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-20");
	for (unsigned int round = 0; round < 200; round++) {
		put_reads(&flight, 2);
		front_push(front);
		front_notify(front);
		flight_take_all(&flight);
		front_notify(front);
	}
	flight_end(&flight);
}

const struct backend_case ring_event_cases[] = {
	CASE("ring-sleep-raced", "RING-20 RING-19 RING-10 BUS-21",
	     "a request that is published just as the backend goes to sleep wakes it", wakes_as_it_goes_to_sleep),
	CASE("ring-sleep-swept", "RING-20 RING-19 RING-10 BUS-21", "the same at all times around that moment",
	     wakes_a_little_later),
	CASE("ring-sleep-aimed", "RING-20 RING-10 BUS-21",
	     "a request is published at the moment at which req_event is stored", request_as_it_asks),
	CASE("ring-event-aimed", "RING-19 RING-20 RING-10 BUS-21",
	     "an event is asked for at the moment at which rsp_prod is stored", event_asked_for_as_it_answers),
	CASE("ring-event-for-later", "RING-19 RING-20 RING-10 BUS-21",
	     "an event comes when rsp_prod passes rsp_event, wherever that stands", event_for_a_later_response),
	CASE("ring-any-rsp-event", "RING-22 RING-10 BUS-21", "no rsp_event does harm", any_rsp_event),
	CASE("ring-notified-for-nothing", "RING-20 RING-10 BUS-21", "more notifications than asked for do no harm",
	     notified_for_nothing),
	{ .head.name = NULL },
};
