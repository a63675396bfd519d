// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/blk/image.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"

#define FILE_BYTES 65536

static struct errbuf err;
static struct loop loop;
static struct blk_engine *engine;
static char path[64];
static int file_fd; /* the test's own look at it */

static uint8_t pattern(uint64_t offset)
{
	return offset * 31 + (offset >> 9);
}

static bool is_pattern(const uint8_t *data, uint64_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] != pattern(offset + i))
			return false;
	}
	return true;
}

static void fill(uint8_t *data, uint64_t offset, size_t len)
{
	for (size_t i = 0; i < len; i++)
		data[i] = pattern(offset + i);
}

static int open_engine(bool is_read_only, enum image_direct direct)
{
	static struct image_spec spec;

	memset(&spec, 0, sizeof(spec));
	strcpy(spec.path, path);
	spec.engine = &engine_uring;
	spec.direct = direct;
	return engine_uring.open(&engine, &spec, is_read_only, &err);
}

static int setup(void **state)
{
	static uint8_t data[FILE_BYTES];

	strcpy(path, "/tmp/pvring-engine-XXXXXX");
	file_fd = mkstemp(path);
	fill(data, 0, FILE_BYTES);
	engine = NULL;
	if (file_fd < 0 || pwrite(file_fd, data, FILE_BYTES, 0) != FILE_BYTES)
		return -1;
	return loop_init(&loop, 8) || open_engine(false, IMAGE_DIRECT_DEFAULT);
}

static int teardown(void **state)
{
	if (engine)
		engine_uring.close(engine);
	loop_fini(&loop);
	close(file_fd);
	return unlink(path);
}

/* ---- one operation --------------------------------------------------------------------------------------------- */

#define MAX_PARTS 4096 /* of a request; four times what one system call takes */

static struct {
	struct blk_op op;
	struct iovec iov[MAX_PARTS];
	int rc;
	unsigned int nr_done;
	/* A kernel that does only a part: the first completion says so, and the rest of the work is spoilt. */
	void (*real_done)(struct loop_op *op, int result, uint32_t flags);
	int lie; /* what it says */
	void (*spoil)(void);
} one;

static void on_done(struct blk_op *op, int rc)
{
	one.rc = rc;
	one.nr_done++;
	loop_stop(&loop);
}

static void lying_done(struct loop_op *op, int result, uint32_t flags)
{
	op->done = one.real_done;
	assert_int_equal(result, one.op.kind == BLK_OP_FLUSH || one.op.zeros ? 0 : one.op.len_bytes);
	if (one.spoil)
		one.spoil();
	op->done(op, one.lie, flags);
}

static void prepare(enum blk_op_kind kind, uint64_t offset, void *data, const size_t *parts, unsigned int nr_parts)
{
	uint8_t *at = data;

	memset(&one, 0, sizeof(one));
	one.op = (struct blk_op){
		.kind = kind,
		.offset_bytes = offset,
		.iov = one.iov,
		.nr_iov = nr_parts,
		.buffer_index = -1,
		.done = on_done,
	};
	for (unsigned int i = 0; i < nr_parts; i++) {
		one.iov[i] = (struct iovec){ at, parts[i] };
		one.op.len_bytes += parts[i];
		at += parts[i];
	}
}

static int submit(void)
{
	loop.is_stopping = false;
	engine->ops->submit(engine, &loop, &one.op);
	if (one.lie) {
		one.real_done = one.op.loop_op.done;
		one.op.loop_op.done = lying_done;
	}
	loop_run(&loop);
	assert_int_equal(one.nr_done, 1);
	return one.rc;
}

