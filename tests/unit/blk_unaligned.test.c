// SPDX-License-Identifier: MIT
/* Parts of a disk's larger sectors, one by one. From several threads at once: blk_unaligned_threads. */
#include "tests/unit/blk_unaligned.h"

#include <errno.h>

#include "backend/blk/bounces.h"

struct one {
	struct blk_op op;
	struct iovec iov[2];
	int rc; /* 1: not over */
};

static struct loop loop;
static uint8_t *memory; /* of all of them, one after the other */
static size_t used_bytes;

static void on_done(struct blk_op *op, int rc)
{
	struct one *one = container_of(op, struct one, op);

	assert_int_equal(one->rc, 1);
	one->rc = rc;
}

/* Where it is in two parts, the second one is a third of it, and elsewhere. */
static void prepare(struct one *one, enum blk_op_kind kind, unsigned int sector, unsigned int nr, uint64_t tag)
{
	size_t len_bytes = nr * LOSSY_SECTOR_BYTES, first_bytes = (nr - nr / 3) * LOSSY_SECTOR_BYTES;
	uint8_t *at = memory + used_bytes;

	used_bytes += (len_bytes + UNIT_BYTES - 1) / UNIT_BYTES * UNIT_BYTES + UNIT_BYTES;
	if (len_bytes % UNIT_BYTES == 0)
		first_bytes = len_bytes;
	one->iov[0] = (struct iovec){ at, first_bytes };
	one->iov[1] = (struct iovec){ at + first_bytes + LOSSY_SECTOR_BYTES, len_bytes - first_bytes };
	one->rc = 1;
	one->op = (struct blk_op){
		.kind = kind,
		.offset_bytes = sector * LOSSY_SECTOR_BYTES,
		.len_bytes = len_bytes,
		.iov = one->iov,
		.nr_iov = first_bytes < len_bytes ? 2 : 1,
		.buffer_index = -1,
		.done = on_done,
	};
	for (unsigned int i = 0; i < nr; i++)
		lossy_fill(lossy_memory(&one->op, i), tag);
}

static void submit(struct one *one, enum blk_op_kind kind, unsigned int sector, unsigned int nr, uint64_t tag)
{
	prepare(one, kind, sector, nr, tag);
	engine->ops->submit(engine, &loop, &one->op);
}

static void submit_zeros(struct one *one, unsigned int sector, unsigned int nr)
{
	prepare(one, BLK_OP_WRITE, sector, nr, 0);
	one->op.zeros = BLK_ZEROS_AS_HOLE;
	engine->ops->submit(engine, &loop, &one->op);
}

static unsigned int nr_batches;

static void look(struct loop_task *task)
{
	if (nr_batches-- == 0)
		loop_stop(&loop);
	else
		loop_defer(&loop, task);
}

/* Until what was posted has run. */
static void run_loop(void)
{
	struct loop_task task = { .run = look };

	nr_batches = 4;
	loop.is_stopping = false;
	loop_defer(&loop, &task);
	loop_run(&loop);
}

static void do_all(void)
{
	do
		run_loop();
	while (lossy_do_one(&disk, &loop));
}

static void assert_tags(unsigned int from, unsigned int to, uint64_t tag)
{
	for (unsigned int i = from; i < to; i++)
		assert_int_equal(tag_of(i), tag);
}

/* The disk is given so much by what is one whole write. */
static void write_all(struct one *one, enum blk_op_kind kind, unsigned int sector, unsigned int nr, uint64_t tag)
{
	submit(one, kind, sector, nr, tag);
	do_all();
	assert_int_equal(one->rc, 0);
	assert_int_equal(one->op.offset_bytes, sector * LOSSY_SECTOR_BYTES);
	assert_int_equal(one->op.len_bytes, nr * LOSSY_SECTOR_BYTES);
}

