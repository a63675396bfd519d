/* SPDX-License-Identifier: MIT */
/* One disk of ENGINE, which needs neither a file nor a loop, for the tests of such an engine; define ENGINE first. */
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
	static const struct image_spec spec = { .engine = &ENGINE, .size_bytes = DISK_BYTES };
	struct blk_engine *disk;

	assert_int_equal(ENGINE.open(&disk, &spec, false, &err), 0);
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
	ENGINE.close(engine);
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
