// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>

#define ENGINE engine_mem
#include "tests/unit/blk_engine.h"

static void it_is_as_large_as_asked_for_and_empty(void **state)
{
	static const uint8_t zeros[sizeof(data)];

	assert_int_equal(engine->size_bytes, DISK_BYTES);
	assert_int_equal(engine->sector_bytes, 512);
	assert_int_equal(engine->fd, -1);
	assert_true(engine->ops->is_volatile);
	memset(data, 0xaa, sizeof(data));
	do_op(engine, BLK_OP_READ, 0, data, sizeof(data));
	assert_memory_equal(data, zeros, sizeof(data));
}

static void it_keeps_what_is_written_where_it_is_written(void **state)
{
	static const uint64_t offsets[] = { 0, 512, 65536, DISK_BYTES - 1024 };
	uint8_t seen[1024];

	for (uint8_t i = 0; i < 4; i++) {
		memset(data, i + 1, 1024);
		do_op(engine, BLK_OP_WRITE, offsets[i], data, 1024);
	}
	do_op(engine, BLK_OP_FLUSH, UINT64_MAX, NULL, 0);
	do_op(engine, BLK_OP_READ, 0, seen, 1024);
	assert_int_equal(seen[511], 1);
	assert_int_equal(seen[512], 2); /* the second write lies over half of the first */
	do_op(engine, BLK_OP_READ, DISK_BYTES - 1024, seen, 1024);
	assert_memory_equal(seen, data, 1024);
}

static void what_is_forgotten_is_nothing_but_what_was_meant(void **state)
{
	uint8_t seen[3 * 4096];

	memset(seen, 0xaa, sizeof(seen));
	do_op(engine, BLK_OP_WRITE, 4096, seen, sizeof(seen));
	do_op(engine, BLK_OP_DISCARD, 4096 + 512, NULL, 2 * 4096);
	do_op(engine, BLK_OP_READ, 4096, seen, sizeof(seen));
	assert_int_equal(seen[0], 0xaa);
	assert_int_equal(seen[4095], 0xaa);
	assert_int_equal(seen[4096], 0);
	assert_int_equal(seen[8191], 0);
	assert_int_equal(seen[8192], 0xaa);
	do_op(engine, BLK_OP_DISCARD, 512, NULL, 512); /* no whole page */
}

static void each_disk_has_its_own(void **state)
{
	struct blk_engine *other = open_disk();
	uint8_t seen[512];

	memset(data, 0xaa, 512);
	do_op(engine, BLK_OP_WRITE, 0, data, 512);
	do_op(other, BLK_OP_READ, 0, seen, 512);
	assert_int_equal(seen[0], 0);
	engine_mem.close(other);
}

static void a_size_there_is_no_room_for_is_refused(void **state)
{
	static const struct image_spec spec = { .engine = &engine_mem, .size_bytes = 1ULL << 60 };
	struct blk_engine *disk;

	assert_int_equal(engine_mem.open(&disk, &spec, false, &err), -ENOMEM);
	assert_string_equal(err.text, "mem: no room for 1152921504606846976 bytes: Cannot allocate memory");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_as_large_as_asked_for_and_empty),
		TEST(it_keeps_what_is_written_where_it_is_written),
		TEST(what_is_forgotten_is_nothing_but_what_was_meant),
		TEST(each_disk_has_its_own),
		TEST(a_size_there_is_no_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
