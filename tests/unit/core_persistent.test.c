// SPDX-License-Identifier: MIT
/* The functions below take the place of libxengnttab's: a page of ours stands for each of the guest's. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/core/persistent.h"

#define NR_GRANTS  4096
#define PAGE_BYTES 4096

static uint8_t pages[NR_GRANTS][PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static bool is_mapped[NR_GRANTS];
static uint32_t nr_mapped, nr_map_calls;
static bool refuses;
static int last_prot;

void *xengnttab_map_domain_grant_refs(xengnttab_handle *xgt, uint32_t count, uint32_t domid, uint32_t *refs, int prot)
{
	assert_int_equal(count, 1);
	assert_int_equal(domid, 5);
	nr_map_calls++;
	last_prot = prot;
	if (refuses || refs[0] >= NR_GRANTS) {
		errno = EINVAL;
		return NULL;
	}
	assert_false(is_mapped[refs[0]]);
	is_mapped[refs[0]] = true;
	nr_mapped++;
	return pages[refs[0]];
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	size_t gref = ((uint8_t *)start_address - pages[0]) / PAGE_BYTES;

	assert_int_equal(count, 1);
	assert_in_range(gref, 0, NR_GRANTS - 1);
	assert_true(is_mapped[gref]);
	is_mapped[gref] = false;
	nr_mapped--;
	return 0;
}

static struct persistent persistent;
static struct persistent_budget whole, part;

static int setup(void **state)
{
	memset(is_mapped, 0, sizeof(is_mapped));
	nr_mapped = nr_map_calls = 0;
	refuses = false;
	whole = (struct persistent_budget){ .nr_left = 2000 };
	part = (struct persistent_budget){ .whole = &whole, .nr_left = 1000 };
	return 0;
}

static int teardown(void **state)
{
	persistent_close(&persistent);
	assert_int_equal(nr_mapped, 0);
	return 0;
}

static void open_with(uint32_t max_pages)
{
	assert_int_equal(persistent_open(&persistent, NULL, 5, max_pages, &part), 0);
}

static void a_page_is_mapped_once(void **state)
{
	open_with(352);
	for (int i = 0; i < 3; i++) {
		for (uint32_t gref = 0; gref < 100; gref++)
			assert_ptr_equal(persistent_page(&persistent, gref), pages[gref]);
	}
	assert_int_equal(nr_map_calls, 100);
	assert_int_equal(persistent.nr_pages, 100);
}

static void without_an_open_nothing_is_mapped(void **state)
{
	assert_null(persistent_page(&persistent, 8));
	assert_true(persistent_trim(&persistent));
	assert_int_equal(nr_map_calls, 0);
}

static void what_is_over_the_bound_of_the_queue_is_left_to_others(void **state)
{
	open_with(10);
	for (uint32_t gref = 0; gref < 20; gref++) {
		if (gref < 10)
			assert_non_null(persistent_page(&persistent, gref));
		else
			assert_null(persistent_page(&persistent, gref));
	}
	assert_ptr_equal(persistent_page(&persistent, 3), pages[3]); /* the others are still there */
	assert_int_equal(nr_map_calls, 10);
}

static void use(uint32_t first, uint32_t nr)
{
	for (uint32_t gref = first; gref < first + nr; gref++)
		persistent_page(&persistent, gref);
}

static void what_was_not_used_for_long_gives_its_place(void **state)
{
	open_with(100);
	use(0, 100);
	for (uint32_t i = 0; i < 20 * 60; i++) {
		use(200 + i % 60, 1);
		assert_int_equal(nr_mapped, 100); /* a place that is given is taken at once */
	}
	for (uint32_t gref = 200; gref < 260; gref++)
		assert_true(is_mapped[gref]);
	assert_int_equal(part.nr_left, 900);
	use(0, 100);
	assert_int_equal(nr_mapped, 100);
}

/* For a guest that has more pages than there is room for each would be mapped anew, and again, for a single use. */
static void pages_of_which_each_is_used_now_and_then_keep_their_places(void **state)
{
	uint64_t nr_without_room = persistent.nr_without_room;

	open_with(100);
	for (int round = 0; round < 20; round++)
		use(0, 300);
	assert_int_equal(nr_map_calls, 100);
	assert_int_equal(persistent.nr_without_room - nr_without_room, 20 * 200);
}

static void one_of_the_queues_own_gives_its_place_where_the_guest_has_no_more(void **state)
{
	part.nr_left = 10;
	open_with(100);
	use(0, 10);
	for (int round = 0; round < 60; round++)
		use(200, 10);
	assert_int_equal(nr_mapped, 10);
	assert_true(is_mapped[200]);
	assert_int_equal(part.nr_left, 0);
}

