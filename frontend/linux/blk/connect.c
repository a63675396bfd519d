// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched/mm.h>

#include "frontend/linux/blk/blk.h"
#include "frontend/linux/blk/request.h"

#define TRIM_PERIOD    (10 * HZ)
#define RELEASE_PERIOD (HZ / 10)
#define RELEASE_TRIES  50

static struct blk_front *front_of(struct front_life *life)
{
	return container_of(life, struct blk_front, life);
}

/* ---- the disk stands still while there are no rings -------------------------------------------------------------- */

static void quiesce(struct blk_front *front)
{
	if (front->disk && !front->is_quiesced)
		blk_mq_quiesce_queue(front->disk->queue);
	front->is_quiesced = front->disk;
}

static void unquiesce(struct blk_front *front)
{
	if (!front->is_quiesced)
		return;
	front->is_quiesced = false;
	blk_mq_unquiesce_queue(front->disk->queue);
	blk_mq_kick_requeue_list(front->disk->queue);
}

/* What is not answered goes back to the block layer, or has failed. */
static void take_back(struct blk_queue *queue, bool again)
{
	struct request *rq;

	while ((rq = queue_take_back(queue)) != NULL) {
		request_undo(queue, rq);
		if (again)
			blk_mq_requeue_request(rq, false);
		else
			blk_mq_end_request(rq, BLK_STS_IOERR);
	}
}

static void free_queues(struct blk_front *front)
{
	unsigned int i;

	for (i = 0; i < front->nr_queues; i++)
		queue_fini(&front->queue[i]);
	kvfree(front->queue);
	front->queue = NULL;
	front->nr_queues = 0;
}

/* Of a disk that is quiesced. */
static void stop_queues(struct blk_front *front, enum front_phase phase)
{
	unsigned int i;

	WRITE_ONCE(front->life.phase, phase);
	synchronize_rcu(); /* for who polls */
	cancel_delayed_work_sync(&front->trim);
	for (i = 0; i < front->nr_queues; i++)
		queue_stop(&front->queue[i]);
}

/* And nothing of them is left. */
static void end_queues(struct blk_front *front, bool again)
{
	unsigned int i;

	for (i = 0; i < front->nr_queues; i++)
		take_back(&front->queue[i], again);
	free_queues(front);
}

/* ---- memory that is not needed ----------------------------------------------------------------------------------- */

static void trim_work(struct work_struct *work)
{
	struct blk_front *front = container_of(work, struct blk_front, trim.work);
	unsigned int i;

	for (i = 0; i < front->nr_queues; i++)
		grants_trim(&front->queue[i].grants);
	schedule_delayed_work(&front->trim, TRIM_PERIOD);
}

/* ---- what is kept until the backend has let go ------------------------------------------------------------------- */

/* Requests fail before anybody is told that the disk is gone: a file system that is told so waits for its own. */
static void release_work(struct work_struct *work)
{
	struct blk_front *front = container_of(work, struct blk_front, release.work);

	if (front->release_tries-- > 0 && !nodes_is_let_go(front->life.dev)) {
		schedule_delayed_work(&front->release, RELEASE_PERIOD);
		return;
	}
	mutex_lock(&front->life.mutex);
	end_queues(front, false);
	if (front->disk)
		blk_mark_disk_dead(front->disk);
	mutex_unlock(&front->life.mutex);
	complete_all(&front->released);
}

void front_init(struct blk_front *front)
{
	INIT_DELAYED_WORK(&front->trim, trim_work);
	INIT_DELAYED_WORK(&front->release, release_work);
	init_completion(&front->released);
}

/* ---- coming up --------------------------------------------------------------------------------------------------- */

/* They come last, and one is none. A disk that has come to a backend with fewer has none: interrupts serve all. */
static unsigned int polled_of(struct blk_front *front, unsigned int nr_queues)
{
	if (!front->disk)
		front->nr_polled = min(blk_config.poll_queues, nr_queues - 1);
	else if (front->tags.nr_hw_queues != nr_queues)
		return 0;
	return front->nr_polled;
}

static int open_queues(struct blk_front *front)
{
	unsigned int i, nr, nr_polled;
	int rc = 0;

	nr = min(blk_config.max_queues, num_online_cpus()) + blk_config.poll_queues;
	nr = min(nr, (unsigned int)front->terms.max_queues);
	front->queue = kvcalloc(nr, sizeof(*front->queue), GFP_KERNEL);
	if (!front->queue)
		return -ENOMEM;
	front->nr_queues = nr;
	nr_polled = polled_of(front, nr);
	for (i = 0; rc == 0 && i < nr; i++) {
		front->queue[i].is_polled = i >= nr - nr_polled;
		rc = queue_open(&front->queue[i], front, 1U << front->ring_page_order);
	}
	return rc;
}