static int do_op(enum blk_op_kind kind, uint64_t offset, void *data, size_t len)
{
	prepare(kind, offset, data, &len, 1);
	return submit();
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static void what_is_read_is_what_the_file_has(void **state)
{
	static const size_t parts[] = { 512, 4096, 1024, 512 };
	uint8_t data[6144] = { 0 };

	assert_int_equal(engine->size_bytes, FILE_BYTES);
	assert_int_equal(do_op(BLK_OP_READ, 0, data, 4096), 0);
	assert_true(is_pattern(data, 0, 4096));
	prepare(BLK_OP_READ, 1536, data, parts, 4);
	assert_int_equal(submit(), 0);
	assert_true(is_pattern(data, 1536, sizeof(data)));
	assert_int_equal(do_op(BLK_OP_READ, FILE_BYTES - 512, data, 512), 0);
	assert_true(is_pattern(data, FILE_BYTES - 512, 512));
}

static void there_may_be_more_parts_than_a_system_call_takes(void **state)
{
	static size_t parts[MAX_PARTS];
	static uint8_t data[3 * MAX_PARTS];

	for (unsigned int i = 0; i < MAX_PARTS; i++)
		parts[i] = 3;
	prepare(BLK_OP_READ, 512, data, parts, MAX_PARTS);
	assert_int_equal(submit(), 0);
	assert_true(is_pattern(data, 512, sizeof(data)));
	memset(data, 0xaa, sizeof(data));
	prepare(BLK_OP_WRITE, 512, data, parts, MAX_PARTS);
	assert_int_equal(submit(), 0);
	memset(data, 0, sizeof(data));
	assert_int_equal(pread(file_fd, data, sizeof(data), 512), sizeof(data));
	for (size_t i = 0; i < sizeof(data); i++)
		assert_int_equal(data[i], 0xaa);
}

static void what_is_written_is_in_the_file_and_nowhere_else(void **state)
{
	static const size_t parts[] = { 512, 1024, 512 };
	uint8_t data[2048], seen[4096];

	memset(data, 0xaa, sizeof(data));
	prepare(BLK_OP_WRITE, 1024, data, parts, 3);
	assert_int_equal(submit(), 0);
	assert_int_equal(pread(file_fd, seen, sizeof(seen), 0), sizeof(seen));
	assert_true(is_pattern(seen, 0, 1024));
	assert_memory_equal(seen + 1024, data, 2048);
	assert_true(is_pattern(seen + 3072, 3072, 1024));
	assert_int_equal(do_op(BLK_OP_WRITE, FILE_BYTES - 512, data, 512), 0);
	assert_int_equal(lseek(file_fd, 0, SEEK_END), FILE_BYTES);
}

static void a_flush_ends(void **state)
{
	prepare(BLK_OP_FLUSH, 0, NULL, NULL, 0);
	assert_int_equal(submit(), 0);
	prepare(BLK_OP_FLUSH, UINT64_MAX, NULL, NULL, 0); /* where does not matter */
	assert_int_equal(submit(), 0);
}

/* Linux says it once, and takes the pages for clean from then on: its next answer is worth nothing. */
static void after_a_flush_that_failed_none_succeeds(void **state)
{
	uint8_t data[512] = { 0 };

	prepare(BLK_OP_FLUSH, 0, NULL, NULL, 0);
	one.lie = -EIO;
	assert_int_equal(submit(), -EIO);
	prepare(BLK_OP_FLUSH, 0, NULL, NULL, 0);
	assert_int_equal(submit(), -EIO);
	assert_int_equal(do_op(BLK_OP_WRITE, 0, data, 512), 0);
	prepare(BLK_OP_FLUSH, 0, NULL, NULL, 0);
	assert_int_equal(submit(), -EIO);
	engine_uring.close(engine);
	assert_int_equal(open_engine(false, IMAGE_DIRECT_DEFAULT), 0); /* the operator has looked at it */
	prepare(BLK_OP_FLUSH, 0, NULL, NULL, 0);
	assert_int_equal(submit(), 0);
}

static blkcnt_t nr_blocks(void)
{
	struct stat st;

	assert_int_equal(fstat(file_fd, &st), 0);
	return st.st_blocks;
}

/* Where the file system can punch holes, which all that we know can. */
static void what_is_discarded_takes_no_room_and_the_rest_stays(void **state)
{
	const size_t len = 32768;
	uint8_t seen[FILE_BYTES];
	blkcnt_t before;

	assert_true(engine->discard_granularity_bytes >= 512);
	assert_int_equal(fsync(file_fd), 0);
	before = nr_blocks();
	prepare(BLK_OP_DISCARD, 8192, NULL, &len, 1);
	assert_int_equal(submit(), 0);
	assert_true(nr_blocks() < before);
	assert_int_equal(pread(file_fd, seen, FILE_BYTES, 0), FILE_BYTES);
	assert_true(is_pattern(seen, 0, 8192));
	assert_true(is_pattern(seen + 8192 + len, 8192 + len, FILE_BYTES - 8192 - len));
	assert_false(is_pattern(seen + 8192, 8192, len));
}

/* What is said to be zeros is none here: so it shows how it was done. Each way that is not known leads to the next. */
static void zeros_go_without_their_data_where_the_system_can(void **state)
{
	uint8_t data[4096], seen[4096], zeros[4096] = { 0 };

	fill(data, 1, sizeof(data));
	for (unsigned int nr_refused = 0; nr_refused <= BLK_ZEROS_AS_HOLE; nr_refused++) {
		prepare(BLK_OP_WRITE, 8192, data, (size_t[]){ 4096 }, 1);
		one.op.zeros = BLK_ZEROS_AS_HOLE;
		one.lie = nr_refused ? -EOPNOTSUPP : 0;
		assert_int_equal(submit(), 0);
		assert_true(one.op.zeros <= BLK_ZEROS_AS_HOLE - nr_refused);
		assert_int_equal(engine->zeros, one.op.zeros);
		assert_int_equal(pread(file_fd, seen, 4096, 8192), 4096);
		assert_memory_equal(seen, one.op.zeros ? zeros : data, 4096);
	}
}

/* In submit(): the loop has nothing to wait for. */
static void a_discard_of_nothing_is_done(void **state)
{
	prepare(BLK_OP_DISCARD, 8192, NULL, NULL, 0);
	engine->ops->submit(engine, &loop, &one.op);
	assert_int_equal(one.nr_done, 1);
	assert_int_equal(one.rc, 0);
}

static void a_read_only_image_offers_no_discard(void **state)
{
	engine_uring.close(engine);
	assert_int_equal(open_engine(true, IMAGE_DIRECT_DEFAULT), 0);
	assert_int_equal(engine->discard_granularity_bytes, 0);
}

static unsigned int nr_left;

static void count_down(struct blk_op *op, int rc)
{
	assert_int_equal(rc, 0);
	if (--nr_left == 0)
		loop_stop(&loop);
}

static void many_run_at_once(void **state)
{
	static uint8_t data[64][512];
	static struct iovec iov[64];
	static struct blk_op ops[64];

	nr_left = 64; /* the loop has room for 8 at a time */
	for (unsigned int i = 0; i < 64; i++) {
		iov[i] = (struct iovec){ data[i], 512 };
		ops[i] = (struct blk_op){
			.kind = BLK_OP_READ,
			.offset_bytes = i * 1024,
			.len_bytes = 512,
			.iov = &iov[i],
			.nr_iov = 1,
			.buffer_index = -1,
			.done = count_down,
		};
		engine->ops->submit(engine, &loop, &ops[i]);
	}
	loop_run(&loop);
	for (unsigned int i = 0; i < 64; i++)
		assert_true(is_pattern(data[i], i * 1024, 512));
}

/* ---- only a part ----------------------------------------------------------------------------------------------- */

static uint8_t part_data[4096];
static const size_t part_sizes[] = { 512, 1024, 512, 2048 };

static void spoil_read(void)
{
	memset(part_data + one.lie, 0xee, sizeof(part_data) - one.lie);
}

static void spoil_write(void)
{
	static const uint8_t zeros[4096];

	assert_true(pwrite(file_fd, zeros, 4096 - one.lie, 8192 + one.lie) == 4096 - one.lie);
}

static const int cuts[] = { 1, 511, 512, 513, 1535, 1536, 1537, 2047, 2048, 2049, 4095 };

static void a_read_goes_on_where_the_kernel_stopped(void **state)
{
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		print_message("# after %d bytes\n", cuts[i]);
		prepare(BLK_OP_READ, 8192, part_data, part_sizes, 4);
		one.lie = cuts[i];
		one.spoil = spoil_read;
		assert_int_equal(submit(), 0);
		assert_true(is_pattern(part_data, 8192, 4096));
	}
}

