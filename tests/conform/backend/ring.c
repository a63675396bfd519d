// SPDX-License-Identifier: MIT
/* The ring as it should be used: its layout, indexes over many laps, and which response is whose. */
#include "tests/conform/case.h"

#include <stdlib.h>

#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"

#define NR_LAP_REQUESTS 100000

/* ---- layout ---------------------------------------------------------------------------------------------------- */

static void connect_with_order(struct front *front, unsigned int order, enum blk_abi abi)
{
	uint64_t max_order;

	front->order = order;
	front->abi = abi;
	front_begin(front);
	max_order = front_backend_number(front, "max-ring-page-order", 0);
	if (order > max_order)
		skip("the backend offers rings up to order %llu", (unsigned long long)max_order);
	front_make(front);
	front_announce(front, "BUS-21");
}

/* Twice, so that each slot holds a response once and then a request again. */
static void fill_ring(struct front *front, unsigned int order, enum blk_abi abi)
{
	struct flight flight;

	connect_with_order(front, order, abi);
	flight_begin(&flight, front, "RING-1");
	for (unsigned int lap = 0; lap < 2; lap++) {
		for (unsigned int i = 0; flight_room(&flight); i++)
			flight_read(&flight, (i * 7 + lap) % DISK_SECTORS);
		front_push(front);
		flight_take_all(&flight);
	}
	flight_end(&flight);
}

#define FULL(order)                                                                                                    \
	static void full_order_##order(struct front *front)                                                            \
	{                                                                                                              \
		fill_ring(front, order, BLK_ABI_NATIVE);                                                               \
	}                                                                                                              \
	static void full_x86_32_order_##order(struct front *front)                                                     \
	{                                                                                                              \
		fill_ring(front, order, BLK_ABI_X86_32);                                                               \
	}
FULL(0)
FULL(1)
FULL(2)
FULL(3)
FULL(4)
FULL(5)

/* ---- where a ring begins --------------------------------------------------------------------------------------- */

static void read_so_many(struct flight *flight, unsigned int nr)
{
	while (nr--)
		flight_read(flight, nr * 5);
	front_push(flight->front);
	flight_take_all(flight);
}

static void begins_at_0(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-3");
	read_so_many(&flight, 3);
	MUST("RING-3", front->ring->rsp_prod == 3, "after 3 responses rsp_prod is %u", front->ring->rsp_prod);
	flight_end(&flight);
}

/* Requests that stand in the ring when the backend first sees it. */
static void begins_with_requests(struct front *front)
{
	struct flight flight;

	front_begin(front);
	front_make(front);
	flight_begin(&flight, front, "RING-3");
	for (unsigned int i = 0; i < 5; i++)
		flight_read(&flight, i * 5);
	front_set_req_prod(front, front->req_prod);
	front_announce(front, "BUS-21");
	front_notify(front);
	flight_end(&flight);
}

static void begins_again(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-3");
	read_so_many(&flight, 17);
	front_close(front);
	front_reconnect(front, "BUS-21");
	read_so_many(&flight, 3);
	MUST("RING-3", front->ring->rsp_prod == 3, "after 3 responses in a new ring rsp_prod is %u",
	     front->ring->rsp_prod);
	flight_end(&flight);
}

/* ---- the header ------------------------------------------------------------------------------------------------ */

static bool is_zero(const uint8_t *bytes, size_t len)
{
	while (len && *bytes == 0) {
		bytes++;
		len--;
	}
	return len == 0;
}

static void leaves_the_rest(struct front *front)
{
	size_t used = RING_HEADER_BYTES;
	struct flight flight;

	front_connect(front, "BUS-21");
	used += (size_t)front->layout.nr_slots * front->layout.slot_bytes;
	flight_begin(&flight, front, "RING-1");
	for (unsigned int i = 0; i < 3; i++)
		read_so_many(&flight, front->layout.nr_slots);
	flight_end(&flight);
	MUST("RING-4", front->ring->req_prod == front->req_prod, "it has changed req_prod from %u to %u",
	     front->req_prod, front->ring->req_prod);
	MUST("RING-4", front->ring->rsp_event == front->rsp_cons + 1, "it has changed rsp_event from %u to %u",
	     front->rsp_cons + 1, front->ring->rsp_event);
	MUST("RING-4", is_zero(front->ring->pad, sizeof(front->ring->pad)), "it has written into the header's padding");
	MUST("RING-1", is_zero(front->ring_pages.area + used, GRANT_PAGE_BYTES - used),
	     "it has written behind the last slot");
}

/* ---- laps ------------------------------------------------------------------------------------------------------ */

/* Each size from 1 to the whole ring, again and again. That indexes wrap at 2^32 is more than traffic can show. */
static void batches_of_all_sizes(struct front *front)
{
	struct flight flight;
	unsigned int size = 1;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-5");
	while (flight.nr_sent < NR_LAP_REQUESTS) {
		for (unsigned int i = 0; i < size; i++)
			flight_read(&flight, flight.nr_sent % DISK_SECTORS);
		front_push(front);
		flight_take_all(&flight);
		size = size % front->layout.nr_slots + 1;
	}
	flight_end(&flight);
}

