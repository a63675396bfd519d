// SPDX-License-Identifier: MIT
#include "backend/blk/io.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/wire/xen_blkif.h"

#define PAGE_BYTES 4096

/* A request in flight. The slot's for life; owner: the worker. */
struct blk_io {
	struct blk_op op;
	struct blk_queue *bq;
	struct blk_io *next; /* in one of the queue's lists */
	uint32_t slot;
	struct blk_request req;
	enum blk_io_kind kind;
	bool flushes_first; /* a FLUSH with data: the data is written when the flush is done */
	bool copy_failed;
	void *mapped; /* the guest's pages, side by side; NULL: copied */
	uint64_t taken_ns;
	struct iovec iov[BLK_MAX_SEGMENTS];
};

struct io_list {
	struct blk_io *first, **tail;
};

struct blk_queue {
	struct queue queue;
	struct blk_queue_params params;
	struct blk_queue_events events;
	char label[48];
	struct log_limit orphans_log_limit; /* the device may be gone before they come back */
	/* owner: the worker */
	struct blk_io *io; /* by slot */
	uint8_t *buffers;  /* BLK_MAX_REQUEST_DATA_BYTES each, by slot */
	size_t buffers_bytes;
	int buffer_index;
	struct io_list to_fetch; /* writes whose data is still the guest's */
	struct io_list to_store; /* reads whose data is not yet the guest's */
	struct blk_counters counters;
	/* messages between the threads; each is on its way at most once */
	struct worker *worker;
	struct loop_msg start_msg, stop_msg, started_msg, failed_msg, stopped_msg, released_msg;
	struct helper_job give_back_job;
	enum queue_stop stop_how;
	int start_rc;
	struct errbuf start_err;
	uint32_t nr_orphans;
};

static void list_init(struct io_list *list)
{
	list->first = NULL;
	list->tail = &list->first;
}

static void list_add(struct io_list *list, struct blk_io *io)
{
	io->next = NULL;
	*list->tail = io;
	list->tail = &io->next;
}

static struct blk_io *list_take(struct io_list *list)
{
	struct blk_io *io = list->first;

	if (io) {
		list->first = io->next;
		if (!list->first)
			list->tail = &list->first;
	}
	return io;
}

static uint8_t *io_buffer(const struct blk_io *io)
{
	return io->bq->buffers + (size_t)io->slot * BLK_MAX_REQUEST_DATA_BYTES;
}

static uint32_t segment_bytes(const struct blk_segment *segment)
{
	return (segment->last_sect - segment->first_sect + 1) * BLK_SECTOR_BYTES;
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
	histogram_add(&bq->counters.latency, clock_now_ns() - io->taken_ns);
	counter_add(&bq->counters.nr_answered, 1);
	blk_response_encode(bq->params.abi, &rsp, slot);
	queue_respond(&bq->queue, io->slot, slot);
}

static void fail(struct blk_io *io, int16_t status, const char *why)
{
	struct blk_queue *bq = io->bq;

	log_limited(bq->params.log_limit, LOG_WARN, "%s: request refused: operation %u, sector %llu, %u segment(s): %s",
		    bq->label, io->req.operation, (unsigned long long)io->req.sector, io->req.nr_segments, why);
	blk_counters_error(&bq->counters, why, 1);
	respond(io, status);
}

static void fail_io(struct blk_io *io, int rc)
{
	struct blk_queue *bq = io->bq;

	log_limited(bq->params.log_limit, LOG_ERROR, "%s: %s of %u bytes at sector %llu of %s: %s", bq->label,
		    blk_io_kind_names[io->kind], io->op.len_bytes, (unsigned long long)io->req.sector,
		    bq->params.image->spec.path,
		    rc == -ENODATA ? "the image ends before it" : strerror(-rc));
	blk_counters_error(&bq->counters, "input/output error", 1);
	respond(io, BLKIF_RSP_ERROR);
}

static void succeed(struct blk_io *io)
{
	counter_add(&io->bq->counters.requests[io->kind], 1);
	counter_add(&io->bq->counters.bytes[io->kind], io->op.len_bytes);
	respond(io, BLKIF_RSP_OKAY);
}

