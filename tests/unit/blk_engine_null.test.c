// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#define ENGINE engine_null
#include "tests/unit/blk_engine.h"

static void it_is_as_large_as_asked_for(void **state)
{
	assert_int_equal(engine->size_bytes, DISK_BYTES);
	assert_int_equal(engine->sector_bytes, 512);
	assert_int_equal(engine->fd, -1);
	assert_false(engine->is_direct);
	assert_false(engine->ops->is_volatile); /* what it forgets it never had */
}

static void reads_give_zeros(void **state)
{
	static const uint8_t zeros[sizeof(data)];

	memset(data, 0xaa, sizeof(data));
	do_op(engine, BLK_OP_READ, DISK_BYTES - sizeof(data), data, sizeof(data));
	assert_memory_equal(data, zeros, sizeof(data));
}

static void writes_are_forgotten_and_leave_the_data_alone(void **state)
{
	uint8_t seen[512], zeros[512] = { 0 };

	memset(data, 0xaa, sizeof(data));
	do_op(engine, BLK_OP_WRITE, 0, data, sizeof(data));
	assert_int_equal(data[0], 0xaa);
	do_op(engine, BLK_OP_FLUSH, 0, NULL, 0);
	do_op(engine, BLK_OP_READ, 0, seen, sizeof(seen));
	assert_memory_equal(seen, zeros, sizeof(zeros));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_as_large_as_asked_for),
		TEST(reads_give_zeros),
		TEST(writes_are_forgotten_and_leave_the_data_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
