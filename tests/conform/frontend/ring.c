// SPDX-License-Identifier: MIT
/* The ring: where it is, what it looks like, and how far its indexes go. */
#include "tests/conform/case.h"

#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/conform/peer/nodes.h"

#define UNWRITTEN 0xee /* no frontend writes that into a slot */

/* ---- how it is announced --------------------------------------------------------------------------------------- */

static void announce(struct play *play, unsigned int order, struct nodes *nodes)
{
	play->back.max_order = order;
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	nodes_read_from(nodes, &play->store, play->back.dev.otherend);
}

static void judge_names(const struct nodes *nodes)
{
	const char *order = nodes_get(nodes, "ring-page-order");

	MUST("BLK-3", strcmp(order, "0") != 0, "it writes ring-page-order for one page");
	MUST("BLK-3", !*order || *nodes_get(nodes, "ring-ref0"), "it writes ring-page-order %s, and no ring-ref0",
	     order);
	MUST("BLK-3", !*order || !*nodes_get(nodes, "ring-ref"), "it writes ring-page-order %s, and ring-ref", order);
	MUST("BLK-3", *order || !*nodes_get(nodes, "ring-ref0"), "it writes ring-ref0, and no ring-page-order");
}

static void one_page(struct play *play)
{
	struct nodes nodes;

	announce(play, 0, &nodes);
	judge_names(&nodes);
	must_attach(play);
}

static void several_pages(struct play *play)
{
	struct nodes nodes;

	announce(play, BACK_MAX_ORDER, &nodes);
	judge_names(&nodes);
	must_attach(play);
}

static void one_queue(struct play *play)
{
	struct nodes nodes;

	announce(play, BACK_MAX_ORDER, &nodes);
	MUST("BLK-6", *nodes_get(&nodes, "event-channel"), "it writes no event-channel into its own directory");
	MUST("BLK-6", *nodes_get(&nodes, "ring-ref") || *nodes_get(&nodes, "ring-ref0"),
	     "it writes no ring-ref into its own directory");
}

static void says_protocol(struct play *play)
{
	struct nodes nodes;

	announce(play, 0, &nodes);
	MUST("BLK-1", *nodes_get(&nodes, "protocol"), "it does not write protocol");
}

static void opens_port(struct play *play)
{
	must_do(play, "EVT-1", "read");
}

/* ---- what it looks like ---------------------------------------------------------------------------------------- */

static void judge_new_ring(struct play *play)
{
	const struct back *back = &play->back;
	const uint8_t *bytes = (const uint8_t *)back->ring;
	size_t size = BACK_PAGE_BYTES << back->order;

	MUST("RING-2", back->ring->req_prod == 0 && back->ring->rsp_prod == 0, "req_prod is %u and rsp_prod %u",
	     back->ring->req_prod, back->ring->rsp_prod);
	MUST("RING-2", back->ring->req_event == 1 && back->ring->rsp_event == 1, "req_event is %u and rsp_event %u",
	     back->ring->req_event, back->ring->rsp_event);
	for (size_t i = sizeof(ring_idx) * 4; i < size; i++)
		MUST("RING-2", bytes[i] == 0, "octet %zu of a new ring is %#x", i, bytes[i]);
}

static void new_ring_is_clean(struct play *play)
{
	play_drive(play, "read");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	if (play->back.ring->req_prod)
		skip("it publishes requests before the backend is Connected");
	judge_new_ring(play);
}

/* Slots in which nothing was put are not those that it has published. */
static void judge_slot(struct play *play)
{
	struct back *back = &play->back;
	const uint8_t *slot = back_slot(back, back->req_cons);

	MUST("RING-1", slot[0] != UNWRITTEN && slot[1] != UNWRITTEN,
	     "it has published up to %#x and not filled slot %u", peer_load(&back->ring->req_prod),
	     back->req_cons % back->layout.nr_slots);
}

static void uses_all_slots(struct play *play)
{
	struct back *back = &play->back;
	struct blk_request request;

	play_drive(play, "verify");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	memset((uint8_t *)back->ring + 64, UNWRITTEN, (BACK_PAGE_BYTES << back->order) - 64);
	back_switch(back, XB_CONNECTED);
	while (play_await_request(play)) {
		judge_slot(play);
		play_take(play, &request);
		play_answer(play, &request, play_carry_out(play, &request));
	}
	MUST("RING-1", play->status == 0, "its workload fails with status %d", play->status);
}

static void leaves_our_fields(struct play *play)
{
	struct back *back = &play->back;
	struct blk_request request;
	ring_idx req_event;

	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	play->is_polling = true;
	back_ask_for_event(back, req_event = back->req_cons + 1);
	while (play_take(play, &request)) {
		must_leave_our_fields(back, req_event);
		play_answer(play, &request, play_carry_out(play, &request));
		back_ask_for_event(back, req_event = back->req_cons + 1);
	}
}

