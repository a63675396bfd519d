// SPDX-License-Identifier: MIT
#include "backend/blk/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/blk/data.h"
#include "backend/blk/growth.h"
#include "backend/blk/zeros.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/base/crash_point.h"
#include "common/wire/xen_blkif.h"

void blk_io_init(struct blk_queue *bq)
{
	io_list_init(&bq->to_grow);
	io_list_init(&bq->to_learn);
	io_list_init(&bq->to_fetch);
	io_list_init(&bq->to_store);
	blk_order_init(&bq->order);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void respond(struct blk_io *io, int16_t status)
{
	struct blk_queue *bq = io->bq;
	struct blk_response rsp = { .id = io->req.id, .operation = io->req.operation, .status = status };
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];

	if (io->mapped) {
		grants_unmap(&bq->queue.grants, io->mapped, io->req.nr_segments);
		io->mapped = NULL;
	}
	if (io->large) {
		blk_large_put(&bq->large, io->large);
		io->large = NULL;
	}
	blk_order_done(&bq->order, io);
	histogram_add(&bq->counters.latency, clock_now_ns() - io->taken_ns);
	counter_add(&bq->counters.nr_answered, 1);
	blk_response_encode(bq->params.abi, &rsp, slot);
	queue_respond(&bq->queue, io->slot, slot);
}

static void fail(struct blk_io *io, int16_t status, const char *why)
{
	struct blk_queue *bq = io->bq;

	log_limited(&bq->params.log_limits->requests, LOG_WARN,
		    "%s: request refused: operation %u, sector %llu, %u segment(s): %s", bq->label, io->req.operation,
		    (unsigned long long)io->req.sector, io->req.nr_segments, why);
	reasons_count(&bq->counters.errors, why, 1);
	respond(io, status);
}

static void refuse(struct blk_io *io, enum blk_verdict verdict, const char *why)
{
	fail(io, verdict == BLK_UNSUPPORTED ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR, why);
}

