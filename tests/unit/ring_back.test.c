// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "common/ring/back.h"

#define NR 4

struct message {
	uint32_t id, check;
};

static union {
	struct ring_shared ring;
	unsigned char bytes[RING_HEADER_BYTES + NR * sizeof(struct message)];
} page;
static struct ring_layout layout;
static struct ring_back back;
static struct message got;

static int setup(void **state)
{
	memset(&page, 0, sizeof(page));
	memset(&got, 0, sizeof(got));
	if (!ring_layout_init(&layout, sizeof(page), sizeof(struct message), sizeof(uint32_t)) || layout.nr_slots != NR)
		return -1;
	ring_back_init(&back, &page, &layout);
	return 0;
}

/* As a frontend would: the slot, then the index. */
static void publish_requests(ring_idx from, ring_idx to)
{
	for (ring_idx i = from; i != to; i++) {
		struct message m = { i, ~i };

		memcpy(ring_slot(&page, &layout, i), &m, sizeof(m));
	}
	page.ring.req_prod = to;
}

static const struct {
	const char *name;
	ring_idx cons, rsp, prod;
	enum ring_pop want;
} indexes[] = {
	{ "nothing there", 0, 0, 0, RING_EMPTY },
	{ "one there", 0, 0, 1, RING_GOT },
	{ "exactly full", 0, 0, NR, RING_GOT },
	{ "one past full", 0, 0, NR + 1, RING_BROKEN },
	{ "far past full", 0, 0, 0x80000000, RING_BROKEN },
	{ "behind us", 0, 0, 0xffffffff, RING_BROKEN },
	{ "behind our consumer, ahead of our responses", 3, 0, 2, RING_BROKEN },
	{ "fills what is answered", 3, 1, 1 + NR, RING_GOT },
	{ "into what is unanswered", 3, 1, 2 + NR, RING_BROKEN },
	{ "all unanswered, nothing new", NR, 0, NR, RING_EMPTY },
	{ "all unanswered, one more", NR, 0, NR + 1, RING_BROKEN },
	{ "full across the wrap", 0xfffffffe, 0xfffffffe, 0xfffffffe + NR, RING_GOT },
	{ "one past full across the wrap", 0xfffffffe, 0xfffffffe, 0xffffffff + NR, RING_BROKEN },
	{ "behind us across the wrap", 1, 1, 0xffffffff, RING_BROKEN },
	{ "empty at the wrap", 0, 0xffffffff, 0, RING_EMPTY },
};

static void the_frontends_index_is_never_trusted(void **state)
{
	for (unsigned int i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		print_message("# %s\n", indexes[i].name);
		assert_true(ring_back_attach(&back, &page, &layout, indexes[i].cons, indexes[i].rsp));
		page.ring.req_prod = indexes[i].prod;
		assert_int_equal(ring_back_pop(&back, &got), indexes[i].want);
		assert_int_equal(ring_back_req_cons(&back), indexes[i].cons + (indexes[i].want == RING_GOT));
		/* the final check sees it the same way, and leaves the verdict to the pop */
		ring_back_attach(&back, &page, &layout, indexes[i].cons, indexes[i].rsp);
		assert_int_equal(ring_back_final_check(&back), indexes[i].want != RING_EMPTY);
		assert_int_equal(ring_back_pop(&back, &got), indexes[i].want);
	}
}

static void a_broken_ring_stays_broken(void **state)
{
	page.ring.req_prod = NR + 1;
	assert_int_equal(ring_back_pop(&back, &got), RING_BROKEN);
	publish_requests(0, 1);
	assert_int_equal(ring_back_pop(&back, &got), RING_BROKEN);
	assert_true(ring_back_final_check(&back));
}

/* Else a frontend that moves its index to and fro keeps us running for ever. */
static void what_was_seen_cannot_be_taken_back(void **state)
{
	publish_requests(0, 2);
	assert_true(ring_back_final_check(&back));
	page.ring.req_prod = 0;
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	assert_int_equal(ring_back_pop(&back, &got), RING_BROKEN);
}

static void what_was_popped_is_a_copy(void **state)
{
	publish_requests(0, 1);
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	memset(page.bytes + RING_HEADER_BYTES, 0xff, sizeof(got));
	assert_int_equal(got.id, 0);
	assert_int_equal(got.check, 0xffffffff);
}

static void a_final_check_asks_only_when_there_is_nothing(void **state)
{
	publish_requests(0, 1);
	page.ring.req_event = 77;
	assert_true(ring_back_final_check(&back));
	assert_int_equal(page.ring.req_event, 77);
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	assert_false(ring_back_final_check(&back));
	assert_int_equal(page.ring.req_event, 2);
}

static void put(uint32_t value)
{
	ring_back_put(&back, &value);
}

static uint32_t response_at(ring_idx index)
{
	uint32_t value;

	memcpy(&value, ring_slot(&page, &layout, index), sizeof(value));
	return value;
}