static void what_a_write_does_not_say_stays(void **state)
{
	static const struct {
		const char *name;
		unsigned int sector, nr;
	} rows[] = {
		{ "one sector", 11, 1 },
		{ "the first of a unit", 16, 1 },
		{ "the last of a unit", 23, 1 },
		{ "the end of one and the beginning of the next", 23, 2 },
		{ "parts at both ends of whole ones", 13, 22 },
		{ "whole ones and a part", 16, 19 },
		{ "a part and whole ones", 13, 19 },
		{ "whole ones", 16, 24 },
		{ "more than a buffer holds", 3, 300 },
		{ "parts at either side of where a buffer ends", 5, 125 },
		{ "the whole disk but its ends", 1, LOSSY_NR_SECTORS - 2 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned int from = rows[i].sector, to = from + rows[i].nr;
		struct one write, read;

		print_message("# %s\n", rows[i].name);
		used_bytes = 0;
		write_all(&write, BLK_OP_WRITE, 0, LOSSY_NR_SECTORS, 1);
		write_all(&write, BLK_OP_WRITE, from, to - from, 2);
		assert_tags(0, from, 1);
		assert_tags(from, to, 2);
		assert_tags(to, LOSSY_NR_SECTORS, 1);
		write_all(&read, BLK_OP_READ, from, to - from, 3);
		for (unsigned int s = 0; s < to - from; s++)
			assert_int_equal(lossy_tag(lossy_memory(&read.op, s)), 2);
	}
}

static void a_read_is_of_what_was_asked_for(void **state)
{
	struct one write, read;

	for (unsigned int i = 0; i < 16; i++)
		write_all(&write, BLK_OP_WRITE, i, 1, 100 + i);
	write_all(&read, BLK_OP_READ, 5, 6, 1);
	for (unsigned int i = 0; i < 6; i++)
		assert_int_equal(lossy_tag(lossy_memory(&read.op, i)), 105 + i);
}

static void whole_units_go_to_the_disk_as_they_are(void **state)
{
	struct one write, read, flush;

	submit(&write, BLK_OP_WRITE, 8, 16, 1);
	submit(&read, BLK_OP_READ, 24, 8, 1);
	submit(&flush, BLK_OP_FLUSH, 0, 0, 0);
	assert_int_equal(disk.nr_held, 3);
	assert_ptr_equal(disk.held[0].op, &write.op);
	assert_ptr_equal(disk.held[1].op, &read.op);
	assert_ptr_equal(disk.held[2].op, &flush.op);
	do_all();
	assert_int_equal(write.rc | read.rc | flush.rc, 0);
}

/* The whole one may be with the disk first, or the other's read. */
static void a_whole_write_and_a_part_of_its_unit_go_one_after_the_other(void **state)
{
	for (unsigned int whole_first = 0; whole_first < 2; whole_first++) {
		struct one whole, part, other;

		if (whole_first)
			submit(&whole, BLK_OP_WRITE, 8, 16, 2);
		submit(&part, BLK_OP_WRITE, 9, 1, 3);
		if (!whole_first)
			submit(&whole, BLK_OP_WRITE, 8, 16, 2);
		assert_int_equal(disk.nr_held, 1);
		submit(&other, BLK_OP_WRITE, 24, 8, 4); /* has nothing to do with them */
		assert_int_equal(disk.nr_held, 2);
		do_all();
		assert_int_equal(whole.rc | part.rc | other.rc, 0);
		assert_tags(8, 9, 2);
		assert_tags(9, 10, whole_first ? 3 : 2);
		assert_tags(10, 24, 2);
	}
}

static void two_parts_of_a_unit_are_both_written(void **state)
{
	struct one one[8];

	for (unsigned int i = 0; i < 8; i++)
		submit(&one[i], BLK_OP_WRITE, 8 + i, 1, 1 + i);
	assert_int_equal(disk.nr_held, 1);
	do_all();
	for (unsigned int i = 0; i < 8; i++) {
		assert_int_equal(one[i].rc, 0);
		assert_tags(8 + i, 9 + i, 1 + i);
	}
}

static void more_parts_than_buffers_wait_their_turn(void **state)
{
	struct one one[3 * NR_BOUNCES];

	for (unsigned int i = 0; i < 3 * NR_BOUNCES; i++)
		submit(&one[i], i % 3 ? BLK_OP_WRITE : BLK_OP_READ, 8 * i + 1, 1, 1 + i);
	assert_int_equal(disk.nr_held, NR_BOUNCES);
	do_all();
	for (unsigned int i = 0; i < 3 * NR_BOUNCES; i++) {
		assert_int_equal(one[i].rc, 0);
		if (i % 3)
			assert_tags(8 * i + 1, 8 * i + 2, 1 + i);
		else
			assert_int_equal(lossy_tag(lossy_memory(&one[i].op, 0)), 0);
	}
}

/* Whoever asks is told how it was done. */
static void a_disk_of_small_sectors_is_left_alone(void **state)
{
	struct blk_engine *small = &disk.engine;
	struct errbuf err;

	disk.engine.sector_bytes = 512;
	assert_int_equal(unaligned_open(&small, "small", &err), 0);
	assert_ptr_equal(small, &disk.engine);
	disk.engine.sector_bytes = UNIT_BYTES;
}

static void parts_are_written_as_data(void **state)
{
	struct one one;

	submit_zeros(&one, 9, 1);
	do_all();
	assert_int_equal(one.op.zeros, BLK_ZEROS_AS_DATA);
	submit_zeros(&one, 8, 8);
	do_all();
	assert_int_equal(one.op.zeros, BLK_ZEROS_AS_HOLE);
}

static void whole_units_alone_are_forgotten(void **state)
{
	static const struct {
		const char *name;
		unsigned int sector, nr, whole, nr_whole;
	} rows[] = {
		{ "whole ones", 8, 16, 8, 16 },	     { "parts at both ends", 7, 26, 8, 24 },
		{ "a part at the end", 8, 9, 8, 8 }, { "a part of one", 9, 6, 0, 0 },
		{ "parts of two", 9, 14, 0, 0 },
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct one discard;

		print_message("# %s\n", rows[i].name);
		submit(&discard, BLK_OP_DISCARD, rows[i].sector, rows[i].nr, 0);
		assert_int_equal(disk.nr_held, rows[i].nr_whole ? 1 : 0);
		if (rows[i].nr_whole) {
			assert_int_equal(disk.held[0].op->offset_bytes, rows[i].whole * LOSSY_SECTOR_BYTES);
			assert_int_equal(disk.held[0].op->len_bytes, rows[i].nr_whole * LOSSY_SECTOR_BYTES);
		}
		do_all();
		assert_int_equal(discard.rc, 0);
		assert_int_equal(discard.op.offset_bytes, rows[i].sector * LOSSY_SECTOR_BYTES);
		assert_int_equal(discard.op.len_bytes, rows[i].nr * LOSSY_SECTOR_BYTES);
	}
}

/* At its read, at its write; and the next one finds the unit and the buffer free. */
static void a_disk_that_fails_fails_the_request_alone(void **state)
{
	for (unsigned int nr_done = 0; nr_done < 2; nr_done++) {
		struct one part, next;

		submit(&part, BLK_OP_WRITE, 9, 1, 1);
		submit(&next, BLK_OP_WRITE, 10, 1, 2);
		for (unsigned int i = 0; i < nr_done; i++)
			lossy_do_one(&disk, &loop);
		disk.rc = -EIO;
		lossy_do_one(&disk, &loop);
		assert_int_equal(part.rc, -EIO);
		disk.rc = 0;
		do_all();
		assert_int_equal(next.rc, 0);
		assert_tags(9, 10, 0);
		assert_tags(10, 11, 2);
	}
}

static int setup(void **state)
{
	open_disk(0);
	disk.nr_at_once_in_8 = 0;
	used_bytes = 0;
	memory = aligned_alloc(UNIT_BYTES, 4 * LOSSY_NR_SECTORS * LOSSY_SECTOR_BYTES);
	return loop_init(&loop, 8);
}

static int teardown(void **state)
{
	loop_fini(&loop);
	free(memory);
	close_disk();
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_write_does_not_say_stays),
		TEST(a_read_is_of_what_was_asked_for),
		TEST(whole_units_go_to_the_disk_as_they_are),
		TEST(a_whole_write_and_a_part_of_its_unit_go_one_after_the_other),
		TEST(two_parts_of_a_unit_are_both_written),
		TEST(more_parts_than_buffers_wait_their_turn),
		TEST(a_disk_of_small_sectors_is_left_alone),
		TEST(parts_are_written_as_data),
		TEST(whole_units_alone_are_forgotten),
		TEST(a_disk_that_fails_fails_the_request_alone),
	};

	return cmocka_run_group_tests_name("backend/blk/unaligned, bounces", tests, NULL, NULL);
}