static void a_write_goes_on_where_the_kernel_stopped(void **state)
{
	uint8_t seen[4096];

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		print_message("# after %d bytes\n", cuts[i]);
		fill(part_data, i, 4096);
		prepare(BLK_OP_WRITE, 8192, part_data, part_sizes, 4);
		one.lie = cuts[i];
		one.spoil = spoil_write;
		assert_int_equal(submit(), 0);
		assert_int_equal(pread(file_fd, seen, 4096, 8192), 4096);
		assert_memory_equal(seen, part_data, 4096);
	}
}

static void an_interrupted_operation_is_tried_again(void **state)
{
	static const int codes[] = { -EINTR, -EAGAIN };

	for (int i = 0; i < 2; i++) {
		prepare(BLK_OP_READ, 8192, part_data, part_sizes, 4);
		one.lie = codes[i];
		memset(part_data, 0, sizeof(part_data));
		assert_int_equal(submit(), 0);
		assert_true(is_pattern(part_data, 8192, 4096));
		prepare(BLK_OP_FLUSH, 0, NULL, NULL, 0);
		one.lie = codes[i];
		assert_int_equal(submit(), 0);
	}
}

/* ---- errors ---------------------------------------------------------------------------------------------------- */

static void a_file_cut_short_is_an_error_and_no_success(void **state)
{
	uint8_t data[4096];

	assert_int_equal(ftruncate(file_fd, 10000), 0);
	assert_int_equal(do_op(BLK_OP_READ, 4096, data, 4096), 0);
	assert_int_equal(do_op(BLK_OP_READ, 8192, data, 4096), -ENODATA); /* a part is there */
	assert_int_equal(do_op(BLK_OP_READ, 32768, data, 4096), -ENODATA);
}

