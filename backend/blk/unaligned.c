// SPDX-License-Identifier: MIT
#include "backend/blk/unaligned.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/blk/bounces.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"

#define MIN_SECTOR_BYTES 512 /* what is asked for is a multiple of it */

struct unaligned {
	struct blk_engine engine;
	struct blk_engine_ops ops;
	struct blk_engine *disk;
	struct bounces bounces;
	pthread_mutex_t lock; /* the claims; a loop's comes after it */
	struct claims claims;
};

static uint64_t round_down(const struct unaligned *front, uint64_t bytes)
{
	return bytes - bytes % front->engine.sector_bytes;
}

static uint64_t round_up(const struct unaligned *front, uint64_t bytes)
{
	return round_down(front, bytes + front->engine.sector_bytes - 1);
}

static void pass_on(struct unaligned *front, struct blk_op *op)
{
	front->disk->ops->submit(front->disk, op->loop, op);
}

/* Reads and writes. Direct I/O wants whole units in memory, too. */
static void serve(struct unaligned *front, struct blk_op *op)
{
	uint64_t bits = op->offset_bytes | op->len_bytes;

	for (unsigned int i = 0; i < op->nr_iov; i++)
		bits |= (uintptr_t)op->iov[i].iov_base | op->iov[i].iov_len;
	if (bits % front->engine.sector_bytes == 0)
		pass_on(front, op);
	else
		bounces_serve(&front->bounces, op);
}

/* ---- writes ---------------------------------------------------------------------------------------------------- */

static void write_later(struct loop_msg *msg)
{
	struct blk_op *op = container_of(msg, struct blk_op, before.go);

	serve(op->before.unaligned, op);
}

static void may_write(struct claim *claim)
{
	struct blk_op *op = container_of(claim, struct blk_op, before.claim);

	op->before.go.run = write_later;
	loop_post(op->loop, &op->before.go);
}

static void write_done(struct blk_op *op, int rc)
{
	struct unaligned *front = op->before.unaligned;

	pthread_mutex_lock(&front->lock);
	claims_release(&front->claims, &op->before.claim, may_write);
	pthread_mutex_unlock(&front->lock);
	op->done = op->before.done;
	op->done(op, rc);
}

static void submit_write(struct unaligned *front, struct blk_op *op)
{
	uint64_t from = op->offset_bytes, to = op->offset_bytes + op->len_bytes;
	bool is_free;

	op->before.claim = (struct claim){
		.from_bytes = round_down(front, from),
		.to_bytes = round_up(front, to),
		.writes_back = (from | to) % front->engine.sector_bytes,
	};
	op->before.done = op->done;
	op->done = write_done;
	pthread_mutex_lock(&front->lock);
	is_free = claims_take(&front->claims, &op->before.claim);
	pthread_mutex_unlock(&front->lock);
	if (is_free)
		serve(front, op);
}

/* ---- discards -------------------------------------------------------------------------------------------------- */

static void discard_done(struct blk_op *op, int rc)
{
	op->offset_bytes = op->before.claim.from_bytes;
	op->len_bytes = op->before.claim.to_bytes - op->offset_bytes;
	op->done = op->before.done;
	op->done(op, rc);
}

/* Its claim is none: nothing but a note of what was asked for. */
static void submit_discard(struct unaligned *front, struct blk_op *op)
{
	uint64_t from = op->offset_bytes, to = op->offset_bytes + op->len_bytes;

	op->before.claim = (struct claim){ .from_bytes = from, .to_bytes = to };
	op->before.done = op->done;
	op->done = discard_done;
	from = round_up(front, from);
	to = round_down(front, to);
	op->offset_bytes = from;
	op->len_bytes = to > from ? to - from : 0;
	if (op->len_bytes)
		pass_on(front, op);
	else
		op->done(op, 0);
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

static void unaligned_submit(struct blk_engine *engine, struct loop *loop, struct blk_op *op)
{
	struct unaligned *front = container_of(engine, struct unaligned, engine);

	op->loop = loop;
	op->before.unaligned = front;
	switch (op->kind) {
	case BLK_OP_READ:
		serve(front, op);
		break;
	case BLK_OP_WRITE:
		submit_write(front, op);
		break;
	case BLK_OP_DISCARD:
		submit_discard(front, op);
		break;
	case BLK_OP_FLUSH:
		pass_on(front, op);
		break;
	}
}

static uint64_t unaligned_measure(const struct blk_engine *engine)
{
	const struct blk_engine *disk = container_of(engine, struct unaligned, engine)->disk;

	return disk->ops->measure(disk);
}

static void unaligned_close(struct blk_engine *engine)
{
	struct unaligned *front = container_of(engine, struct unaligned, engine);

	front->disk->ops->close(front->disk);
	bounces_fini(&front->bounces);
	pthread_mutex_destroy(&front->lock);
	free(front);
}

/* Like the disk, but for how it is asked. */
static void stand_before(struct unaligned *front, struct blk_engine *disk)
{
	front->disk = disk;
	front->ops = *disk->ops;
	front->ops.submit = unaligned_submit;
	front->ops.close = unaligned_close;
	if (disk->ops->measure)
		front->ops.measure = unaligned_measure;
	front->engine = *disk;
	front->engine.ops = &front->ops;
}

int unaligned_open(struct blk_engine **engine, const char *path, struct errbuf *err)
{
	struct unaligned *front;

	if ((*engine)->sector_bytes <= MIN_SECTOR_BYTES)
		return 0;
	front = calloc(1, sizeof(*front));
	if (!front || bounces_init(&front->bounces, *engine)) {
		free(front);
		return errbuf_set(err, -ENOMEM, "image %.300s: no memory", path);
	}
	pthread_mutex_init(&front->lock, NULL);
	claims_init(&front->claims);
	stand_before(front, *engine);
	*engine = &front->engine;
	return 0;
}