/* ---- the engine ------------------------------------------------------------------------------------------------ */

static void engine_done(struct blk_op *op, int rc);

static void submit(struct blk_io *io)
{
	struct blk_queue *bq = io->bq;

	io->op.kind = io->flushes_first		? BLK_OP_FLUSH :
		      io->kind == BLK_IO_READ	? BLK_OP_READ :
		      io->op.len_bytes		? BLK_OP_WRITE :
						  BLK_OP_FLUSH;
	io->op.offset_bytes = io->req.sector * BLK_SECTOR_BYTES;
	io->op.done = engine_done;
	bq->params.image->engine->ops->submit(bq->params.image->engine, &bq->worker->loop, &io->op);
}

static void engine_done(struct blk_op *op, int rc)
{
	struct blk_io *io = container_of(op, struct blk_io, op);
	struct blk_queue *bq = io->bq;

	queue_kick(&bq->queue);
	if (rc) {
		fail_io(io, rc);
	} else if (io->flushes_first) {
		io->flushes_first = false;
		submit(io);
	} else if (io->kind == BLK_IO_READ && !io->mapped && queue_has_ring(&bq->queue)) {
		list_add(&bq->to_store, io);
	} else {
		succeed(io);
	}
}

/* ---- grants ---------------------------------------------------------------------------------------------------- */

static void use_buffer(struct blk_io *io)
{
	io->iov[0] = (struct iovec){ io_buffer(io), io->op.len_bytes };
	io->op.iov = io->iov;
	io->op.nr_iov = 1;
	io->op.buffer_index = io->bq->buffer_index;
}

static int map_segments(struct blk_io *io)
{
	int prot = io->kind == BLK_IO_READ ? PROT_READ | PROT_WRITE : PROT_READ;
	uint32_t gref[BLK_MAX_SEGMENTS];
	int rc;

	for (unsigned int i = 0; i < io->req.nr_segments; i++)
		gref[i] = io->req.segment[i].gref;
	rc = grants_map(&io->bq->queue.grants, gref, io->req.nr_segments, prot, &io->mapped);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < io->req.nr_segments; i++) {
		const struct blk_segment *segment = &io->req.segment[i];

		io->iov[i].iov_base =
			(uint8_t *)io->mapped + i * PAGE_BYTES + segment->first_sect * BLK_SECTOR_BYTES;
		io->iov[i].iov_len = segment_bytes(segment);
	}
	io->op.iov = io->iov;
	io->op.nr_iov = io->req.nr_segments;
	io->op.buffer_index = -1;
	return 0;
}

static void gather_copy(struct blk_io *io, enum grants_direction direction)
{
	struct grants_segment part;
	uint8_t *local = io_buffer(io);

	for (unsigned int i = 0; i < io->req.nr_segments; i++) {
		const struct blk_segment *segment = &io->req.segment[i];

		part = (struct grants_segment){
			.gref = segment->gref,
			.offset_bytes = segment->first_sect * BLK_SECTOR_BYTES,
			.len_bytes = segment_bytes(segment),
			.local = local,
		};
		grants_copy(&io->bq->queue.grants, direction, &part, io->slot);
		local += part.len_bytes;
	}
}

static void copy_failed(void *context, uint32_t slot, int rc)
{
	struct blk_queue *bq = context;

	bq->io[slot].copy_failed = true;
}

/* Copies for the whole list, a batch at a time, then hands each request on. */
static void copy_list(struct blk_queue *bq, struct io_list *list, enum grants_direction direction,
		      void (*then)(struct blk_io *))
{
	struct io_list batch;
	struct blk_io *io;

	while (list->first) {
		list_init(&batch);
		while (list->first && grants_copy_room(&bq->queue.grants) >= list->first->req.nr_segments) {
			io = list_take(list);
			io->copy_failed = false;
			gather_copy(io, direction);
			list_add(&batch, io);
		}
		grants_copy_run(&bq->queue.grants, copy_failed, bq);
		while ((io = list_take(&batch))) {
			if (io->copy_failed)
				fail(io, BLKIF_RSP_ERROR, "a grant that cannot be used");
			else
				then(io);
		}
	}
}

