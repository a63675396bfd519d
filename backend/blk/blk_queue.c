// SPDX-License-Identifier: MIT
#include "backend/blk/blk_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/blk/growth.h"
#include "backend/blk/io.h"
#include "backend/core/device_rings.h"

/* ---- from the queue -------------------------------------------------------------------------------------------- */

static void tell_failed(struct blk_queue *bq, const char *reason)
{
	bq->failed_reason = reason;
	loop_post(bq->events.loop, &bq->failed_msg);
}

static void on_broken(struct queue *queue)
{
	tell_failed(to_bq(queue), "the guest's request index is impossible");
}

static void on_refuse(struct queue *queue, uint32_t slot, const void *bytes)
{
	blk_io_refuse(queue, slot, bytes);
	tell_failed(to_bq(queue), QUEUE_REFUSED);
}

static void on_stopped(struct queue *queue, uint32_t nr_orphans)
{
	struct blk_queue *bq = to_bq(queue);

	bq->nr_orphans = nr_orphans;
	bq->params.log_limits = &bq->orphans_log_limits;
	loop_post(bq->events.loop, &bq->stopped_msg);
}

static void free_buffers(struct blk_queue *bq)
{
	blk_buffers_fini(&bq->buffers);
	blk_large_fini(&bq->large);
}

static void on_released(struct queue *queue)
{
	struct blk_queue *bq = to_bq(queue);

	free_buffers(bq);
	loop_post(bq->events.loop, &bq->released_msg);
}

/* The next request takes memory, and maps pages, anew. The image may have grown since the last one was taken. */
static bool on_quiet(struct queue *queue)
{
	bool has_no_pages = grants_trim(&queue->grants);

	blk_growth_look(to_bq(queue)->params.growth);
	blk_large_trim(&to_bq(queue)->large);
	return blk_buffers_trim(&to_bq(queue)->buffers) && has_no_pages;
}

static const struct queue_ops queue_ops = {
	.request = blk_io_request,
	.flush = blk_io_flush,
	.quiet = on_quiet,
	.broken = on_broken,
	.refuse = on_refuse,
	.stopped = on_stopped,
	.released = on_released,
};

/* ---- on the main thread ---------------------------------------------------------------------------------------- */

static void run_started(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, started_msg);

	bq->events.started(bq->events.owner, bq->start_rc, &bq->start_err);
}

static void run_failed(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, failed_msg);

	bq->events.failed(bq->events.owner, bq->failed_reason);
}

static void run_stopped(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, stopped_msg);

	bq->events.stopped(bq->events.owner, bq->nr_orphans);
}

static void run_released(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, released_msg);

	bq->events.released(bq->events.owner);
}

/* ---- on the worker --------------------------------------------------------------------------------------------- */

static int alloc_data(struct blk_queue *bq)
{
	struct loop *loop = bq->params.image->engine->is_direct ? &bq->worker->loop : NULL;
	uint32_t nr_slots = bq->params.ring->identity.nr_slots;

	bq->io = calloc(nr_slots, sizeof(*bq->io));
	if (!bq->io || blk_buffers_init(&bq->buffers, nr_slots, loop) ||
	    blk_large_init(&bq->large, bq->params.limits.max_indirect_segments, nr_slots, bq->params.nr_queues))
		return errbuf_set(&bq->start_err, -ENOMEM, "no memory for %u requests", nr_slots);
	for (uint32_t i = 0; i < nr_slots; i++) {
		bq->io[i].bq = bq;
		bq->io[i].slot = i;
	}
	return 0;
}

/* As many as a guest can have in flight at once, and no more than it may. */
static uint32_t max_persistent_pages(const struct blk_queue *bq)
{
	uint32_t nr = bq->params.limits.max_indirect_segments, nr_pages;

	if (nr < BLK_MAX_SEGMENTS)
		nr = BLK_MAX_SEGMENTS;
	/* The segments of an indirect one have pages, too. */
	nr_pages = bq->params.ring->identity.nr_slots * (nr + blk_nr_segment_pages(nr));

	return nr_pages < bq->params.max_persistent_pages ? nr_pages : bq->params.max_persistent_pages;
}

static void run_start(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, start_msg);
	struct queue_params params = {
		.identity = &bq->params.ring->identity,
		.is_resumed = bq->params.is_resumed,
		.max_persistent_pages = max_persistent_pages(bq),
		.budget = bq->params.budget,
	};

	bq->start_rc = alloc_data(bq);
	if (bq->start_rc == 0)
		bq->start_rc = queue_open(&bq->queue, bq->worker, &params, &bq->start_err);
	if (bq->start_rc)
		free_buffers(bq);
	loop_post(bq->events.loop, &bq->started_msg);
}

static void run_stop(struct loop_msg *msg)
{
	struct blk_queue *bq = container_of(msg, struct blk_queue, stop_msg);

	queue_stop(&bq->queue, bq->stop_how);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

struct blk_queue *blk_queue_new(const struct blk_queue_params *params, const struct blk_queue_events *events)
{
	struct blk_queue *bq = calloc(1, sizeof(*bq));

	if (!bq)
		return NULL;
	bq->params = *params;
	bq->events = *events;
	strncpy(bq->label, params->label, sizeof(bq->label) - 1);
	bq->params.label = bq->label;
	blk_io_init(bq);
	queue_init(&bq->queue, &queue_ops, &params->ring->journal);
	bq->start_msg.run = run_start;
	bq->stop_msg.run = run_stop;
	bq->started_msg.run = run_started;
	bq->failed_msg.run = run_failed;
	bq->stopped_msg.run = run_stopped;
	bq->released_msg.run = run_released;
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

void blk_queue_free(struct blk_queue *bq)
{
	free(bq->io);
	free(bq);
}

uint64_t blk_queue_nr_taken(const struct blk_queue *bq)
{
	return counter_read(&bq->counters.nr_taken);
}

void blk_queue_count(const struct blk_queue *bq, struct blk_counters *sum)
{
	blk_counters_add(sum, &bq->counters);
	counter_add(&sum->nr_spurious_events, counter_read(&bq->queue.nr_spurious_events));
	counter_add(&sum->nr_persistent_pages, counter_read(&bq->queue.grants.persistent.nr_pages));
	counter_add(&sum->nr_pages_without_room, counter_read(&bq->queue.grants.persistent.nr_without_room));
}