static void a_write_that_has_no_room_is_an_error(void **state)
{
	struct rlimit before, limit;
	uint8_t data[4096] = { 0 };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = 10240;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(do_op(BLK_OP_WRITE, 8192, data, 4096), -EFBIG); /* the first half fits */
	assert_int_equal(do_op(BLK_OP_WRITE, 16384, data, 4096), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(do_op(BLK_OP_WRITE, 8192, data, 4096), 0);
}

static void a_read_only_image_is_not_written(void **state)
{
	uint8_t data[512];

	engine_uring.close(engine);
	assert_int_equal(open_engine(true, IMAGE_DIRECT_DEFAULT), 0);
	assert_int_equal(do_op(BLK_OP_WRITE, 0, data, 512), -EBADF);
	assert_int_equal(do_op(BLK_OP_READ, 0, data, 512), 0);
	assert_true(is_pattern(data, 0, 512));
}

/* In the place of libc's: a file system whose direct I/O works in larger units than a guest's disk can have. */
static uint32_t direct_unit_bytes;

int statx(int dirfd, const char *pathname, int flags, unsigned int mask, struct statx *stx)
{
	int rc = syscall(SYS_statx, dirfd, pathname, flags, mask, stx);

	if (direct_unit_bytes) {
		stx->stx_mask |= STATX_DIOALIGN;
		stx->stx_dio_offset_align = direct_unit_bytes;
	}
	return rc;
}

static void an_image_of_larger_sectors_than_a_disk_can_have_is_refused(void **state)
{
	engine_uring.close(engine);
	engine = NULL;
	if (open_engine(false, IMAGE_DIRECT_ON))
		skip(); /* not on this file system */
	engine_uring.close(engine);
	engine = NULL;
	direct_unit_bytes = 16384;
	assert_int_equal(open_engine(false, IMAGE_DIRECT_ON), -EINVAL);
	direct_unit_bytes = 0;
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "16384"));
}

/* ---- past the page cache --------------------------------------------------------------------------------------- */

static void direct_io_works_with_a_registered_buffer(void **state)
{
	static uint8_t buffer[2 * 4096] __attribute__((aligned(4096)));
	const size_t len = 4096;
	int index;

	engine_uring.close(engine);
	engine = NULL;
	if (open_engine(false, IMAGE_DIRECT_ON))
		skip(); /* not on this file system */
	assert_true(engine->is_direct);
	assert_true(engine->sector_bytes >= 512 && engine->sector_bytes <= 4096);
	index = loop_buffer_register(&loop, buffer, sizeof(buffer));
	if (index < 0)
		skip(); /* too little memory may be locked here */
	prepare(BLK_OP_READ, 8192, buffer + 4096, &len, 1);
	one.op.buffer_index = index;
	assert_int_equal(submit(), 0);
	assert_true(is_pattern(buffer + 4096, 8192, 4096));
	prepare(BLK_OP_WRITE, 0, buffer + 4096, &len, 1);
	one.op.buffer_index = index;
	assert_int_equal(submit(), 0);
	assert_int_equal(pread(file_fd, buffer, 4096, 0), 4096);
	assert_true(is_pattern(buffer, 8192, 4096));
	prepare(BLK_OP_READ, 4096, buffer, &len, 1); /* and not registered */
	assert_int_equal(submit(), 0);
	assert_true(is_pattern(buffer, 4096, 4096));
	loop_buffer_unregister(&loop, index);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_read_is_what_the_file_has),
		TEST(there_may_be_more_parts_than_a_system_call_takes),
		TEST(what_is_written_is_in_the_file_and_nowhere_else),
		TEST(a_flush_ends),
		TEST(after_a_flush_that_failed_none_succeeds),
		TEST(what_is_discarded_takes_no_room_and_the_rest_stays),
		TEST(zeros_go_without_their_data_where_the_system_can),
		TEST(a_discard_of_nothing_is_done),
		TEST(a_read_only_image_offers_no_discard),
		TEST(many_run_at_once),
		TEST(a_read_goes_on_where_the_kernel_stopped),
		TEST(a_write_goes_on_where_the_kernel_stopped),
		TEST(an_interrupted_operation_is_tried_again),
		TEST(a_file_cut_short_is_an_error_and_no_success),
		TEST(a_write_that_has_no_room_is_an_error),
		TEST(a_read_only_image_is_not_written),
		TEST(an_image_of_larger_sectors_than_a_disk_can_have_is_refused),
		TEST(direct_io_works_with_a_registered_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