/* The disk itself may be what memory is freed by. */
static int offer(struct front_life *life)
{
	struct blk_front *front = front_of(life);
	unsigned int noio = memalloc_noio_save();
	int rc;

	front->offers_persistent = READ_ONCE(blk_config.feature_persistent);
	front->is_trusted = READ_ONCE(blk_config.trusted) && terms_is_trusted(front->life.dev);
	rc = terms_read_offer(front->life.dev, &front->terms);
	if (rc == 0) {
		front->ring_page_order =
			min((unsigned int)front->terms.max_ring_page_order, blk_config.max_ring_page_order);
		rc = open_queues(front);
	}
	if (rc == 0)
		rc = terms_publish(front);
	if (rc == 0) {
		front->life.phase = FRONT_OFFERED;
		xenbus_switch_state(front->life.dev, XenbusStateInitialised);
	}
	memalloc_noio_restore(noio);
	return rc;
}

/* FLUSH, or else a BARRIER without data, which does the same. */
static void agree(struct blk_front *front)
{
	struct blk_terms *terms = &front->terms;
	u64 indirect = min_t(u64, terms->max_indirect_segments, blk_config.max_indirect_segments);
	bool is_read_only = terms->info & VDISK_READONLY;

	terms->is_persistent &= front->offers_persistent;
	front->max_segments = max_t(u64, indirect, BLKIF_MAX_SEGMENTS_PER_REQUEST);
	front->flush_op = 0;
	if (!is_read_only && terms->has_flush)
		front->flush_op = BLKIF_OP_FLUSH_DISKCACHE;
	else if (!is_read_only && terms->has_barrier)
		front->flush_op = BLKIF_OP_WRITE_BARRIER;
	front->has_discard = terms->has_discard && !is_read_only;
}

/* Memory for one request of the largest size in each queue, so that there is always one that goes on. */
static int open_grants(struct blk_front *front)
{
	unsigned int i, nr = max(front->max_segments, front->max_request_segments) + 1;
	int rc = 0;

	for (i = 0; rc == 0 && i < front->nr_queues; i++)
		rc = grants_open(&front->queue[i].grants, front->terms.is_persistent, nr);
	return rc;
}

static void say_terms(const struct blk_front *front)
{
	const struct blk_terms *terms = &front->terms;

	dev_info(&front->life.dev->dev, "%s: %llu sectors%s; queues: %u, slots: %u, segments: %u%s%s%s%s%s\n",
		 front->disk->disk_name, terms->sectors, terms->info & VDISK_READONLY ? ", read-only" : "",
		 front->nr_queues, front->queue[0].ring.layout.nr_slots, front->max_segments,
		 terms->is_persistent ? ", persistent grants" : "", front->is_trusted ? "" : ", not trusted",
		 front->flush_op ? ", flush" : "", front->has_discard ? ", discard" : "",
		 front->queue[front->nr_queues - 1].is_polled ? ", polled queues" : "");
}

/* A disk that was there before a suspension is the same disk still, but for its size. */
static int continue_disk(struct blk_front *front)
{
	if (front->terms.sector_bytes != queue_logical_block_size(front->disk->queue)) {
		xenbus_dev_error(front->life.dev, -EINVAL, "the backend's sector-size is another one than before");
		return -EINVAL;
	}
	disk_resize(front);
	return 0;
}

static int connect(struct front_life *life)
{
	struct blk_front *front = front_of(life);
	unsigned int noio = memalloc_noio_save();
	bool is_new = !front->disk;
	int rc;

	rc = terms_read_disk(front->life.dev, &front->terms);
	if (rc == 0) {
		agree(front);
		rc = open_grants(front);
	}
	if (rc == 0)
		rc = is_new ? disk_make(front) : continue_disk(front);
	if (rc == 0) {
		say_terms(front);
		xenbus_switch_state(front->life.dev, XenbusStateConnected);
		WRITE_ONCE(front->life.phase, FRONT_CONNECTED);
		schedule_delayed_work(&front->trim, TRIM_PERIOD);
		if (is_new)
			schedule_work(&front->add);
		unquiesce(front);
	}
	memalloc_noio_restore(noio);
	return rc;
}

/* The size may have changed. */
static void look(struct front_life *life)
{
	struct blk_front *front = front_of(life);
	u64 before = front->terms.sectors;

	if (terms_read_size(front->life.dev, &front->terms))
		front->terms.sectors = before;
	else
		disk_resize(front);
}

/* ---- going down -------------------------------------------------------------------------------------------------- */

/* What was not answered is kept. */
static void suspend(struct front_life *life)
{
	struct blk_front *front = front_of(life);

	quiesce(front);
	stop_queues(front, front->disk ? FRONT_SUSPENDED : FRONT_IDLE);
	end_queues(front, true);
}

/*
 * The backend may be at work on what is not answered: nobody hears of that, and no page is used again, before it has
 * let go, for some seconds at most.
 */
static void close(struct front_life *life)
{
	struct blk_front *front = front_of(life);

	quiesce(front);
	stop_queues(front, FRONT_CLOSED);
	unquiesce(front);
	xenbus_frontend_closed(front->life.dev);
	front->release_tries = RELEASE_TRIES;
	schedule_delayed_work(&front->release, 0);
}

const struct front_steps disk_steps = {
	.kind = "disk",
	.offer = offer,
	.connect = connect,
	.look = look,
	.suspend = suspend,
	.close = close,
	.unpublish = terms_unpublish,
};
