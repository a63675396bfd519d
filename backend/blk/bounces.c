// SPDX-License-Identifier: MIT
#include "backend/blk/bounces.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/container.h"

#define PIECE_BYTES 65536 /* a multiple of every unit */

/* ---- pieces ---------------------------------------------------------------------------------------------------- */

/* Between the buffer, which begins with the piece's first unit, and the memory of who asked. */
static void copy(const struct bounce *b, uint64_t len_bytes, bool is_read)
{
	uint8_t *local = b->buffer + (b->asked->offset_bytes + b->done_bytes - b->op.offset_bytes);
	const struct iovec *iov = b->asked->iov;
	uint64_t skip_bytes = b->done_bytes;

	for (; skip_bytes >= iov->iov_len; iov++)
		skip_bytes -= iov->iov_len;
	for (; len_bytes > 0; iov++, skip_bytes = 0) {
		uint8_t *theirs = (uint8_t *)iov->iov_base + skip_bytes;
		uint64_t n = iov->iov_len - skip_bytes;

		if (n > len_bytes)
			n = len_bytes;
		memcpy(is_read ? theirs : local, is_read ? local : theirs, n);
		local += n;
		len_bytes -= n;
	}
}

/* Of what was asked for, what is in this piece. */
static uint64_t piece_bytes(const struct bounce *b)
{
	uint64_t from = b->asked->offset_bytes + b->done_bytes, to = b->asked->offset_bytes + b->asked->len_bytes;
	uint64_t piece_end = b->op.offset_bytes + b->op.len_bytes;

	return (to < piece_end ? to : piece_end) - from;
}

static void next_piece(struct bounce *b);
static void finish(struct bounce *b, int rc);

static void do_piece(struct bounce *b, enum blk_op_kind kind, void (*done)(struct blk_op *op, int rc))
{
	b->op.kind = kind;
	b->op.done = done;
	b->iov = (struct iovec){ b->buffer, b->op.len_bytes };
	b->op.iov = &b->iov;
	b->op.nr_iov = 1;
	b->pool->disk->ops->submit(b->pool->disk, b->op.loop, &b->op);
}

static void piece_is_done(struct blk_op *op, int rc)
{
	struct bounce *b = container_of(op, struct bounce, op);
	uint64_t len_bytes = piece_bytes(b);

	if (rc) {
		finish(b, rc);
		return;
	}
	if (b->asked->kind == BLK_OP_READ)
		copy(b, len_bytes, true);
	b->done_bytes += len_bytes;
	if (b->done_bytes < b->asked->len_bytes)
		next_piece(b);
	else
		finish(b, 0);
}

static void write_piece(struct bounce *b)
{
	copy(b, piece_bytes(b), false);
	do_piece(b, BLK_OP_WRITE, piece_is_done);
}

static void piece_is_there(struct blk_op *op, int rc)
{
	struct bounce *b = container_of(op, struct bounce, op);

	if (rc)
		finish(b, rc);
	else
		write_piece(b);
}

static void next_piece(struct bounce *b)
{
	const uint32_t unit_bytes = b->pool->disk->sector_bytes;
	uint64_t from = b->asked->offset_bytes + b->done_bytes, to = b->asked->offset_bytes + b->asked->len_bytes;
	uint64_t whole_from = from - from % unit_bytes, whole_to = to + (unit_bytes - to % unit_bytes) % unit_bytes;

	b->op.offset_bytes = whole_from;
	b->op.len_bytes = whole_to - whole_from < PIECE_BYTES ? whole_to - whole_from : PIECE_BYTES;
	if (b->asked->kind == BLK_OP_READ)
		do_piece(b, BLK_OP_READ, piece_is_done);
	else if (piece_bytes(b) < b->op.len_bytes)
		do_piece(b, BLK_OP_READ, piece_is_there);
	else
		write_piece(b);
}

/* ---- the pool -------------------------------------------------------------------------------------------------- */

static void begin(struct bounce *b)
{
	b->done_bytes = 0;
	b->op.loop = b->asked->loop;
	b->op.buffer_index = -1;
	next_piece(b);
}

static void begin_later(struct loop_msg *msg)
{
	begin(container_of(msg, struct blk_op, before.go)->before.bounce);
}

void bounces_serve(struct bounces *pool, struct blk_op *op)
{
	struct bounce *b;

	op->zeros = BLK_ZEROS_AS_DATA; /* what is around it is none */
	pthread_mutex_lock(&pool->lock);
	b = pool->free;
	if (b)
		pool->free = b->next_free;
	else
		STAILQ_INSERT_TAIL(&pool->waiting, op, before.entry);
	pthread_mutex_unlock(&pool->lock);
	if (!b)
		return;
	b->asked = op;
	begin(b);
}

static void give(struct bounce *b, struct blk_op *op)
{
	b->asked = op;
	op->before.bounce = b;
	op->before.go.run = begin_later;
	loop_post(op->loop, &op->before.go);
}

/* Whoever has waited longest has it next. */
static void put(struct bounce *b)
{
	struct bounces *pool = b->pool;
	struct blk_op *next;

	pthread_mutex_lock(&pool->lock);
	next = STAILQ_FIRST(&pool->waiting);
	if (next) {
		STAILQ_REMOVE_HEAD(&pool->waiting, before.entry);
		give(b, next);
	} else {
		b->next_free = pool->free;
		pool->free = b;
	}
	pthread_mutex_unlock(&pool->lock);
}

static void finish(struct bounce *b, int rc)
{
	struct blk_op *op = b->asked;

	put(b);
	op->done(op, rc);
}

int bounces_init(struct bounces *pool, struct blk_engine *disk)
{
	void *memory = mmap(NULL, NR_BOUNCES * PIECE_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return -ENOMEM;
	pool->disk = disk;
	pool->memory = memory;
	pool->free = NULL;
	pthread_mutex_init(&pool->lock, NULL);
	STAILQ_INIT(&pool->waiting);
	for (unsigned int i = 0; i < NR_BOUNCES; i++) {
		pool->bounce[i] = (struct bounce){
			.pool = pool,
			.buffer = pool->memory + i * PIECE_BYTES,
			.next_free = pool->free,
		};
		pool->free = &pool->bounce[i];
	}
	return 0;
}

void bounces_fini(struct bounces *pool)
{
	if (!pool->memory)
		return;
	pthread_mutex_destroy(&pool->lock);
	munmap(pool->memory, NR_BOUNCES * PIECE_BYTES);
	pool->memory = NULL;
}
