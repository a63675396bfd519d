// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "common/ring/front.h"

#define NR 4

static union {
	struct ring_shared ring;
	unsigned char bytes[RING_HEADER_BYTES + NR * 8 + 16];
} page;
static struct ring_layout layout;
static struct ring_front front;
static uint32_t got;

static int setup(void **state)
{
	memset(&page, 0xaa, sizeof(page));
	if (!ring_layout_init(&layout, RING_HEADER_BYTES + NR * 8, 8, sizeof(got)) || layout.nr_slots != NR)
		return -1;
	ring_front_init(&front, &page, &layout);
	return 0;
}

static bool put(uint32_t id)
{
	uint32_t request[2] = { id, ~id };

	return ring_front_put(&front, request);
}

static void publish_responses(ring_idx from, ring_idx to)
{
	for (ring_idx i = from; i != to; i++)
		memcpy(ring_slot(&page, &layout, i), &(uint32_t){ i + 1000 }, sizeof(uint32_t));
	page.ring.rsp_prod = to;
}

static void a_fresh_page_shows_nothing_of_ours(void **state)
{
	assert_int_equal(page.ring.req_prod, 0);
	assert_int_equal(page.ring.rsp_prod, 0);
	assert_int_equal(page.ring.req_event, 1);
	assert_int_equal(page.ring.rsp_event, 1);
	for (unsigned int i = sizeof(ring_idx) * 4; i < RING_HEADER_BYTES + NR * 8; i++)
		assert_int_equal(page.bytes[i], 0);
	assert_int_equal(page.bytes[RING_HEADER_BYTES + NR * 8], 0xaa);
	assert_int_equal(ring_front_free_slots(&front), NR);
}

static const struct {
	const char *name;
	ring_idx prod, cons, rsp;
	enum ring_pop want;
} indexes[] = {
	{ "nothing asked, nothing answered", 0, 0, 0, RING_EMPTY },
	{ "nothing asked, one answered", 0, 0, 1, RING_BROKEN },
	{ "one asked, one answered", 1, 0, 1, RING_GOT },
	{ "one asked, two answered", 1, 0, 2, RING_BROKEN },
	{ "full, all answered", NR, 0, NR, RING_GOT },
	{ "full, one more answered", NR, 0, NR + 1, RING_BROKEN },
	{ "backwards", 3, 2, 1, RING_BROKEN },
	{ "backwards with nothing outstanding", 3, 3, 2, RING_BROKEN },
	{ "all across the wrap", 2, 0xfffffffe, 2, RING_GOT },
	{ "one more across the wrap", 1, 0xfffffffe, 2, RING_BROKEN },
	{ "backwards across the wrap", 1, 0, 0xffffffff, RING_BROKEN },
	{ "none yet at the wrap", 1, 0, 0, RING_EMPTY },
};

static void the_backends_index_is_never_trusted(void **state)
{
	for (unsigned int i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		print_message("# %s\n", indexes[i].name);
		assert_true(ring_front_attach(&front, &page, &layout, indexes[i].prod, indexes[i].cons));
		page.ring.rsp_prod = indexes[i].rsp;
		assert_int_equal(ring_front_pop(&front, &got), indexes[i].want);
		ring_front_attach(&front, &page, &layout, indexes[i].prod, indexes[i].cons);
		assert_int_equal(ring_front_final_check(&front), indexes[i].want != RING_EMPTY);
		assert_int_equal(ring_front_pop(&front, &got), indexes[i].want);
	}
}

static void what_is_not_published_cannot_be_answered(void **state)
{
	assert_true(put(0));
	page.ring.rsp_prod = 1;
	assert_int_equal(ring_front_pop(&front, &got), RING_BROKEN);
}

static void a_broken_ring_stays_broken(void **state)
{
	page.ring.rsp_prod = 1;
	assert_int_equal(ring_front_pop(&front, &got), RING_BROKEN);
	page.ring.rsp_prod = 0;
	assert_int_equal(ring_front_pop(&front, &got), RING_BROKEN);
	assert_true(ring_front_final_check(&front));
}

static void a_full_ring_takes_no_more(void **state)
{
	for (uint32_t i = 0; i < NR; i++) {
		assert_int_equal(ring_front_free_slots(&front), NR - i);
		assert_true(put(i));
	}
	assert_false(put(99));
	assert_true(ring_front_push(&front));
	assert_int_equal(page.ring.req_prod, NR);
	assert_int_equal(*(uint32_t *)ring_slot(&page, &layout, 0), 0);
	publish_responses(0, 1);
	assert_int_equal(ring_front_pop(&front, &got), RING_GOT);
	assert_int_equal(got, 1000);
	assert_int_equal(ring_front_free_slots(&front), 1);
	assert_true(put(4));
	assert_false(put(5));
}

static void requests_become_visible_together(void **state)
{
	assert_true(put(7));
	assert_true(put(8));
	assert_int_equal(page.ring.req_prod, 0);
	assert_true(ring_front_push(&front));
	assert_int_equal(page.ring.req_prod, 2);
	assert_int_equal(*(uint32_t *)ring_slot(&page, &layout, 1), 8);
	assert_false(ring_front_push(&front));
}

static void events_are_suppressed_until_asked_for(void **state)
{
	page.ring.req_event = 2;
	assert_true(put(0));
	assert_false(ring_front_push(&front));
	assert_true(put(1));
	assert_true(ring_front_push(&front));
	assert_true(put(2));
	assert_false(ring_front_push(&front));
}

static void a_final_check_asks_only_when_there_is_nothing(void **state)
{
	assert_true(put(0));
	assert_true(put(1));
	ring_front_push(&front);
	publish_responses(0, 1);
	page.ring.rsp_event = 77;
	assert_true(ring_front_final_check(&front));
	assert_int_equal(page.ring.rsp_event, 77);
	assert_int_equal(ring_front_pop(&front, &got), RING_GOT);
	assert_false(ring_front_final_check(&front));
	assert_int_equal(page.ring.rsp_event, 2);
}

static void own_indexes_are_not_read_back(void **state)
{
	page.ring.req_prod = 0x12345678;
	page.ring.rsp_event = 0x12345678;
	assert_true(put(1));
	ring_front_push(&front);
	assert_int_equal(page.ring.req_prod, 1);
	assert_int_equal(ring_front_free_slots(&front), NR - 1);
}

static void attach_refuses_impossible_indexes(void **state)
{
	assert_true(ring_front_attach(&front, &page, &layout, 2, 0xfffffffe));
	assert_int_equal(ring_front_free_slots(&front), 0);
	assert_false(ring_front_attach(&front, &page, &layout, 3, 0xfffffffe));
	assert_false(ring_front_attach(&front, &page, &layout, 3, 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_fresh_page_shows_nothing_of_ours, setup),
		cmocka_unit_test_setup(the_backends_index_is_never_trusted, setup),
		cmocka_unit_test_setup(what_is_not_published_cannot_be_answered, setup),
		cmocka_unit_test_setup(a_broken_ring_stays_broken, setup),
		cmocka_unit_test_setup(a_full_ring_takes_no_more, setup),
		cmocka_unit_test_setup(requests_become_visible_together, setup),
		cmocka_unit_test_setup(events_are_suppressed_until_asked_for, setup),
		cmocka_unit_test_setup(a_final_check_asks_only_when_there_is_nothing, setup),
		cmocka_unit_test_setup(own_indexes_are_not_read_back, setup),
		cmocka_unit_test_setup(attach_refuses_impossible_indexes, setup),
	};

	return cmocka_run_group_tests_name("common/ring/front", tests, NULL, NULL);
}
