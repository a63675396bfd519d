// SPDX-License-Identifier: MIT
/* Indexes that no frontend can have: the ring is broken, and nothing in it means anything. */
#include "tests/conform/case.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"

/* ---- giving up ------------------------------------------------------------------------------------------------- */

static ring_idx nr_answered(struct front *front)
{
	return peer_load_acquire(&front->ring->rsp_prod) - front->rsp_cons;
}

/* As soon as it answers what it may not even take, it has failed; else it has to close within its time. */
static void must_give_up(struct front *front, ring_idx nr_taken, const char *clause)
{
	uint64_t deadline = clock_in_ms(FRONT_PATIENCE_MS);
	ring_idx req_prod = front->ring->req_prod;

	while (!front_await_refusal(front, 20)) {
		MUST(clause, nr_answered(front) <= nr_taken,
		     "with req_prod %#x in a ring of %u slots it answers %u more", req_prod, front->layout.nr_slots,
		     nr_answered(front) - nr_taken);
		MUST(clause, clock_now_ns() < deadline, "with req_prod %#x in a ring of %u slots it stays %s", req_prod,
		     front->layout.nr_slots, front_backend_state_name(front));
		front_notify(front); /* it need not look by itself */
	}
	MUST(clause, nr_answered(front) <= nr_taken, "with req_prod %#x in a ring of %u slots it has answered %u more",
	     req_prod, front->layout.nr_slots, nr_answered(front) - nr_taken);
}

/* So that whoever believes the index finds requests. */
static void fill_slots(struct front *front)
{
	ring_idx req_prod = front->req_prod;
	struct blk_request request;

	for (unsigned int i = 0; i < front->layout.nr_slots; i++) {
		request = front_request(front, BLKIF_OP_READ, i * 8, 1);
		front_put(front, &request);
	}
	front->req_prod = req_prod;
}

static void set_bad_req_prod(struct front *front, ring_idx req_prod)
{
	front_set_req_prod(front, req_prod);
	front_notify(front);
}

static void begin_with_traffic(struct front *front, unsigned int nr)
{
	struct flight flight;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-10");
	while (nr--) {
		flight_read(&flight, nr);
		front_push(front);
		flight_take_all(&flight);
	}
	fill_slots(front);
}

/* ---- req_prod -------------------------------------------------------------------------------------------------- */

static void overflow(struct front *front)
{
	begin_with_traffic(front, 0);
	set_bad_req_prod(front, front->req_prod + front->layout.nr_slots + 1);
	must_give_up(front, 0, "RING-7");
}

static void overflow_after_traffic(struct front *front)
{
	begin_with_traffic(front, 45);
	set_bad_req_prod(front, front->req_prod + front->layout.nr_slots + 1);
	must_give_up(front, 0, "RING-7");
}

static void overflow_2_31(struct front *front)
{
	begin_with_traffic(front, 3);
	set_bad_req_prod(front, front->req_prod + 0x80000000U);
	must_give_up(front, 0, "RING-7");
}

static void backwards(struct front *front)
{
	begin_with_traffic(front, 3);
	set_bad_req_prod(front, front->req_prod - 1);
	must_give_up(front, 0, "RING-7");
}

static void backwards_one_lap(struct front *front)
{
	begin_with_traffic(front, 40);
	set_bad_req_prod(front, front->req_prod - front->layout.nr_slots);
	must_give_up(front, 0, "RING-7");
}

/* The ring is broken before it is a ring: refused, or given up once it is looked at. */
static void overflow_at_attach(struct front *front)
{
	static const ring_idx ahead[] = { 1, 0x80000000U, -64U };

	front_begin(front);
	for (unsigned int i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
		front_make(front);
		fill_slots(front);
		front_set_req_prod(front, front->layout.nr_slots + ahead[i]);
		front_publish(front);
		must_give_up(front, 0, "RING-7");
		must_offer_again(front, "BUS-27");
	}
	front_make(front);
	front_announce(front, "RING-14");
	must_go_on(front, "RING-14");
}

/* XSA-39: the work that a backend lets an index give it has to be bounded. */
static void garbage(struct front *front)
{
	begin_with_traffic(front, 3);
	for (unsigned int round = 0; round < 8; round++) {
		ring_idx ahead = rand_r(&front->seed) * 2U;

		if (ahead <= front->layout.nr_slots)
			continue;
		set_bad_req_prod(front, front->req_prod + ahead);
		must_give_up(front, 0, "RING-7");
		front_close(front);
		front_reconnect(front, "RING-14");
		fill_slots(front);
	}
}

static void overflow_in_flight(struct front *front)
{
	struct blk_request request;
	struct flight flight;

	begin_with_traffic(front, 3);
	flight_begin(&flight, front, "RING-14");
	for (unsigned int i = 0; i < 8; i++) {
		request = front_request(front, BLKIF_OP_READ, i * 88, BLK_MAX_SEGMENTS);
		flight_put(&flight, &request);
	}
	front_push(front);
	set_bad_req_prod(front, front->req_prod + front->layout.nr_slots + 1);
	must_give_up(front, 8, "RING-14");
	while (nr_answered(front))
		flight_take_some(&flight, 1);
}

/* ---- afterwards ------------------------------------------------------------------------------------------------ */

static void stays_broken(struct front *front)
{
	begin_with_traffic(front, 3);
	set_bad_req_prod(front, front->req_prod + front->layout.nr_slots + 1);
	must_give_up(front, 0, "RING-14");
	set_bad_req_prod(front, front->req_prod + 1); /* which is a good one, but too late */
	MUST("RING-14", !front_await_rsp_prod(front, front->rsp_cons + 1, FRONT_SILENCE_MS),
	     "it has answered a request of a ring that it gave up");
}

