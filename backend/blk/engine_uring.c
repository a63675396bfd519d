// SPDX-License-Identifier: MIT
/* Raw files and block devices through the worker's io_uring. */
#include "backend/blk/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/blk/discard.h"
#include "backend/blk/image.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"

#define BLK_MAX_SECTOR_BYTES 4096U /* what every frontend can use */

/* ---- open ------------------------------------------------------------------------------------------------------ */

/* 0, or -1 with errno. */
static int ask_for_size(int fd, const struct stat *st, uint64_t *size_bytes)
{
	*size_bytes = st->st_size;
	return S_ISBLK(st->st_mode) ? ioctl(fd, BLKGETSIZE64, size_bytes) : 0;
}

static uint64_t uring_measure(const struct blk_engine *engine)
{
	struct stat st;
	uint64_t bytes;

	if (fstat(engine->fd, &st) || ask_for_size(engine->fd, &st, &bytes))
		return 0;
	return bytes - bytes % engine->sector_bytes;
}

static int measure_block_device(struct blk_engine *engine, const struct stat *st, const char *path, struct errbuf *err)
{
	unsigned int physical_bytes = 0;
	int sector_bytes = 0;

	if (ask_for_size(engine->fd, st, &engine->size_bytes) || ioctl(engine->fd, BLKSSZGET, &sector_bytes) ||
	    ioctl(engine->fd, BLKPBSZGET, &physical_bytes))
		return errbuf_set(err, -errno, "image %.300s: cannot ask for its size: %s", path, strerror(errno));
	engine->sector_bytes = sector_bytes;
	engine->physical_sector_bytes = physical_bytes;
	return 0;
}

/*
 * Direct I/O on a file works in units of the file system's device; Linux says which since 6.1. Before, and where it is
 * not known, 4096 is the safe answer: a guest may not be offered sectors that its disk then refuses.
 */
static uint32_t direct_unit_bytes(int fd)
{
	struct statx stx = { .stx_mask = 0 };

	if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) || !(stx.stx_mask & STATX_DIOALIGN) ||
	    stx.stx_dio_offset_align == 0)
		return 4096;
	return stx.stx_dio_offset_align > 512 ? stx.stx_dio_offset_align : 512;
}

static int measure_file(struct blk_engine *engine, const struct stat *st)
{
	engine->size_bytes = st->st_size;
	engine->sector_bytes = engine->is_direct ? direct_unit_bytes(engine->fd) : 512;
	engine->physical_sector_bytes = engine->sector_bytes > 4096 ? engine->sector_bytes : 4096;
	return 0;
}

static int measure(struct blk_engine *engine, const struct stat *st, const char *path, struct errbuf *err)
{
	int rc = S_ISBLK(st->st_mode) ? measure_block_device(engine, st, path, err) : measure_file(engine, st);

	if (rc)
		return rc;
	if (engine->sector_bytes > BLK_MAX_SECTOR_BYTES)
		return errbuf_set(err, -EINVAL, "image %.300s works in units of %u bytes: expected at most %u%s", path,
				  engine->sector_bytes, BLK_MAX_SECTOR_BYTES,
				  S_ISREG(st->st_mode) ? " (without direct I/O it would do)" : "");
	if (engine->size_bytes == 0)
		return errbuf_set(err, -EINVAL, "image %.300s is empty: expected a multiple of %u bytes", path,
				  engine->sector_bytes);
	if (engine->size_bytes % engine->sector_bytes)
		return errbuf_set(err, -EINVAL, "image %.300s has %llu bytes: expected a multiple of %u", path,
				  (unsigned long long)engine->size_bytes, engine->sector_bytes);
	return 0;
}