/* For a while; play_await_request() sleeps at once. */
static void look_out(struct play *play)
{
	uint64_t deadline_ns = clock_in_ms(1);

	while (play->back.ring && back_nr_requests(&play->back) == 0 && clock_now_ns() < deadline_ns)
		;
}

static void request_before_index(struct play *play)
{
	struct blk_request request;

	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	while (play_await_request(play)) {
		must_fill_before_index(&play->back, PLAY_LATE_US);
		play_take(play, &request);
		play_answer(play, &request, play_carry_out(play, &request));
		look_out(play);
	}
}

/* ---- how full it gets, and in which order it empties ----------------------------------------------------------- */

static void answer_backwards(struct play *play, const struct blk_request *held, unsigned int nr)
{
	while (nr--)
		play_answer(play, &held[nr], play_carry_out(play, &held[nr]));
}

/* With whatever it has out at once, again and again. (A BARRIER would not allow it.) */
static void serve_backwards(struct play *play, const char *clause, unsigned int most)
{
	static struct blk_request held[PLAY_MAX_HELD];
	unsigned int nr;

	while (play_await_request(play)) {
		nr = play_hold(play, held, most, 5);
		answer_backwards(play, held, nr);
	}
	MUST(clause, play->status == 0, "its workload fails with status %d", play->status);
}

static void any_order(struct play *play)
{
	play->back.has_barrier = false;
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	serve_backwards(play, "RING-15", 7);
}

static void full_ring(struct play *play)
{
	static struct blk_request held[PLAY_MAX_HELD];
	unsigned int nr;

	play->back.has_barrier = false;
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play_await_request(play);
	nr = play_hold(play, held, PLAY_MAX_HELD, 2 * PLAY_SILENCE_MS);
	answer_backwards(play, held, nr);
	serve_backwards(play, "RING-8", PLAY_MAX_HELD);
}

static void order(struct play *play, unsigned int order)
{
	play->back.max_order = order;
	play->back.has_barrier = false;
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	MUST("BLK-3", play->back.order <= order, "it makes a ring of order %u", play->back.order);
	serve_backwards(play, "RING-1", 3);
	must_go_down(play, "BUS-31");
}

static void order_0(struct play *play)
{
	order(play, 0);
}

static void order_1(struct play *play)
{
	order(play, 1);
}

static void order_2(struct play *play)
{
	order(play, 2);
}

static void order_3(struct play *play)
{
	order(play, 3);
}

static void order_4(struct play *play)
{
	order(play, 4);
}

const struct frontend_case front_ring_cases[] = {
	CASE("ring-protocol", "BLK-1 BUS-10", "it says which layout it uses", says_protocol),
	CASE("ring-one-page", "BLK-3 BUS-10", "how a ring of one page is announced", one_page),
	CASE("ring-several-pages", "BLK-3 BUS-10", "how a ring is announced where more pages are offered",
	     several_pages),
	CASE("ring-one-queue", "BLK-6 BUS-10", "the nodes of a single queue are in its own directory", one_queue),
	CASE("ring-port", "EVT-1 BUS-31", "the port is open to the backend's domain", opens_port),
	CASE("ring-new", "RING-2 BUS-10", "a new ring is empty, and its pages are", new_ring_is_clean),
	CASE("ring-slots", "RING-1 BUS-10", "requests are put where the layout says, lap by lap", uses_all_slots),
	CASE("ring-fields", "RING-4 BUS-10", "the backend's fields of the header are the backend's", leaves_our_fields),
	CASE("ring-request-before-index", "RING-11 BUS-10", "requests are there as soon as req_prod says so",
	     request_before_index),
	CASE("ring-any-order", "RING-15 BUS-10", "responses come in the reverse order", any_order),
	CASE("ring-full", "RING-8 BUS-10", "as many requests as it likes, and no response", full_ring),
	CASE("ring-order-0", "RING-1 BLK-3 BUS-10 BUS-31", "one page is offered", order_0),
	CASE("ring-order-1", "RING-1 BLK-3 BUS-10 BUS-31", "two pages are offered", order_1),
	CASE("ring-order-2", "RING-1 BLK-3 BUS-10 BUS-31", "four pages are offered", order_2),
	CASE("ring-order-3", "RING-1 BLK-3 BUS-10 BUS-31", "eight pages are offered", order_3),
	CASE("ring-order-4", "RING-1 BLK-3 BUS-10 BUS-31", "sixteen pages are offered", order_4),
	{ .head.name = NULL },
};