/* ---- from the queue -------------------------------------------------------------------------------------------- */

static struct blk_queue *to_bq(struct queue *queue)
{
	return container_of(queue, struct blk_queue, queue);
}

static void take_data(struct blk_io *io)
{
	struct blk_queue *bq = io->bq;

	io->mapped = NULL;
	if (io->op.len_bytes == 0) {
		submit(io);
	} else if (io->op.len_bytes > bq->params.map_above_bytes) {
		if (map_segments(io))
			fail(io, BLKIF_RSP_ERROR, "a grant that cannot be used");
		else
			submit(io);
	} else {
		use_buffer(io);
		if (io->kind == BLK_IO_READ)
			submit(io);
		else
			list_add(&bq->to_fetch, io);
	}
}

static void on_request(struct queue *queue, uint32_t slot, const void *bytes)
{
	struct blk_queue *bq = to_bq(queue);
	struct blk_io *io = &bq->io[slot];
	enum blk_verdict verdict;
	uint32_t nr_sectors = 0;
	const char *why;

	io->taken_ns = clock_now_ns();
	counter_add(&bq->counters.nr_taken, 1);
	blk_request_decode(bq->params.abi, bytes, &io->req);
	verdict = blk_request_check(&bq->params.limits, &io->req, &nr_sectors, &why);
	io->op.len_bytes = nr_sectors * BLK_SECTOR_BYTES;
	if (verdict != BLK_OK) {
		fail(io, verdict == BLK_UNSUPPORTED ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR, why);
		return;
	}
	io->kind = io->req.operation == BLKIF_OP_READ  ? BLK_IO_READ :
		   io->req.operation == BLKIF_OP_WRITE ? BLK_IO_WRITE :
							 BLK_IO_FLUSH;
	io->flushes_first = io->kind == BLK_IO_FLUSH && io->op.len_bytes > 0;
	take_data(io);
}

static void on_flush(struct queue *queue)
{
	struct blk_queue *bq = to_bq(queue);

	copy_list(bq, &bq->to_fetch, GRANTS_FROM_GUEST, submit);
	if (queue_has_ring(queue))
		copy_list(bq, &bq->to_store, GRANTS_TO_GUEST, succeed);
}

static void on_broken(struct queue *queue)
{
	struct blk_queue *bq = to_bq(queue);

	loop_post(bq->events.loop, &bq->failed_msg);
}

static void on_stopped(struct queue *queue, uint32_t nr_orphans)
{
	struct blk_queue *bq = to_bq(queue);

	bq->nr_orphans = nr_orphans;
	bq->params.log_limit = &bq->orphans_log_limit;
	if (nr_orphans) /* else it is told when the image is free for the next connection */
		loop_post(bq->events.loop, &bq->stopped_msg);
}

static void on_released(struct queue *queue)
{
	struct blk_queue *bq = to_bq(queue);

	if (bq->buffer_index >= 0)
		loop_buffer_unregister(&bq->worker->loop, bq->buffer_index);
	loop_post(bq->events.loop, &bq->released_msg);
}

static const struct queue_ops queue_ops = {
	.request = on_request,
	.flush = on_flush,
	.broken = on_broken,
	.stopped = on_stopped,
	.released = on_released,
};

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void free_queue(struct blk_queue *bq)
{
	if (bq->buffers)
		munmap(bq->buffers, bq->buffers_bytes);
	free(bq->io);
	free(bq);
}

/* Helper thread. */
static void run_give_back(struct helper_job *job)
{
	struct blk_queue *bq = container_of(job, struct blk_queue, give_back_job);

	image_unlock(bq->params.image);
	image_put(bq->params.image);
}

/* Main thread. With orphans the device was told before, and may be gone by now. */
static void finish(struct blk_queue *bq)
{
	if (bq->start_rc)
		bq->events.started(bq->events.device, bq->start_rc, &bq->start_err);
	else if (bq->nr_orphans == 0)
		bq->events.stopped(bq->events.device, 0);
	free_queue(bq);
}

