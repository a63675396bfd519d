// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/buffers.h"
#include "backend/blk/large.h"

static void what_fits_a_slot_has_no_pool(void **state)
{
	static const uint32_t numbers[] = { 0, 1, BLK_BUFFER_SEGMENTS };

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct blk_large_pool pool;

		assert_int_equal(blk_large_init(&pool, numbers[i], 32, 1), 0);
		assert_null(blk_large_take(&pool));
		blk_large_trim(&pool);
		blk_large_fini(&pool);
	}
}

static void there_are_a_few_and_never_more_than_slots(void **state)
{
	static const struct {
		uint32_t max_segments, nr_slots, nr_queues, nr;
	} rows[] = {
		{ 33, 32, 1, 32 }, { 33, 512, 1, 248 }, { 256, 32, 1, 32 }, { 256, 512, 1, 32 }, { 256, 32, 4, 8 },
		{ 256, 1, 1, 1 },  { 4096, 512, 1, 2 }, { 4096, 512, 4, 2 }, { 4096, 1, 1, 1 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blk_large_pool pool;
		uint32_t nr = 0;

		assert_int_equal(blk_large_init(&pool, rows[i].max_segments, rows[i].nr_slots, rows[i].nr_queues), 0);
		while (blk_large_take(&pool))
			nr++;
		assert_int_equal(nr, rows[i].nr);
		blk_large_fini(&pool);
		blk_large_fini(&pool);
	}
}

static void fill(struct blk_large *large, uint8_t with)
{
	memset(large->data, with, 4096 * 4096);
	memset(large->segment, with, 4096 * sizeof(*large->segment));
}

static bool is_filled(const struct blk_large *large, uint8_t with)
{
	return large->data[0] == with && large->data[4096 * 4096 - 1] == with &&
	       large->segment[0].first_sect == with && large->segment[4095].last_sect == with;
}

static void each_has_memory_of_its_own_for_the_largest_request(void **state)
{
	struct blk_large_pool pool;
	struct blk_large *first, *second;

	assert_int_equal(blk_large_init(&pool, 4096, 32, 1), 0);
	first = blk_large_take(&pool);
	second = blk_large_take(&pool);
	fill(first, 1);
	fill(second, 2);
	assert_true(is_filled(first, 1) && is_filled(second, 2));
	blk_large_put(&pool, second);
	assert_ptr_equal(blk_large_take(&pool), second);
	blk_large_trim(&pool);
	assert_true(is_filled(first, 0) && is_filled(second, 0)); /* a page that was given back reads as zeros */
	blk_large_fini(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_fits_a_slot_has_no_pool),
		cmocka_unit_test(there_are_a_few_and_never_more_than_slots),
		cmocka_unit_test(each_has_memory_of_its_own_for_the_largest_request),
	};

	return cmocka_run_group_tests_name("backend/blk/large", tests, NULL, NULL);
}
