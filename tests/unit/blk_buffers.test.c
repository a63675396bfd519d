// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdio.h>
#include <string.h>

#include "backend/blk/buffers.h"

static struct loop loop;

static int set_up(void **state)
{
	return loop_init(&loop, 8);
}

static int tear_down(void **state)
{
	loop_fini(&loop);
	return 0;
}

/* What the kernel says that this process has pinned. */
static unsigned long pinned_kib(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	unsigned long kib = 0;
	char line[128];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && sscanf(line, "VmPin: %lu", &kib) != 1)
		;
	fclose(file);
	return kib;
}

static void every_slot_has_a_buffer_of_its_own(void **state)
{
	struct blk_buffers buffers;

	assert_int_equal(blk_buffers_init(&buffers, 32, NULL), 0);
	for (uint32_t slot = 0; slot < 32; slot++)
		memset(blk_buffers_at(&buffers, slot), slot + 1, BLK_BUFFER_BYTES);
	for (uint32_t slot = 0; slot < 32; slot++) {
		assert_int_equal(blk_buffers_at(&buffers, slot)[0], slot + 1);
		assert_int_equal(blk_buffers_at(&buffers, slot)[BLK_BUFFER_BYTES - 1], slot + 1);
		assert_int_equal(blk_buffers_index(&buffers, slot), -1);
	}
	blk_buffers_fini(&buffers);
	blk_buffers_fini(&buffers);
}

static void nothing_is_pinned_before_it_is_used(void **state)
{
	unsigned long before_kib = pinned_kib(), one_kib;
	struct blk_buffers buffers;
	int index;

	assert_int_equal(blk_buffers_init(&buffers, 36, &loop), 0);
	assert_int_equal(pinned_kib(), before_kib);
	index = blk_buffers_index(&buffers, 0);
	assert_true(index >= 0);
	one_kib = pinned_kib() - before_kib;
	assert_true(one_kib > 0);
	assert_int_equal(blk_buffers_index(&buffers, 1), index);
	assert_int_equal(pinned_kib() - before_kib, one_kib);
	/* All of them, the last group being shorter: what the slots take and no more. */
	for (uint32_t slot = 0; slot < 36; slot++)
		assert_true(blk_buffers_index(&buffers, slot) >= 0);
	assert_int_equal(pinned_kib() - before_kib, 36 * BLK_BUFFER_BYTES / 1024);
	blk_buffers_fini(&buffers);
	assert_int_equal(pinned_kib(), before_kib);
}

static void what_was_used_is_given_back(void **state)
{
	unsigned long before_kib = pinned_kib();
	struct blk_buffers buffers;

	assert_int_equal(blk_buffers_init(&buffers, 32, &loop), 0);
	for (uint32_t slot = 0; slot < 32; slot++) {
		memset(blk_buffers_at(&buffers, slot), 0xee, BLK_BUFFER_BYTES);
		assert_true(blk_buffers_index(&buffers, slot) >= 0);
	}
	loop.nr_fixed_out = 1; /* of another disk */
	assert_false(blk_buffers_trim(&buffers));
	loop.nr_fixed_out = 0;
	assert_true(blk_buffers_trim(&buffers));
	assert_int_equal(pinned_kib(), before_kib);
	assert_int_equal(blk_buffers_at(&buffers, 31)[0], 0); /* a page that was given back reads as zeros */
	assert_true(blk_buffers_index(&buffers, 31) >= 0);
	blk_buffers_fini(&buffers);
	assert_int_equal(pinned_kib(), before_kib);
}

static void without_a_place_they_are_used_unregistered(void **state)
{
	static uint8_t page[4096] __attribute__((aligned(4096)));
	struct blk_buffers buffers;

	while (loop_buffer_register(&loop, page, sizeof(page)) >= 0)
		;
	assert_int_equal(blk_buffers_init(&buffers, 8, &loop), 0);
	assert_int_equal(blk_buffers_index(&buffers, 0), -1);
	loop_buffer_unregister(&loop, 0);
	assert_int_equal(blk_buffers_index(&buffers, 0), -1); /* not tried at every request */
	blk_buffers_fini(&buffers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_slot_has_a_buffer_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_is_pinned_before_it_is_used, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_used_is_given_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_place_they_are_used_unregistered, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("backend/blk/buffers", tests, NULL, NULL);
}
