// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
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
	static const struct image_spec spec = { .engine = &engine_mem, .size_bytes = DISK_BYTES };
	struct blk_engine *disk;

	assert_int_equal(engine_mem.open(&disk, &spec, false, &err), 0);
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
	engine_mem.close(engine);
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
		TEST(each_disk_has_its_own),
		TEST(a_size_there_is_no_room_for_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