static uint32_t nr_that_fit(uint32_t first)
{
	uint32_t nr = 0;

	while (nr < NR_GRANTS - first && persistent_page(&persistent, first + nr))
		nr++;
	return nr;
}

static void what_is_over_a_budget_is_left_to_others(void **state)
{
	open_with(1500);
	assert_int_equal(nr_that_fit(0), 1000); /* the guest's */
	assert_int_equal(whole.nr_left, 1000);
	persistent_close(&persistent);
	assert_int_equal(part.nr_left, 1000);
	assert_int_equal(whole.nr_left, 2000);
	whole.nr_left = 300;
	open_with(1500);
	assert_int_equal(nr_that_fit(0), 300); /* the process's */
	assert_int_equal(part.nr_left, 700);
	persistent_close(&persistent);
	assert_int_equal(part.nr_left, 1000);
	assert_int_equal(whole.nr_left, 300);
}

static void each_guest_has_a_part_of_the_process(void **state)
{
	struct persistent_budget first, second;

	persistent_budget_init(&first);
	persistent_budget_init(&second);
	assert_ptr_equal(first.whole, second.whole);
	assert_true(first.nr_left >= 1000);
	assert_int_equal(first.nr_left, second.nr_left);
	assert_in_range(first.whole->nr_left, 4 * first.nr_left, 4 * first.nr_left + 3);
}

static void a_process_that_may_have_none_has_none(void **state)
{
	struct persistent_budget budget;

	persistent_limit_process(0);
	persistent_budget_init(&budget);
	assert_int_equal(budget.nr_left, 0);
	assert_int_equal(budget.whole->nr_left, 0);
}

static void a_wrong_reference_is_left_to_others(void **state)
{
	open_with(352);
	assert_null(persistent_page(&persistent, NR_GRANTS));
	assert_non_null(persistent_page(&persistent, 8));
	assert_int_equal(part.nr_left, 999);
}

static void a_guest_whose_references_are_all_wrong_is_not_tried_for_ever(void **state)
{
	open_with(352);
	refuses = true;
	for (uint32_t i = 0; i < 1000; i++)
		assert_null(persistent_page(&persistent, i));
	assert_in_range(nr_map_calls, 1, 100);
	assert_int_equal(part.nr_left, 1000);
}

static void wrong_references_among_good_ones_are_only_left_to_others(void **state)
{
	open_with(352);
	for (uint32_t gref = 0; gref < 100; gref++) {
		assert_null(persistent_page(&persistent, NR_GRANTS + gref));
		assert_non_null(persistent_page(&persistent, gref));
	}
}

static uint32_t nr_tries_of_refused(void)
{
	uint32_t nr_before = nr_map_calls;

	refuses = true;
	for (uint32_t i = 0; i < 1000; i++)
		assert_null(persistent_page(&persistent, i));
	return nr_map_calls - nr_before;
}

/* It may have been for want of room. */
static void what_was_refused_is_tried_anew_after_a_trim(void **state)
{
	uint32_t nr_tries;

	open_with(352);
	nr_tries = nr_tries_of_refused();
	persistent_trim(&persistent);
	assert_int_equal(nr_tries_of_refused(), nr_tries);
	persistent_trim(&persistent);
	refuses = false;
	assert_non_null(persistent_page(&persistent, 8));
}

static void a_guest_that_is_idle_gets_its_pages_back_bit_by_bit(void **state)
{
	uint32_t nr_before = 352;

	open_with(352);
	assert_int_equal(nr_that_fit(0), 352);
	for (bool is_over = false; !is_over; nr_before = nr_mapped) {
		is_over = persistent_trim(&persistent);
		assert_in_range(nr_before - nr_mapped, 1, 100);
	}
	assert_int_equal(nr_mapped, 0);
	assert_int_equal(part.nr_left, 1000);
	assert_int_equal(nr_that_fit(100), 352); /* used again */
}

/* Against a plain array: what is in the table is found, wherever others were taken out before it. */
static void pages_are_found_whatever_was_unmapped_before(void **state)
{
	uint32_t seed = 1, gref;

	open_with(300);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 100; i++) {
			seed = seed * 1103515245 + 12345;
			gref = (seed >> 8) % NR_GRANTS;
			if (is_mapped[gref] || persistent.nr_pages < 300)
				assert_ptr_equal(persistent_page(&persistent, gref), pages[gref]);
		}
		persistent_trim(&persistent);
		for (gref = 0; gref < NR_GRANTS; gref++) {
			if (is_mapped[gref])
				assert_ptr_equal(persistent_page(&persistent, gref), pages[gref]);
		}
		assert_int_equal(nr_mapped, persistent.nr_pages);
	}
}

