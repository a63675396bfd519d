// SPDX-License-Identifier: MIT
/* A backend ends, and another takes its place, which the frontend is not to notice. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/nodes.h"
#include "tests/conform/peer/toolstack.h"

#define FAR	   1000 /* responses ahead: no event is asked for */
#define A_WHILE_MS 1000

static void stop(struct front *front)
{
	toolstack_stop_backend(front);
	if (front_backend_state(front) != XB_CONNECTED) {
		toolstack_start_backend(front);
		skip("the backend does not leave its disks to the next one");
	}
}

/* Requests are put into the ring meanwhile, of which no event can tell. */
static void begin_the_other(struct front *front, unsigned int nr_requests)
{
	struct blk_request request;

	for (unsigned int i = 0; i < nr_requests; i++) {
		request = front_request(front, BLKIF_OP_READ, 8 * i, 1);
		front_put(front, &request);
	}
	front_drop_events(front);
	front_push(front);
	front_notify(front);
	toolstack_start_backend(front);
}

static void hand_over(struct front *front, unsigned int nr_requests)
{
	stop(front);
	begin_the_other(front, nr_requests);
}

/* A backend that does not take disks over leaves them alone: it does not look into the ring even when asked to. */
static void must_have_taken_over(struct front *front)
{
	if (front_await_rsp_prod(front, front->req_prod, FRONT_PATIENCE_MS))
		return;
	MUST("BUS-47", front_backend_state(front) == XB_CONNECTED,
	     "it goes from Connected to %s when it takes the disk over", front_backend_state_name(front));
	front_notify(front);
	if (front_await_rsp_prod(front, front->req_prod, FRONT_PATIENCE_MS))
		fail("RING-25", "it has taken the ring over and did not look into it");
	skip("the backend does not take the disks of another one over");
}

/* Each of those that are out, once. */
static void must_answer_those(struct front *front, unsigned int nr)
{
	uint64_t first = front->req_prod - nr, id;
	unsigned int seen = 0;

	for (unsigned int i = 0; i < nr; i++) {
		id = must_answer_next(front, "RING-25");
		MUST("RING-24", id - first < nr && !(seen & 1U << (id - first)),
		     "it has taken the ring over, and response %u of %u has the id %#llx, which is not out", i + 1, nr,
		     (unsigned long long)id);
		seen |= 1U << (id - first);
	}
}

static void take_over(struct front *front, unsigned int nr_requests)
{
	hand_over(front, nr_requests);
	must_have_taken_over(front);
	must_answer_those(front, nr_requests);
}

static void looks_into_ring(struct front *front)
{
	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	for (unsigned int i = 0; i < 3; i++)
		take_over(front, 5);
	must_go_on(front, "RING-25");
	must_start_over(front, "BUS-34");
}

static void notifies_once(struct front *front)
{
	bool has_event;

	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	front_ask_for_event(front, front->rsp_cons + FAR);
	hand_over(front, 1);
	has_event = front_await_event(front, FRONT_PATIENCE_MS);
	must_have_taken_over(front);
	MUST("RING-25", has_event, "it has taken the ring over, and there was no event");
	must_answer_those(front, 1);
	must_go_on(front, "RING-25");
}

/* The ring has gone round several times, and is not at its beginning then. */
static void continues_where_it_was(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 3 * front->layout.nr_slots + 7; i++)
		must_go_on(front, "BUS-21");
	take_over(front, 3);
	for (unsigned int i = 0; i < 2 * front->layout.nr_slots; i++)
		must_go_on(front, "RING-24");
	MUST("RING-24", peer_load(&front->ring->rsp_prod) == front->rsp_cons, "rsp_prod is %u after %u responses",
	     peer_load(&front->ring->rsp_prod), front->rsp_cons);
}

static void keeps_directory(struct front *front)
{
	struct nodes before, after;
	const char *different;

	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	nodes_read(&before, front, front->dev.otherend);
	take_over(front, 1);
	nodes_read(&after, front, front->dev.otherend);
	different = nodes_compare(&before, &after, "");
	MUST("BUS-47", !different, "it has changed %s when it took the disk over", different);
	must_go_on(front, "BUS-47");
}

/* rsp_prod is not what it was: no record can be of this ring, whatever becomes of it. */
static void leaves_another_ring(struct front *front)
{
	ring_idx moved;

	front_connect(front, "BUS-21");
	must_go_on(front, "BUS-21");
	stop(front);
	moved = front->rsp_cons + 3;
	front_overwrite_rsp_prod(front, moved);
	begin_the_other(front, 1);
	front_await_refusal(front, A_WHILE_MS);
	MUST("RING-23", peer_load_acquire(&front->ring->rsp_prod) == moved,
	     "it has taken a ring over whose rsp_prod was %u when it was left and is %u, and makes that %u",
	     front->rsp_cons, moved, peer_load(&front->ring->rsp_prod));
}

/* What no frontend can have was put there while nobody looked: it is refused, or given up; never done. */
static void broken_meanwhile(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < front->layout.nr_slots; i++)
		must_go_on(front, "BUS-21");
	stop(front);
	front_set_req_prod(front, front->req_prod + front->layout.nr_slots + 1);
	toolstack_start_backend(front);
	front_notify(front);
	if (!front_await_refusal(front, FRONT_PATIENCE_MS)) {
		MUST("RING-24", peer_load(&front->ring->rsp_prod) == front->rsp_cons,
		     "it has taken over a ring with %u requests more than it has slots, and answers them",
		     front->layout.nr_slots + 1);
		skip("the backend does not take the disks of another one over");
	}
	MUST("RING-24", peer_load(&front->ring->rsp_prod) == front->rsp_cons, "it answers requests of a broken ring");
	must_start_over(front, "RING-14");
}

const struct backend_case takeover_cases[] = {
	CASE("takeover-requests", "RING-25 RING-24 BUS-21 BUS-34 BUS-47", "requests that came between the two",
	     looks_into_ring, .asks_toolstack = true),
	CASE("takeover-event", "RING-25 RING-24 BUS-21 BUS-47", "responses whose event was never sent", notifies_once,
	     .asks_toolstack = true),
	CASE("takeover-continues", "RING-24 RING-25 BUS-21 BUS-47", "the ring goes on where it was",
	     continues_where_it_was, .asks_toolstack = true),
	CASE("takeover-directory", "BUS-47 RING-24 RING-25 BUS-21", "the backend's directory stays as it is",
	     keeps_directory, .asks_toolstack = true),
	CASE("takeover-another-ring", "RING-23 BUS-21", "a ring that is not as it was left", leaves_another_ring,
	     .asks_toolstack = true),
	CASE("takeover-broken", "RING-24 RING-14 BUS-21", "a ring whose req_prod went too far between the two",
	     broken_meanwhile, .asks_toolstack = true),
	{ .head.name = NULL },
};
