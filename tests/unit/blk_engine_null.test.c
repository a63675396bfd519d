// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/image.h"
#include "common/base/errbuf.h"

#define DISK_BYTES (1 << 20)

static struct errbuf err;
static struct blk_engine *engine;
static unsigned int nr_done;
static uint8_t data[4096];

static struct blk_engine *open_disk(void)
{
	static const struct image_spec spec = { .engine = &engine_null, .size_bytes = DISK_BYTES };
	struct blk_engine *disk;

	assert_int_equal(engine_null.open(&disk, &spec, false, &err), 0);
	return disk;
}

static int setup(void **state)
{
	engine = open_disk();
	nr_done = 0;
	return 0;
}

static int teardown(void **state)
{
	engine_null.close(engine);
	return 0;
}

static void on_done(struct blk_op *op, int rc)
{
	assert_int_equal(rc, 0);
	nr_done++;
}

/* In two parts. Memory needs no loop. */
static void do_op(struct blk_engine *disk, enum blk_op_kind kind, uint64_t offset, void *at, size_t len)
{
	struct iovec iov[2] = { { at, len / 2 }, { (char *)at + len / 2, len - len / 2 } };
	struct blk_op op = {
		.kind = kind,
		.offset_bytes = offset,
		.len_bytes = len,
		.iov = iov,
		.nr_iov = len ? 2 : 0,
		.buffer_index = -1,
		.done = on_done,
	};
	unsigned int before = nr_done;

	disk->ops->submit(disk, NULL, &op);
	assert_int_equal(nr_done, before + 1);
}

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