/* Some in, some out, so that the indexes stand to each other in every possible way. */
static void never_empty(struct front *front)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-10");
	while (flight.nr_sent < NR_LAP_REQUESTS / 4) {
		unsigned int room = flight_room(&flight);

		for (unsigned int nr = room ? rand_r(&front->seed) % room + 1 : 0; nr; nr--)
			flight_read(&flight, flight.nr_sent * 3 % DISK_SECTORS);
		front_push(front);
		flight_take_some(&flight, rand_r(&front->seed) % flight.nr_out + 1);
	}
	flight_end(&flight);
}

/*
 * The only way to 2^32 is to begin shortly before it, which is fine with a backend that begins where it finds rsp_prod;
 * RING-3 leaves it the choice. So index 8 first, behind 8 requests that only one which begins at 0 takes.
 */
static bool begins_at_rsp_prod(struct front *front)
{
	struct flight flight;

	front_begin(front);
	front_make(front);
	flight_begin(&flight, front, "RING-3");
	for (unsigned int i = 0; i < 9; i++)
		flight_read(&flight, i);
	front_overwrite_rsp_prod(front, 8);
	front_set_req_prod(front, front->req_prod);
	front_announce(front, "BUS-21");
	front_notify(front);
	MUST("RING-3", front_await_rsp_prod(front, 9, FRONT_PATIENCE_MS),
	     "in a ring that began with rsp_prod 8 and req_prod 9 rsp_prod is %u", front->ring->rsp_prod);
	return !pattern_is(front_page(front, 0), 0, 1);
}

static void begin_at(struct front *front, ring_idx first)
{
	front_switch(front, XB_INITIALISING);
	MUST("BUS-21", front_await_backend(front, XB_INIT_WAIT, FRONT_PATIENCE_MS),
	     "the backend is %s, not in InitWait", front_backend_state_name(front));
	front_make(front);
	front_begin_ring_at(front, first);
	front_announce(front, "BUS-21");
}

static void crosses_2_32(struct front *front)
{
	struct flight flight;

	if (!begins_at_rsp_prod(front))
		skip("the backend begins at index 0, and no traffic gets it to 2^32");
	front_close(front);
	begin_at(front, -20U);
	flight_begin(&flight, front, "RING-5");
	for (unsigned int i = 0; i < 8; i++)
		read_so_many(&flight, 7);
	flight_end(&flight);
}

/* ---- room ------------------------------------------------------------------------------------------------------ */

/* More than any backend has room for at once, and one notification for all of it. */
static void more_than_it_has_room_for(struct front *front)
{
	struct blk_request request;
	struct flight flight;
	uint64_t order;

	front_begin(front);
	order = front_backend_number(front, "max-ring-page-order", 0);
	front->order = order < 5 ? order : 5;
	front_make(front);
	front_announce(front, "BUS-21");
	flight_begin(&flight, front, "RING-17");
	while (flight_room(&flight)) {
		request = front_request(front, BLKIF_OP_READ, flight.nr_out % 22 * 88, BLK_MAX_SEGMENTS);
		flight_put(&flight, &request);
	}
	front_push(front);
	flight_end(&flight);
}

#define FULL_CASES(order, pages)                                                                                       \
	CASE("ring-full-order-" #order, "RING-1 RING-10 BUS-21", "full rings of " pages, full_order_##order),          \
		CASE("ring-full-x86-32-order-" #order, "RING-1 RING-10 BUS-21",                                        \
		     "full rings of " pages ", for 32-bit guests", full_x86_32_order_##order)

const struct backend_case ring_cases[] = {
	FULL_CASES(0, "1 page"),
	FULL_CASES(1, "2 pages"),
	FULL_CASES(2, "4 pages"),
	FULL_CASES(3, "8 pages"),
	FULL_CASES(4, "16 pages"),
	FULL_CASES(5, "32 pages"),
	CASE("ring-begins-at-0", "RING-3 RING-10 BUS-21", "a new ring is served from its first slot on", begins_at_0),
	CASE("ring-begins-with-requests", "RING-3 RING-10 BUS-21",
	     "requests that stand in a new ring are each taken once", begins_with_requests),
	CASE("ring-begins-again", "RING-3 RING-10 BUS-21", "a second connection begins at its first slot again",
	     begins_again),
	CASE("ring-leaves-the-rest", "RING-4 RING-1 RING-10 BUS-21",
	     "nothing is written but req_event, rsp_prod and slots", leaves_the_rest),
	CASE("ring-batches", "RING-5 RING-10 BUS-21", "100000 requests, in batches of all sizes",
	     batches_of_all_sizes),
	CASE("ring-never-empty", "RING-10 BUS-21", "requests go in while responses come out", never_empty),
	CASE("ring-crosses-2-32", "RING-5 RING-3 RING-10 BUS-21", "indexes wrap", crosses_2_32),
	CASE("ring-no-room", "RING-17 RING-10 BUS-21", "a full ring of large requests needs one notification",
	     more_than_it_has_room_for),
	{ .head.name = NULL },
};