/* ---- those that the guest says ---- */

static void what_is_added_is_found_until_it_is_removed(void **state)
{
	open_with(352);
	assert_null(persistent_find(&persistent, 8, false));
	assert_int_equal(nr_map_calls, 0);
	assert_int_equal(persistent_add(&persistent, 8, true), 0);
	assert_int_equal(last_prot, PROT_READ | PROT_WRITE);
	assert_ptr_equal(persistent_find(&persistent, 8, true), pages[8]);
	assert_ptr_equal(persistent_find(&persistent, 8, false), pages[8]);
	assert_true(persistent_remove(&persistent, 8));
	assert_false(persistent_remove(&persistent, 8));
	assert_null(persistent_find(&persistent, 8, false));
	assert_int_equal(nr_mapped, 0);
	assert_int_equal(part.nr_left, 1000);
}

static void what_is_only_to_be_read_is_not_found_for_writing(void **state)
{
	open_with(352);
	assert_int_equal(persistent_add(&persistent, 8, false), 0);
	assert_int_equal(last_prot, PROT_READ);
	assert_ptr_equal(persistent_find(&persistent, 8, false), pages[8]);
	assert_null(persistent_find(&persistent, 8, true));
}

static void what_cannot_be_added_is_not_here(void **state)
{
	open_with(2);
	assert_int_equal(persistent_add(&persistent, NR_GRANTS, true), -EINVAL);
	assert_int_equal(persistent_add(&persistent, 0, true), 0);
	assert_int_equal(persistent_add(&persistent, 0, false), -EEXIST);
	assert_int_equal(persistent_add(&persistent, 1, true), 0);
	assert_int_equal(persistent_add(&persistent, 2, true), -ENOSPC);
	assert_int_equal(persistent.nr_pages, 2);
	assert_int_equal(part.nr_left, 998);
}

static void without_an_open_nothing_is_found_or_removed(void **state)
{
	assert_null(persistent_find(&persistent, 8, false));
	assert_false(persistent_remove(&persistent, 8));
}

static void remove_one(uint32_t gref)
{
	bool was_mapped = is_mapped[gref];

	assert_int_equal(persistent_remove(&persistent, gref), was_mapped);
	assert_false(is_mapped[gref]);
}

static void add_one(uint32_t gref)
{
	int rc = is_mapped[gref] ? -EEXIST : 0;

	assert_int_equal(persistent_add(&persistent, gref, true), rc);
}

/* Each of them in any order, against a plain array. */
static void others_are_found_whatever_was_removed(void **state)
{
	uint32_t seed = 1, gref;

	open_with(64);
	for (int round = 0; round < 20000; round++) {
		seed = seed * 1103515245 + 12345;
		gref = (seed >> 8) % 128;
		if (seed >> 31 && persistent.nr_pages < 64)
			add_one(gref);
		else
			remove_one(gref);
		for (gref = 0; gref < 128; gref++) {
			void *expected = is_mapped[gref] ? pages[gref] : NULL;

			assert_ptr_equal(persistent_find(&persistent, gref, true), expected);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_page_is_mapped_once),
		TEST(without_an_open_nothing_is_mapped),
		TEST(what_is_over_the_bound_of_the_queue_is_left_to_others),
		TEST(what_is_over_a_budget_is_left_to_others),
		TEST(each_guest_has_a_part_of_the_process),
		TEST(a_process_that_may_have_none_has_none), /* for the rest of this process */
		TEST(a_wrong_reference_is_left_to_others),
		TEST(a_guest_whose_references_are_all_wrong_is_not_tried_for_ever),
		TEST(wrong_references_among_good_ones_are_only_left_to_others),
		TEST(what_was_refused_is_tried_anew_after_a_trim),
		TEST(a_guest_that_is_idle_gets_its_pages_back_bit_by_bit),
		TEST(pages_are_found_whatever_was_unmapped_before),
		TEST(what_is_added_is_found_until_it_is_removed),
		TEST(what_is_only_to_be_read_is_not_found_for_writing),
		TEST(what_cannot_be_added_is_not_here),
		TEST(without_an_open_nothing_is_found_or_removed),
		TEST(others_are_found_whatever_was_removed),
		TEST(what_was_not_used_for_long_gives_its_place),
		TEST(pages_of_which_each_is_used_now_and_then_keep_their_places),
		TEST(one_of_the_queues_own_gives_its_place_where_the_guest_has_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