static void responses_become_visible_together(void **state)
{
	publish_requests(0, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	page.ring.rsp_event = 1;
	put(100);
	put(101);
	assert_int_equal(page.ring.rsp_prod, 0);
	assert_int_equal(ring_back_rsp_prod(&back), 0);
	assert_int_equal(ring_back_response_index(&back), 2);
	assert_int_equal(ring_back_unanswered(&back), 1);
	assert_true(ring_back_push(&back));
	assert_int_equal(page.ring.rsp_prod, 2);
	assert_int_equal(ring_shared_rsp_prod(&page), 2);
	assert_int_equal(ring_back_rsp_prod(&back), 2);
	assert_int_equal(response_at(0), 100);
	assert_int_equal(response_at(1), 101);
}

static void a_response_writes_only_its_bytes(void **state)
{
	publish_requests(0, 1);
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	put(7);
	assert_int_equal(response_at(0), 7);
	assert_int_equal(((struct message *)ring_slot(&page, &layout, 0))->check, 0xffffffff);
}

static void a_push_of_nothing_touches_nothing(void **state)
{
	page.ring.rsp_prod = 42;
	assert_false(ring_back_push(&back));
	assert_int_equal(page.ring.rsp_prod, 42);
}

static void events_are_suppressed_until_asked_for(void **state)
{
	publish_requests(0, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	page.ring.rsp_event = 2;
	put(0);
	assert_false(ring_back_push(&back));
	put(1);
	assert_true(ring_back_push(&back));
	put(2);
	assert_false(ring_back_push(&back));
}

/* The page is the frontend's to scribble on: our next response goes where we know it goes. */
static void own_indexes_are_not_read_back(void **state)
{
	publish_requests(0, 1);
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	page.ring.rsp_prod = 0x12345678;
	page.ring.req_event = 0x12345678;
	page.ring.rsp_event = 1;
	put(5);
	assert_true(ring_back_push(&back));
	assert_int_equal(page.ring.rsp_prod, 1);
	assert_int_equal(response_at(0), 5);
}

static const struct {
	const char *name;
	ring_idx cons, rsp;
	bool want;
} attaches[] = {
	{ "nothing unanswered", 9, 9, true },
	{ "some unanswered", 9, 7, true },
	{ "all unanswered", 9, 9 - NR, true },
	{ "one too many", 9, 8 - NR, false },
	{ "more answered than asked", 9, 10, false },
	{ "across the wrap", 1, 0xfffffffe, true },
	{ "one too many across the wrap", 1, 0xfffffffc, false },
};

static void attach_refuses_impossible_indexes(void **state)
{
	for (unsigned int i = 0; i < sizeof(attaches) / sizeof(attaches[0]); i++) {
		print_message("# %s\n", attaches[i].name);
		assert_int_equal(ring_back_attach(&back, &page, &layout, attaches[i].cons, attaches[i].rsp),
				 attaches[i].want);
		if (attaches[i].want) {
			assert_int_equal(ring_back_req_cons(&back), attaches[i].cons);
			assert_int_equal(ring_back_rsp_prod(&back), attaches[i].rsp);
			assert_int_equal(ring_back_unanswered(&back), attaches[i].cons - attaches[i].rsp);
		}
	}
}

static void attach_goes_on_where_another_stopped(void **state)
{
	publish_requests(0xfffffffe, 1);
	assert_true(ring_back_attach(&back, &page, &layout, 0xffffffff, 0xfffffffe));
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	assert_int_equal(got.id, 0xffffffff);
	assert_int_equal(ring_back_pop(&back, &got), RING_GOT);
	assert_int_equal(got.id, 0);
	assert_int_equal(ring_back_pop(&back, &got), RING_EMPTY);
	for (uint32_t i = 0; i < 3; i++)
		put(i);
	page.ring.rsp_event = 0;
	assert_true(ring_back_push(&back));
	assert_int_equal(page.ring.rsp_prod, 1);
	assert_int_equal(response_at(0xfffffffe), 0);
	assert_int_equal(ring_shared_req_prod(&page), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_frontends_index_is_never_trusted, setup),
		cmocka_unit_test_setup(a_broken_ring_stays_broken, setup),
		cmocka_unit_test_setup(what_was_seen_cannot_be_taken_back, setup),
		cmocka_unit_test_setup(what_was_popped_is_a_copy, setup),
		cmocka_unit_test_setup(a_final_check_asks_only_when_there_is_nothing, setup),
		cmocka_unit_test_setup(responses_become_visible_together, setup),
		cmocka_unit_test_setup(a_response_writes_only_its_bytes, setup),
		cmocka_unit_test_setup(a_push_of_nothing_touches_nothing, setup),
		cmocka_unit_test_setup(events_are_suppressed_until_asked_for, setup),
		cmocka_unit_test_setup(own_indexes_are_not_read_back, setup),
		cmocka_unit_test_setup(attach_refuses_impossible_indexes, setup),
		cmocka_unit_test_setup(attach_goes_on_where_another_stopped, setup),
	};

	return cmocka_run_group_tests_name("common/ring/back", tests, NULL, NULL);
}
