/* SPDX-License-Identifier: MIT */
/*
 * A disk that does all that a disk may do, for tests of what is above it: it holds operations, and does them in any
 * order, some at once. What was written is volatile; a flush makes durable what was done before it was submitted, and
 * at random more (blk_lossy_cut.h).
 * A sector holds one number, 64 times over: its tag. One that was never written, or that was forgotten, has 0.
 *
 * Thread: any. lossy_do_one() gives back only what was submitted with the loop that it is called with.
 */
#ifndef TESTS_UNIT_BLK_LOSSY_H
#define TESTS_UNIT_BLK_LOSSY_H

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "backend/blk/engine.h"
#include "common/base/container.h"
#include "common/base/random.h"

#define LOSSY_SECTOR_BYTES 512
#ifndef LOSSY_NR_SECTORS
#define LOSSY_NR_SECTORS 128
#endif
#define LOSSY_MAX_HELD    256
#define LOSSY_MAX_VERSIONS 24

struct lossy_sector {
	struct {
		uint64_t tag;
		uint64_t done_as;      /* the disk's nr_done after that write */
	} version[LOSSY_MAX_VERSIONS]; /* the first is durable, the last is what is read */
	unsigned int nr_versions;
};

struct lossy {
	struct blk_engine engine;
	pthread_mutex_t lock; /* all below */
	uint64_t random;
	struct lossy_sector sector[LOSSY_NR_SECTORS];
	struct {
		struct blk_op *op;
		uint64_t nr_done; /* when it was submitted */
	} held[LOSSY_MAX_HELD];
	unsigned int nr_held;
	uint64_t nr_done;
	unsigned int nr_at_once_in_8; /* of so many operations, how many are done before submit() returns */
	int rc;			      /* not 0: what is held ends with it, undone */
};