static void comes_back(struct front *front)
{
	struct flight flight;

	begin_with_traffic(front, 3);
	set_bad_req_prod(front, front->req_prod - 2);
	must_give_up(front, 0, "RING-7");
	front_close(front);
	front_reconnect(front, "RING-14");
	flight_begin(&flight, front, "RING-14");
	for (unsigned int i = 0; i < 8; i++)
		flight_read(&flight, i);
	front_push(front);
	flight_end(&flight);
}

/* By way of the disk: its first sector lands on the header, with an index as above. */
static void read_over_the_ring(struct front *front)
{
	struct blk_request request;
	struct ring_shared *header;

	begin_with_traffic(front, 0);
	header = (void *)front_page(front, 1);
	memcpy(front_page(front, 1), front->ring, 512);
	header->req_prod = front->layout.nr_slots + 9;
	header->rsp_prod = 1;
	request = front_request(front, BLKIF_OP_WRITE, 0, 1);
	request.segment[0] = (struct blk_segment){ front_gref(front, 1), 0, 0 };
	MUST("RING-7", front_do(front, &request) == BLKIF_RSP_OKAY, "a write fails");
	request.operation = BLKIF_OP_READ;
	request.segment[0].gref = front->ring_pages.refs[0];
	front_put(front, &request);
	front_push(front);
	must_give_up(front, 1, "RING-7");
}

/* ---- the backend's own indexes --------------------------------------------------------------------------------- */

/* It goes on as if nothing had been written there, or gives up; it does not answer what it was not asked. */
static bool goes_on(struct front *front, ring_idx written)
{
	uint64_t deadline = clock_in_ms(FRONT_PATIENCE_MS);
	ring_idx rsp_prod = front->req_prod;

	while (!front_await_rsp_prod(front, rsp_prod, 20)) {
		if (front_await_refusal(front, 1))
			return false;
		MUST("RING-6", clock_now_ns() < deadline,
		     "after %#x was written to rsp_prod it has made that %#x, and was asked up to %#x", written,
		     peer_load(&front->ring->rsp_prod), rsp_prod);
	}
	return true;
}

/* req_event does not tell any more whether a notification is asked for. */
static void publish_reads(struct flight *flight, unsigned int nr)
{
	while (nr--)
		flight_read(flight, flight->nr_sent % DISK_SECTORS);
	front_set_req_prod(flight->front, flight->front->req_prod);
	front_notify(flight->front);
}

static void own_indexes_overwritten(struct front *front)
{
	static const ring_idx offsets[] = { 20, -1U, 0x80000000U, 1, -20U, 31, 32, 33 };
	struct flight flight;
	ring_idx written;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-6");
	for (unsigned int round = 0; round < 64; round++) {
		written = front->rsp_cons + offsets[round % 8];
		front_overwrite_req_event(front, written);
		front_overwrite_rsp_prod(front, written);
		publish_reads(&flight, 4);
		if (!goes_on(front, written))
			return;
		flight_take_all(&flight);
	}
	flight_end(&flight);
}

/* While it works: what it publishes last counts, and that is after the second batch has been seen. */
static void own_indexes_overwritten_in_flight(struct front *front)
{
	struct flight flight;
	ring_idx written;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "RING-6");
	for (unsigned int round = 0; round < 64; round++) {
		written = front->rsp_cons + 100 + round;
		publish_reads(&flight, 8);
		front_overwrite_rsp_prod(front, written);
		publish_reads(&flight, 8);
		if (!goes_on(front, written))
			return;
		flight_take_all(&flight);
	}
	flight_end(&flight);
}

const struct backend_case ring_index_cases[] = {
	CASE("ring-producer-overflow", "RING-7 RING-10 BUS-21", "one request more than the ring has slots", overflow),
	CASE("ring-producer-overflow-later", "RING-7 RING-10 BUS-21", "the same after some laps",
	     overflow_after_traffic),
	CASE("ring-producer-2-31", "RING-7 RING-10 BUS-21", "req_prod half a circle ahead", overflow_2_31),
	CASE("ring-producer-backwards", "RING-7 RING-10 BUS-21", "req_prod one back", backwards),
	CASE("ring-producer-one-lap-back", "RING-7 RING-10 BUS-21", "req_prod back by the number of slots",
	     backwards_one_lap),
	CASE("ring-producer-at-attach", "RING-7 RING-14 BUS-27", "req_prod too far ahead before anybody has connected",
	     overflow_at_attach),
	CASE("ring-producer-garbage", "RING-7 RING-14 RING-10 BUS-21", "req_prod anywhere, again and again", garbage),
	CASE("ring-overflow-in-flight", "RING-14 RING-10 BUS-21",
	     "of a ring that breaks under load only what was taken is answered", overflow_in_flight),
	CASE("ring-stays-broken", "RING-14 RING-10 BUS-21", "a broken ring is not mended by a good index",
	     stays_broken),
	CASE("ring-comes-back", "RING-14 RING-7 RING-10 BUS-21", "a new connection mends it", comes_back),
	CASE("ring-read-over-it", "RING-7 RING-10 BUS-21", "a READ into the ring's own page destroys the indexes",
	     read_over_the_ring),
	CASE("ring-own-indexes", "RING-6 RING-10 BUS-21", "the backend's indexes in the page are overwritten",
	     own_indexes_overwritten),
	CASE("ring-own-indexes-in-flight", "RING-6 RING-10 BUS-21", "the same while it works",
	     own_indexes_overwritten_in_flight),
	{ .head.name = NULL },
};