static void given_back(struct helper_job *job)
{
	finish(container_of(job, struct blk_queue, give_back_job));
}

static void give_image_back(struct blk_queue *bq)
{
	helper_post(bq->events.helper, bq->events.loop, &bq->give_back_job);
}

/* Main thread. */
static void run_started(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, started_msg);

	if (bq->start_rc)
		give_image_back(bq);
	else
		bq->events.started(bq->events.device, 0, NULL);
}

static void run_failed(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, failed_msg);

	bq->events.failed(bq->events.device, "the guest's request index is impossible");
}

static void run_stopped(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, stopped_msg);

	bq->events.stopped(bq->events.device, bq->nr_orphans);
}

static void run_released(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, released_msg);

	if (bq->stop_how == QUEUE_HAND_OVER) { /* the lock goes with the process, which waits for no storage */
		image_put(bq->params.image);   /* does not close it: the device has a reference */
		finish(bq);
	} else {
		give_image_back(bq);
	}
}

static int alloc_data(struct blk_queue *bq)
{
	uint32_t nr_slots = bq->params.identity.nr_slots;

	bq->io = calloc(nr_slots, sizeof(*bq->io));
	bq->buffers_bytes = (size_t)nr_slots * BLK_MAX_REQUEST_DATA_BYTES;
	bq->buffers = mmap(NULL, bq->buffers_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			   -1, 0);
	if (bq->buffers == MAP_FAILED)
		bq->buffers = NULL;
	if (!bq->io || !bq->buffers)
		return errbuf_set(&bq->start_err, -ENOMEM, "no memory for %u requests", nr_slots);
	for (uint32_t i = 0; i < nr_slots; i++) {
		bq->io[i].bq = bq;
		bq->io[i].slot = i;
	}
	return 0;
}

/* Worker. */
static void run_start(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, start_msg);
	struct queue_params params = { .identity = &bq->params.identity, .is_resumed = bq->params.is_resumed };

	bq->start_rc = alloc_data(bq);
	if (bq->start_rc == 0)
		bq->start_rc = queue_open(&bq->queue, bq->worker, &params, &bq->start_err);
	/* Pinned for good and so not copied at every request; without it direct I/O only costs more. */
	if (bq->start_rc == 0 && bq->params.image->engine->is_direct)
		bq->buffer_index = loop_buffer_register(&bq->worker->loop, bq->buffers, bq->buffers_bytes);
	loop_post(bq->events.loop, &bq->started_msg);
}

static void run_stop(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, stop_msg);

	queue_stop(&bq->queue, bq->stop_how);
}

struct blk_queue *blk_queue_new(const struct blk_queue_params *params, const struct blk_queue_events *events)
{
	struct blk_queue *bq = calloc(1, sizeof(*bq));

	if (!bq)
		return NULL;
	bq->params = *params;
	bq->events = *events;
	strncpy(bq->label, params->label, sizeof(bq->label) - 1);
	bq->params.label = bq->label;
	bq->buffer_index = -1;
	list_init(&bq->to_fetch);
	list_init(&bq->to_store);
	queue_init(&bq->queue, &queue_ops, params->journal);
	bq->start_msg.run = run_start;
	bq->stop_msg.run = run_stop;
	bq->started_msg.run = run_started;
	bq->failed_msg.run = run_failed;
	bq->stopped_msg.run = run_stopped;
	bq->released_msg.run = run_released;
	bq->give_back_job.run = run_give_back;
	bq->give_back_job.done = given_back;
	image_get(bq->params.image);
	return bq;
}

void blk_queue_start(struct blk_queue *bq, struct worker *worker)
{
	bq->worker = worker;
	loop_post(&worker->loop, &bq->start_msg);
}

void blk_queue_stop(struct blk_queue *bq, enum queue_stop how)
{
	bq->stop_how = how;
	loop_post(&bq->worker->loop, &bq->stop_msg);
}

void blk_queue_count(const struct blk_queue *bq, struct blk_counters *sum)
{
	blk_counters_add(sum, &bq->counters);
	counter_add(&sum->nr_spurious_events, counter_read(&bq->queue.nr_spurious_events));
}