static bool lossy_chance(struct lossy *lossy, unsigned int n, unsigned int of)
{
	return random_below(&lossy->random, of) < n;
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static uint64_t lossy_tag(const void *sector)
{
	uint64_t tag;

	memcpy(&tag, sector, sizeof(tag));
	assert_memory_equal((const uint8_t *)sector + sizeof(tag), sector, LOSSY_SECTOR_BYTES - sizeof(tag));
	return tag;
}

static void lossy_fill(void *sector, uint64_t tag)
{
	for (unsigned int i = 0; i < LOSSY_SECTOR_BYTES / sizeof(tag); i++)
		memcpy((uint8_t *)sector + i * sizeof(tag), &tag, sizeof(tag));
}

/* The i-th sector of an operation, which never lies in two parts. */
static uint8_t *lossy_memory(const struct blk_op *op, unsigned int i)
{
	size_t offset_bytes = (size_t)i * LOSSY_SECTOR_BYTES;
	const struct iovec *iov = op->iov;

	for (; offset_bytes >= iov->iov_len; iov++)
		offset_bytes -= iov->iov_len;
	return (uint8_t *)iov->iov_base + offset_bytes;
}

/* It believes what it is told of zeros. */
static uint64_t lossy_written(const struct blk_op *op, unsigned int i)
{
	return op->zeros == BLK_ZEROS_AS_DATA ? lossy_tag(lossy_memory(op, i)) : 0;
}

/* ---- what is done ---------------------------------------------------------------------------------------------- */

static void lossy_keep(struct lossy_sector *sector, unsigned int version)
{
	sector->nr_versions -= version;
	memmove(sector->version, sector->version + version, sector->nr_versions * sizeof(sector->version[0]));
}

static void lossy_put(struct lossy *lossy, uint64_t number, uint64_t tag)
{
	struct lossy_sector *sector = &lossy->sector[number];

	if (sector->nr_versions == LOSSY_MAX_VERSIONS)
		lossy_keep(sector, 1); /* nobody promised that it would be lost */
	sector->version[sector->nr_versions].tag = tag;
	sector->version[sector->nr_versions++].done_as = lossy->nr_done;
}

/* All that is no newer than that. */
static void lossy_make_durable(struct lossy_sector *sector, uint64_t nr_done)
{
	unsigned int version = sector->nr_versions - 1;

	while (version > 0 && sector->version[version].done_as > nr_done)
		version--;
	lossy_keep(sector, version);
}

static void lossy_move(struct lossy *lossy, struct blk_op *op)
{
	uint64_t first = op->offset_bytes / LOSSY_SECTOR_BYTES;

	for (unsigned int i = 0; i < op->len_bytes / LOSSY_SECTOR_BYTES; i++) {
		const struct lossy_sector *sector = &lossy->sector[first + i];

		if (op->kind == BLK_OP_WRITE)
			lossy_put(lossy, first + i, lossy_written(op, i));
		else if (op->kind == BLK_OP_READ)
			lossy_fill(lossy_memory(op, i), sector->version[sector->nr_versions - 1].tag);
		else if (lossy_chance(lossy, 1, 2))
			lossy_put(lossy, first + i, 0);
	}
}

static void lossy_do(struct lossy *lossy, struct blk_op *op, uint64_t nr_done)
{
	lossy->nr_done++;
	if (op->kind != BLK_OP_FLUSH) {
		lossy_move(lossy, op);
		return;
	}
	for (unsigned int i = 0; i < LOSSY_NR_SECTORS; i++)
		lossy_make_durable(&lossy->sector[i], lossy_chance(lossy, 1, 4) ? lossy->nr_done : nr_done);
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

static void lossy_check(const struct blk_engine *engine, const struct blk_op *op)
{
	uint64_t in_memory_bytes = 0;

	if (op->kind == BLK_OP_FLUSH)
		return;
	assert_int_equal(op->offset_bytes % engine->sector_bytes, 0);
	assert_int_equal(op->len_bytes % engine->sector_bytes, 0);
	assert_true(op->len_bytes > 0 && op->offset_bytes + op->len_bytes <= engine->size_bytes);
	if (op->kind == BLK_OP_DISCARD)
		return;
	assert_int_equal(op->buffer_index, -1);
	for (unsigned int i = 0; i < op->nr_iov; i++) {
		assert_int_equal((uintptr_t)op->iov[i].iov_base % engine->sector_bytes, 0);
		assert_int_equal(op->iov[i].iov_len % engine->sector_bytes, 0);
		in_memory_bytes += op->iov[i].iov_len;
	}
	assert_int_equal(in_memory_bytes, op->len_bytes);
}

static void lossy_submit(struct blk_engine *engine, struct loop *loop, struct blk_op *op)
{
	struct lossy *lossy = container_of(engine, struct lossy, engine);
	bool at_once;

	lossy_check(engine, op);
	op->engine = engine;
	op->loop = loop;
	pthread_mutex_lock(&lossy->lock);
	at_once = lossy_chance(lossy, lossy->nr_at_once_in_8, 8);
	if (at_once) {
		lossy_do(lossy, op, lossy->nr_done);
	} else {
		assert_true(lossy->nr_held < LOSSY_MAX_HELD);
		lossy->held[lossy->nr_held].op = op;
		lossy->held[lossy->nr_held++].nr_done = lossy->nr_done;
	}
	pthread_mutex_unlock(&lossy->lock);
	if (at_once)
		op->done(op, 0);
}

/* One of them, at random; NULL: nothing is held for that loop. Under the lock. */
static struct blk_op *lossy_take_held(struct lossy *lossy, struct loop *loop, uint64_t *nr_done)
{
	unsigned int start = lossy->nr_held ? random_below(&lossy->random, lossy->nr_held) : 0;

	for (unsigned int i = 0; i < lossy->nr_held; i++) {
		unsigned int at = (start + i) % lossy->nr_held;
		struct blk_op *op = lossy->held[at].op;

		if (op->loop != loop)
			continue;
		*nr_done = lossy->held[at].nr_done;
		lossy->held[at] = lossy->held[--lossy->nr_held];
		return op;
	}
	return NULL;
}

/* false: nothing is held. */
static bool lossy_do_one(struct lossy *lossy, struct loop *loop)
{
	struct blk_op *op;
	uint64_t nr_done;

	pthread_mutex_lock(&lossy->lock);
	op = lossy_take_held(lossy, loop, &nr_done);
	if (op && lossy->rc == 0)
		lossy_do(lossy, op, nr_done);
	pthread_mutex_unlock(&lossy->lock);
	if (op)
		op->done(op, lossy->rc);
	return op != NULL;
}

static void lossy_close(struct blk_engine *engine)
{
}

static const struct blk_engine_ops lossy_ops = { .name = "lossy", .submit = lossy_submit, .close = lossy_close };

static void lossy_init(struct lossy *lossy, uint32_t sector_bytes, uint64_t seed)
{
	memset(lossy, 0, sizeof(*lossy));
	lossy->engine = (struct blk_engine){
		.ops = &lossy_ops,
		.size_bytes = LOSSY_NR_SECTORS * LOSSY_SECTOR_BYTES,
		.sector_bytes = sector_bytes,
		.physical_sector_bytes = sector_bytes,
		.discard_granularity_bytes = sector_bytes,
		.fd = -1,
	};
	pthread_mutex_init(&lossy->lock, NULL);
	lossy->random = seed;
	lossy->nr_at_once_in_8 = random_below(&lossy->random, 3);
	for (unsigned int i = 0; i < LOSSY_NR_SECTORS; i++)
		lossy->sector[i].nr_versions = 1;
}

#endif
