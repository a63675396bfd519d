// SPDX-License-Identifier: MIT
/* Events: what they say, which is nothing but "look"; those without requests, and those that do not arrive. */
#include "tests/conform/case.h"

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/toolstack.h"

#define NR_EVENTS     100000
#define NR_SINGLE     100
#define NR_ONE_BY_ONE 500
#define STORM_MS      300

/* What was put into the ring, and notified, before there was anybody to notify. */
static void requests_before_bind(struct front *front)
{
	struct blk_request request;

	front_begin(front);
	front_make(front);
	for (unsigned int i = 0; i < 5; i++) {
		request = front_request(front, BLKIF_OP_READ, 8 * i, 1);
		front_put(front, &request);
	}
	front_push(front);
	front_announce(front, "BUS-21");
	must_answer_all(front, "EVT-2", 5);
	must_go_on(front, "EVT-2");
}

static void many_requests_one_event(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	must_go_on(front, "EVT-3");
	flight_begin(&flight, front, "EVT-3");
	while (flight_room(&flight))
		flight_read(&flight, flight.nr_sent % DISK_SECTORS);
	front_push(front);
	flight_take_all(&flight);
	flight_end(&flight);
}

/* The next request comes at any moment after the last look into the ring; 4.3, but for the event itself. */
static void requests_one_by_one(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_ONE_BY_ONE; i++)
		must_go_on(front, "EVT-4");
}

/* Each is handled before the next one comes, as far as a look into xenstore takes long enough for that. */
static void events_for_nothing(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_SINGLE; i++) {
		front_notify(front);
		MUST("EVT-3", front_backend_state(front) == XB_CONNECTED, "it is %s after %u events without requests",
		     front_backend_state_name(front), i + 1);
	}
	must_go_on(front, "EVT-3");
}

/* XSA-332: as many as fit into the time. */
static void storm(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_EVENTS; i++)
		front_notify(front);
	must_go_on(front, "EVT-5");
	MUST("EVT-5", front_backend_state(front) == XB_CONNECTED, "it is %s after %u events without requests",
	     front_backend_state_name(front), NR_EVENTS);
	must_start_over(front, "EVT-5");
}

static void storm_for(struct front *front, unsigned int ms)
{
	for (uint64_t end_ns = clock_in_ms(ms); clock_now_ns() < end_ns;)
		front_notify(front);
}

/* What may be spent in a storm: as much as on 100 requests, one by one, or what a fast machine does not feel. */
static unsigned int affordable_ms(struct front *front)
{
	unsigned int before_ms = toolstack_backend_cpu_ms(front), used_ms;

	for (unsigned int i = 0; i < 100; i++)
		must_read(front, "EVT-5", 0, 1);
	used_ms = toolstack_backend_cpu_ms(front) - before_ms;
	return used_ms > STORM_MS / 30 ? used_ms : STORM_MS / 30;
}

/* The first storm is for it to find out. Three more: on a busy machine one may hardly be felt. */
static void storm_costs(struct front *front)
{
	unsigned int before_ms, used_ms, bound_ms;

	front_connect(front, "BUS-21");
	bound_ms = affordable_ms(front);
	storm_for(front, STORM_MS);
	for (unsigned int i = 0; i < 3; i++) {
		before_ms = toolstack_backend_cpu_ms(front);
		storm_for(front, STORM_MS);
		used_ms = toolstack_backend_cpu_ms(front) - before_ms;
		MUST("EVT-5", used_ms < bound_ms,
		     "it spends %u ms of CPU time on %u ms of events without requests, %u are enough", used_ms,
		     STORM_MS, bound_ms);
	}
	must_go_on(front, "EVT-5");
}

/* The responses come, the event that tells of them does not. */
static void close_port_with_requests(struct front *front)
{
	struct blk_request request;

	for (unsigned int i = 0; i < front->layout.nr_slots; i++) {
		request = front_request(front, BLKIF_OP_READ, 0, 11);
		front_put(front, &request);
	}
	front_ask_for_event(front, front->req_prod); /* when the last one is answered */
	front_push(front);
	front_notify(front);
	xenevtchn_unbind(front->evtchn, front->port);
	front->port = -1;
	MUST("EVT-7", !front_await_refusal(front, FRONT_SILENCE_MS / 3),
	     "it is %s because the frontend's port is closed", front_backend_state_name(front));
}

static void port_closed_with_requests(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 4; i++) {
		close_port_with_requests(front);
		must_start_over(front, "EVT-7");
	}
}

const struct backend_case event_cases[] = {
	CASE("evt-requests-before-bind", "EVT-2 BUS-21", "requests that nobody was told of", requests_before_bind),
	CASE("evt-many-requests", "EVT-3 BUS-21 RING-10", "one event for a full ring", many_requests_one_event),
	CASE("evt-for-nothing", "EVT-3 BUS-21", "events without requests", events_for_nothing),
	CASE("evt-one-by-one", "EVT-4 BUS-21", "a request right after the answer to the one before",
	     requests_one_by_one),
	CASE("evt-storm", "EVT-5 BUS-21", "100000 events without requests", storm),
	CASE("evt-storm-cost", "EVT-5 BUS-21", "what they cost", storm_costs, .asks_toolstack = true),
	CASE("evt-port-closed", "EVT-7 BUS-21", "events that cannot be delivered", port_closed_with_requests),
	{ .head.name = NULL },
};