static int open_fd(struct blk_engine *engine, const struct image_spec *spec, bool is_read_only, struct stat *st,
		   struct errbuf *err)
{
	int flags = (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC;

	if (stat(spec->path, st))
		return errbuf_set(err, -errno, "image %.300s: %s", spec->path, strerror(errno));
	if (!S_ISREG(st->st_mode) && !S_ISBLK(st->st_mode))
		return errbuf_set(err, -EINVAL, "image %.300s is %s: expected a raw file or a block device", spec->path,
				  S_ISDIR(st->st_mode) ? "a directory" : "neither a file nor a disk");
	engine->is_direct = spec->direct == IMAGE_DIRECT_ON ||
			    (spec->direct == IMAGE_DIRECT_DEFAULT && S_ISBLK(st->st_mode));
	engine->fd = open(spec->path, flags | (engine->is_direct ? O_DIRECT : 0));
	if (engine->fd < 0)
		return errbuf_set(err, -errno, "image %.300s: cannot open %s%s: %s", spec->path,
				  is_read_only ? "for reading" : "for writing",
				  engine->is_direct ? ", bypassing the page cache" : "", strerror(errno));
	if (fstat(engine->fd, st))
		return errbuf_set(err, -errno, "image %.300s: %s", spec->path, strerror(errno));
	return 0;
}

static void uring_close(struct blk_engine *engine)
{
	if (engine->fd >= 0)
		close(engine->fd);
	free(engine);
}

static int uring_open(struct blk_engine **out, const struct image_spec *spec, bool is_read_only, struct errbuf *err)
{
	struct blk_engine *engine = calloc(1, sizeof(*engine));
	struct stat st;
	int rc;

	if (!engine)
		return errbuf_set(err, -ENOMEM, "image %.300s: no memory", spec->path);
	engine->ops = &engine_uring;
	engine->zeros = BLK_ZEROS_AS_HOLE; /* until a try tells */
	engine->fd = -1;
	rc = open_fd(engine, spec, is_read_only, &st, err);
	if (rc == 0)
		rc = measure(engine, &st, spec->path, err);
	if (rc) {
		uring_close(engine);
		return rc;
	}
	if (!is_read_only)
		discard_measure(engine, &st);
	*out = engine;
	return 0;
}

/* ---- operations ------------------------------------------------------------------------------------------------ */

static bool is_of_zeros(const struct blk_op *op)
{
	return op->kind == BLK_OP_WRITE && op->zeros != BLK_ZEROS_AS_DATA;
}

static void prepare_zeros(const struct blk_op *op, struct io_uring_sqe *sqe)
{
	int mode = op->zeros == BLK_ZEROS_AS_HOLE ? DISCARD_FALLOCATE_MODE : FALLOC_FL_ZERO_RANGE;

	io_uring_prep_fallocate(sqe, op->engine->fd, mode, op->offset_bytes, op->len_bytes);
}

/* What the kernel does not take at once is left over, as where it does less than it is asked for. */
static void prepare(struct blk_op *op)
{
	struct io_uring_sqe *sqe = loop_sqe(op->loop);
	unsigned int nr_iov = op->nr_iov < IOV_MAX ? op->nr_iov : IOV_MAX;
	uint64_t offset_bytes = op->offset_bytes + op->done_bytes;
	int fd = op->engine->fd;

	if (op->kind == BLK_OP_FLUSH)
		io_uring_prep_fsync(sqe, fd, IORING_FSYNC_DATASYNC);
	else if (op->kind == BLK_OP_DISCARD)
		io_uring_prep_fallocate(sqe, fd, DISCARD_FALLOCATE_MODE, op->offset_bytes, op->len_bytes);
	else if (is_of_zeros(op))
		prepare_zeros(op, sqe);
	else if (op->kind == BLK_OP_READ && op->buffer_index >= 0)
		io_uring_prep_read_fixed(sqe, fd, op->iov->iov_base, op->iov->iov_len, offset_bytes, op->buffer_index);
	else if (op->kind == BLK_OP_WRITE && op->buffer_index >= 0)
		io_uring_prep_write_fixed(sqe, fd, op->iov->iov_base, op->iov->iov_len, offset_bytes, op->buffer_index);
	else if (op->kind == BLK_OP_READ)
		io_uring_prep_readv(sqe, fd, op->iov, nr_iov, offset_bytes);
	else
		io_uring_prep_writev(sqe, fd, op->iov, nr_iov, offset_bytes);
	io_uring_sqe_set_data(sqe, &op->loop_op);
}

static void skip_done_part(struct blk_op *op, uint32_t bytes)
{
	op->done_bytes += bytes;
	while (bytes >= op->iov->iov_len && op->nr_iov > 1) {
		bytes -= op->iov->iov_len;
		op->iov++;
		op->nr_iov--;
	}
	op->iov->iov_base = (char *)op->iov->iov_base + bytes;
	op->iov->iov_len -= bytes;
}

static void finish(struct blk_op *op, int rc)
{
	op->loop->nr_fixed_out -= op->buffer_index >= 0;
	op->done(op, rc);
}

/* What it can do instead; at last it is written like anything else. */
/* Other errors may be of this range, or of now: a file system that is full can still write over what there is. */
static void try_less(struct blk_op *op, int why)
{
	op->zeros--;
	if (why == -EOPNOTSUPP)
		__atomic_store_n(&op->engine->zeros, op->zeros, __ATOMIC_RELAXED);
	prepare(op);
}

/* Of two at once, of two queues, Linux gives one the error that is of both. */
static int judge_flush(struct blk_engine *engine, int result)
{
	if (result < 0)
		__atomic_store_n(&engine->has_lost_writes, true, __ATOMIC_RELAXED);
	return __atomic_load_n(&engine->has_lost_writes, __ATOMIC_RELAXED) && result == 0 ? -EIO : result;
}

static void uring_done(struct loop_op *loop_op, int result, uint32_t flags)
{
	struct blk_op *op = container_of(loop_op, struct blk_op, loop_op);

	if (result == -EINTR || result == -EAGAIN) {
		prepare(op);
		return;
	}
	if (result < 0 && is_of_zeros(op)) {
		try_less(op, result);
		return;
	}
	if (op->kind == BLK_OP_FLUSH)
		result = judge_flush(op->engine, result);
	if (result < 0 || op->kind == BLK_OP_FLUSH || op->kind == BLK_OP_DISCARD || is_of_zeros(op)) {
		finish(op, result < 0 ? result : 0);
		return;
	}
	if (result == 0) { /* the file ends here: it was cut short under us */
		finish(op, op->kind == BLK_OP_READ ? -ENODATA : -ENOSPC);
		return;
	}
	skip_done_part(op, result);
	if (op->done_bytes < op->len_bytes)
		prepare(op);
	else
		finish(op, 0);
}

static void uring_submit(struct blk_engine *engine, struct loop *loop, struct blk_op *op)
{
	enum blk_zeros most = __atomic_load_n(&engine->zeros, __ATOMIC_RELAXED);

	op->engine = engine;
	op->loop = loop;
	op->zeros = op->zeros < most ? op->zeros : most;
	op->loop_op.done = uring_done;
	op->done_bytes = 0;
	loop->nr_fixed_out += op->buffer_index >= 0;
	/* Linux reports a failed write-back once, and then takes the pages for clean. */
	if (op->kind == BLK_OP_FLUSH && __atomic_load_n(&engine->has_lost_writes, __ATOMIC_RELAXED))
		finish(op, -EIO);
	else if (op->kind == BLK_OP_DISCARD && op->len_bytes == 0)
		finish(op, 0);
	else
		prepare(op);
}

const struct blk_engine_ops engine_uring = {
	.name = "io_uring",
	.open = uring_open,
	.close = uring_close,
	.measure = uring_measure,
	.submit = uring_submit,
};
