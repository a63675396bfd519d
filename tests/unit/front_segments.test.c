// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "frontend/user/segments.h"

static const uint32_t refs[] = { 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110 };

static const struct {
	const char *name;
	uint32_t nr_pages, first, nr_sectors;
	unsigned int want;
	uint8_t first_sect, last_sect; /* of the first and of the last segment */
	uint32_t first_gref;
} rows[] = {
	{ "one sector at the beginning", 11, 0, 1, 1, 0, 0, 100 },
	{ "one sector at a page's end", 11, 7, 1, 1, 7, 7, 100 },
	{ "one sector of the second page", 11, 8, 1, 1, 0, 0, 101 },
	{ "a whole page", 11, 0, 8, 1, 0, 7, 100 },
	{ "two sectors across a page's end", 11, 7, 2, 2, 7, 0, 100 },
	{ "a page's worth from the middle", 11, 4, 8, 2, 4, 3, 100 },
	{ "everything", 11, 0, 88, 11, 0, 7, 100 },
	{ "the last sector of all", 11, 87, 1, 1, 7, 7, 110 },
	{ "the only page", 1, 3, 5, 1, 3, 7, 100 },
	{ "nothing", 11, 0, 0, 0, 0, 0, 0 },
	{ "one sector too many", 11, 0, 89, 0, 0, 0, 0 },
	{ "beyond the end by its beginning", 11, 81, 8, 0, 0, 0, 0 },
	{ "beyond the only page", 1, 1, 8, 0, 0, 0, 0 },
	{ "a sum that wraps", 11, UINT32_MAX, 2, 0, 0, 0, 0 },
	{ "a length that wraps", 11, 1, UINT32_MAX, 0, 0, 0, 0 },
	{ "no pages", 0, 0, 1, 0, 0, 0, 0 },
};

static void each_range_is_cut_at_the_pages(void **state)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blk_segment seg[11];
		unsigned int nr, sum = 0;

		print_message("# %s\n", rows[i].name);
		nr = blk_cut_segments(refs, rows[i].nr_pages, rows[i].first, rows[i].nr_sectors, seg);
		assert_int_equal(nr, rows[i].want);
		if (nr == 0)
			continue;
		assert_int_equal(seg[0].first_sect, rows[i].first_sect);
		assert_int_equal(seg[nr - 1].last_sect, rows[i].last_sect);
		for (unsigned int s = 0; s < nr; s++) {
			assert_int_equal(seg[s].gref, rows[i].first_gref + s);
			assert_true(seg[s].first_sect <= seg[s].last_sect && seg[s].last_sect < 8);
			sum += seg[s].last_sect - seg[s].first_sect + 1;
		}
		assert_int_equal(sum, rows[i].nr_sectors);
	}
}

static void a_request_names_as_many_pages_as_its_buffer_has(void **state)
{
	static uint32_t many[BLK_MAX_INDIRECT_SEGMENTS];
	static struct blk_segment seg[BLK_MAX_INDIRECT_SEGMENTS];
	uint32_t nr = BLK_MAX_INDIRECT_SEGMENTS;

	many[nr - 1] = 7;
	assert_int_equal(blk_cut_segments(many, nr, 7, nr * BLK_SECTORS_PER_PAGE - 7, seg), nr);
	assert_int_equal(seg[0].first_sect, 7);
	assert_int_equal(seg[nr - 1].gref, 7);
	assert_int_equal(blk_cut_segments(many, nr, 8, nr * BLK_SECTORS_PER_PAGE - 7, seg), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_range_is_cut_at_the_pages),
		cmocka_unit_test(a_request_names_as_many_pages_as_its_buffer_has),
	};

	return cmocka_run_group_tests_name("front_segments", tests, NULL, NULL);
}
