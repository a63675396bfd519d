/* SPDX-License-Identifier: MIT */
/* For tests: a disk that has sectors of 4096 bytes and does what a disk may do (blk_lossy.h), behind unaligned.h. */
#ifndef TESTS_UNIT_BLK_UNALIGNED_H
#define TESTS_UNIT_BLK_UNALIGNED_H

#include "tests/unit/cm.h"

#define LOSSY_NR_SECTORS 512
#include "backend/blk/unaligned.h"
#include "common/base/errbuf.h"
#include "tests/unit/blk_lossy.h"

#define UNIT_BYTES 4096

static struct lossy disk;
static struct blk_engine *engine;

static void open_disk(uint64_t seed)
{
	struct errbuf err;

	lossy_init(&disk, UNIT_BYTES, seed);
	engine = &disk.engine;
	assert_int_equal(unaligned_open(&engine, "lossy", &err), 0);
}

static void close_disk(void)
{
	engine->ops->close(engine);
}

static uint64_t tag_of(unsigned int sector)
{
	return disk.sector[sector].version[disk.sector[sector].nr_versions - 1].tag;
}

#endif