static void fail_io(struct blk_io *io, int rc)
{
	struct blk_queue *bq = io->bq;

	log_limited(&bq->params.log_limits->storage, LOG_ERROR, "%s: %s of %llu bytes at sector %llu of %s: %s",
		    bq->label, blk_io_kind_names[io->kind], (unsigned long long)io->op.len_bytes,
		    (unsigned long long)io->req.sector, bq->params.image->spec.path,
		    rc == -ENODATA ? "the image ends before it" : strerror(-rc));
	reasons_count(&bq->counters.errors, "input/output error", 1);
	respond(io, io->kind == BLK_IO_DISCARD && rc == -EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
}

static void succeed(struct blk_io *io)
{
	counter_add(&io->bq->counters.requests[io->kind], 1);
	counter_add(&io->bq->counters.bytes[io->kind], io->op.len_bytes);
	respond(io, BLKIF_RSP_OKAY);
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

static void engine_done(struct blk_op *op, int rc);

static enum blk_op_kind next_op(const struct blk_io *io)
{
	if ((io->steps & IO_STEP_FLUSH_BEFORE) || !(io->steps & IO_STEP_DATA))
		return BLK_OP_FLUSH;
	if (io->kind == BLK_IO_DISCARD)
		return BLK_OP_DISCARD;
	return io->kind == BLK_IO_READ ? BLK_OP_READ : BLK_OP_WRITE;
}

static void submit(struct blk_io *io)
{
	struct blk_queue *bq = io->bq;

	io->op.kind = next_op(io);
	io->op.offset_bytes = io->req.sector * BLK_SECTOR_BYTES;
	io->op.done = engine_done;
	if (io->op.kind == BLK_OP_WRITE)
		io->op.zeros = zeros_find(&io->op, bq->params.zeros);
	bq->params.image->engine->ops->submit(bq->params.image->engine, &bq->worker->loop, &io->op);
	crash_point("submitted");
}

static void engine_done(struct blk_op *op, int rc)
{
	struct blk_io *io = container_of(op, struct blk_io, op);
	struct blk_queue *bq = io->bq;

	crash_point("completed");
	queue_kick(&bq->queue);
	io->steps &= io->steps - 1; /* the first of them is done */
	if (rc == 0 && op->kind == BLK_OP_WRITE && op->zeros != BLK_ZEROS_AS_DATA)
		counter_add(&bq->counters.nr_zeroed_writes, 1);
	if (rc) {
		fail_io(io, rc);
	} else if (io->steps) {
		submit(io);
	} else if (io->kind == BLK_IO_READ && !io->mapped && queue_has_ring(&bq->queue)) {
		io_list_add(&bq->to_store, io);
	} else {
		succeed(io);
	}
}

/* ---- copies ---------------------------------------------------------------------------------------------------- */

/*
 * Copies for the whole list, a batch at a time, then hands each request on. There is a part for each segment at most; a
 * request that has more than a batch is one by itself.
 */
static void copy_list(struct blk_queue *bq, struct io_list *list, void (*copy)(struct blk_io *),
		      void (*then)(struct blk_io *))
{
	struct io_list batch;
	struct blk_io *io;

	while (list->first) {
		io_list_init(&batch);
		do {
			io = io_list_take(list);
			io->copy_failed = false;
			copy(io);
			io_list_add(&batch, io);
		} while (list->first && grants_copy_room(&bq->queue.grants) >= list->first->req.nr_segments);
		blk_data_copy_run(bq);
		crash_point("copied");
		while ((io = io_list_take(&batch))) {
			if (io->copy_failed)
				fail(io, BLKIF_RSP_ERROR, "a grant that cannot be used");
			else
				then(io);
		}
	}
}

/* ---- from the queue -------------------------------------------------------------------------------------------- */

static void begin_data(struct blk_io *io)
{
	struct blk_queue *bq = io->bq;

	if (io->op.len_bytes == 0 || io->kind == BLK_IO_DISCARD) {
		submit(io);
	} else if (bq->params.maps_data) {
		if (blk_data_map(io))
			fail(io, BLKIF_RSP_ERROR, "a grant that cannot be used");
		else
			submit(io);
	} else {
		blk_data_use_buffer(io);
		if (io->kind == BLK_IO_READ)
			submit(io);
		else
			io_list_add(&bq->to_fetch, io);
	}
}

static void begin(struct blk_io *io)
{
	struct blk_queue *bq = io->bq;

	io->mapped = NULL;
	io->segment = io->req.is_indirect ? io->own_segment : io->req.segment;
	if (!io->req.is_indirect)
		begin_data(io);
	else
		io_list_add(io->req.nr_segments > BLK_BUFFER_SEGMENTS ? &bq->to_grow : &bq->to_learn, io);
}

/* In their order, as far as there is memory. Without a ring there is nobody to read or write for. */
static void begin_large(struct blk_queue *bq)
{
	struct blk_large *large;
	struct blk_io *io;

	while (bq->to_grow.first && (large = blk_large_take(&bq->large))) {
		io = io_list_take(&bq->to_grow);
		io->large = large;
		io->segment = large->segment;
		if (queue_has_ring(&bq->queue))
			io_list_add(&bq->to_learn, io);
		else
			respond(io, BLKIF_RSP_ERROR);
	}
}

static struct blk_limits limits_now(const struct blk_queue *bq)
{
	struct blk_limits limits = bq->params.limits;

	limits.nr_sectors = blk_growth_nr_sectors(bq->params.growth);
	return limits;
}

static void begin_indirect(struct blk_io *io)
{
	struct blk_limits limits = limits_now(io->bq);
	enum blk_verdict verdict;
	uint64_t nr_sectors;
	const char *why;

	blk_segments_decode(blk_data_buffer(io), io->req.nr_segments, io->segment);
	verdict = blk_segments_check(&limits, &io->req, io->segment, &nr_sectors, &why);
	io->op.len_bytes = nr_sectors * BLK_SECTOR_BYTES;
	if (verdict == BLK_OK)
		begin_data(io);
	else
		refuse(io, verdict, why);
}

/* What the request is and what the engine is to do for it. */
static void plan(struct blk_io *io)
{
	bool has_data = io->op.len_bytes > 0;

	switch (io->req.operation) {
	case BLKIF_OP_READ:
		io->kind = BLK_IO_READ;
		io->steps = IO_STEP_DATA;
		break;
	case BLKIF_OP_WRITE:
		io->kind = BLK_IO_WRITE;
		io->steps = IO_STEP_DATA;
		break;
	case BLKIF_OP_FLUSH_DISKCACHE:
		io->kind = BLK_IO_FLUSH;
		io->steps = IO_STEP_FLUSH_BEFORE | (has_data ? IO_STEP_DATA : 0);
		break;
	case BLKIF_OP_WRITE_BARRIER:
		io->kind = BLK_IO_BARRIER;
		io->steps = IO_STEP_FLUSH_BEFORE | (has_data ? IO_STEP_DATA | IO_STEP_FLUSH_AFTER : 0);
		break;
	case BLKIF_OP_DISCARD:
		io->kind = BLK_IO_DISCARD;
		io->steps = IO_STEP_DATA;
		break;
	default:
		abort(); /* request.c refused it */
	}
}

static struct blk_io *take(struct blk_queue *bq, uint32_t slot, const void *bytes)
{
	struct blk_io *io = &bq->io[slot];

	io->taken_ns = clock_now_ns();
	blk_growth_look_now_and_then(bq->params.growth, io->taken_ns);
	counter_add(&bq->counters.nr_taken, 1);
	if (*(const uint8_t *)bytes == BLKIF_OP_INDIRECT && bq->params.limits.max_indirect_segments == 0)
		blk_request_decode(bq->params.abi, bytes, &io->req); /* an operation as others that are not offered */
	else
		blk_slot_decode(bq->params.abi, bytes, &io->req);
	return io;
}

void blk_io_refuse(struct queue *queue, uint32_t slot, const void *bytes)
{
	struct blk_io *io = take(to_bq(queue), slot, bytes);

	refuse(io, BLK_REJECT, QUEUE_REFUSED);
}

static enum blk_verdict check(struct blk_io *io, const char **why)
{
	struct blk_limits limits = limits_now(io->bq);
	enum blk_verdict verdict;
	uint64_t nr_sectors;

	if (io->req.is_indirect)
		return blk_indirect_check(&limits, &io->req, why);
	verdict = blk_request_check(&limits, &io->req, &nr_sectors, why);
	io->op.len_bytes = nr_sectors * BLK_SECTOR_BYTES;
	return verdict;
}

void blk_io_request(struct queue *queue, uint32_t slot, const void *bytes)
{
	struct blk_queue *bq = to_bq(queue);
	struct blk_io *io = take(bq, slot, bytes);
	enum blk_verdict verdict;
	const char *why;

	verdict = check(io, &why);
	if (verdict != BLK_OK) {
		refuse(io, verdict, why);
		return;
	}
	plan(io);
	if (blk_order_take(&bq->order, io))
		begin(io);
}

/* Those that a barrier held up. Without a ring there is nobody to read or write for. */
static bool begin_held(struct blk_queue *bq)
{
	struct blk_io *io;
	bool has_begun = false;

	while ((io = blk_order_next(&bq->order))) {
		has_begun = true;
		if (queue_has_ring(&bq->queue))
			begin(io);
		else
			respond(io, BLKIF_RSP_ERROR);
	}
	return has_begun;
}

static void say_if_without_room(struct blk_queue *bq)
{
	const struct persistent *kept = &bq->queue.grants.persistent;

	if (bq->has_said_without_room || !kept->nr_without_room)
		return;
	bq->has_said_without_room = true;
	log_limited(&bq->params.log_limits->requests, LOG_INFO,
		    "%s: the guest uses more pages than may stay mapped (%llu of this ring do): the rest is copied",
		    bq->label, (unsigned long long)kept->nr_pages);
}

void blk_io_flush(struct queue *queue)
{
	struct blk_queue *bq = to_bq(queue);

	begin_large(bq);
	do {
		copy_list(bq, &bq->to_learn, blk_data_fetch_segments, begin_indirect);
		copy_list(bq, &bq->to_fetch, blk_data_fetch, submit);
		if (queue_has_ring(queue))
			copy_list(bq, &bq->to_store, blk_data_store, succeed);
	} while (begin_held(bq));
	/* The next ones in a turn of their own: of requests that fail as they begin each makes room for another. */
	if (bq->to_grow.first && bq->large.free)
		queue_kick(queue);
	say_if_without_room(bq);
}
