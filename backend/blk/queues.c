// SPDX-License-Identifier: MIT
#include "backend/blk/queues.h"

#include <stdlib.h>

#include "backend/blk/growth.h"
#include "backend/core/device.h"
#include "backend/core/queue_group.h"
#include "common/base/container.h"

struct blk_queues {
	struct queue_group group;
	struct blk_queues_events events;
	struct loop *loop;
	struct helper *helper;
	struct image *image;
	struct blk_growth growth;
	struct helper_job give_back_job;
	unsigned int nr, nr_released;
	bool has_told_stopped; /* the device may be gone by now */
	bool is_over;          /* the image is given back: freed when it is not measured any more */
	struct member {
		struct queue_member base;
		struct blk_queue *queue;
	} member[DEVICE_MAX_RINGS];
};

static struct blk_queues *to_queues(struct queue_group *group)
{
	return container_of(group, struct blk_queues, group);
}

static void free_all(struct blk_queues *queues)
{
	for (unsigned int i = 0; i < queues->nr; i++)
		blk_queue_free(queues->member[i].queue);
	free(queues);
}

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/*
 * In this order: each queue has stopped (group_ended), each has released what it had, the image is given back, and no
 * helper measures it any more; then all is freed. The device is told of the end at the first of these if there are
 * orphans, at the second in a hand-over, else at the third; see give_back().
 */

static void tell_stopped(struct blk_queues *queues)
{
	if (queues->has_told_stopped)
		return;
	queues->has_told_stopped = true;
	queues->events.stopped(queues->events.device, queues->group.nr_orphans);
}

/* Helper thread. */
static void run_give_back(struct helper_job *job)
{
	struct blk_queues *queues = container_of(job, struct blk_queues, give_back_job);

	image_unlock(queues->image);
	image_put(queues->image);
}

static void given_back(struct helper_job *job)
{
	struct blk_queues *queues = container_of(job, struct blk_queues, give_back_job);
	struct queue_group *group = &queues->group;

	if (group->start_rc)
		queues->events.started(queues->events.device, group->start_rc, &group->start_err);
	else
		tell_stopped(queues);
	queues->is_over = true;
	if (blk_growth_is_idle(&queues->growth))
		free_all(queues);
}

/*
 * Who connects next has to find the image free, so the end is told when it is. But orphans are not waited for, and
 * where it is handed over nobody here connects next.
 */
static void give_back(struct blk_queues *queues)
{
	helper_post(queues->helper, queues->loop, &queues->give_back_job);
	if (!queues->group.start_rc && queues->group.stop_how == QUEUE_HAND_OVER)
		tell_stopped(queues);
}

static void group_ended(struct queue_group *group)
{
	struct blk_queues *queues = to_queues(group);

	if (!group->start_rc && group->nr_orphans > 0)
		tell_stopped(queues);
	if (group->nr_started == 0)
		give_back(queues);
}

/* ---- from the queues ------------------------------------------------------------------------------------------- */

static void on_released(void *owner)
{
	struct queue_group *group = ((struct queue_member *)owner)->group;
	struct blk_queues *queues = to_queues(group);

	if (++queues->nr_released == group->nr_started)
		give_back(queues);
}

static void on_measured(struct blk_growth *growth, uint64_t size_bytes)
{
	struct blk_queues *queues = container_of(growth, struct blk_queues, growth);

	if (queues->is_over)
		free_all(queues);
	else if (!queues->has_told_stopped)
		queues->events.measured(queues->events.device, size_bytes);
}

/* ---- of all together ------------------------------------------------------------------------------------------- */

static void group_started(struct queue_group *group)
{
	struct blk_queues *queues = to_queues(group);

	queues->events.started(queues->events.device, 0, NULL);
}

static void group_failed(struct queue_group *group, const char *reason)
{
	struct blk_queues *queues = to_queues(group);

	queues->events.failed(queues->events.device, reason);
}

static void group_stop(struct queue_group *group)
{
	struct blk_queues *queues = to_queues(group);

	for (unsigned int i = 0; i < queues->nr; i++) {
		if (queues->member[i].base.is_running)
			blk_queue_stop(queues->member[i].queue, group->stop_how);
	}
}

static const struct queue_group_ops group_ops = {
	.started = group_started,
	.failed = group_failed,
	.stop = group_stop,
	.ended = group_ended,
};

/* ---- from the main thread -------------------------------------------------------------------------------------- */

static bool add_queue(struct blk_queues *queues, struct device_ring *ring, uint32_t nr_queues,
		      const struct blk_queue_params *like)
{
	struct member *member = &queues->member[queues->nr];
	const struct blk_queue_events events = {
		.loop = queues->loop,
		.owner = &member->base,
		.started = queue_member_started,
		.failed = queue_member_failed,
		.stopped = queue_member_stopped,
		.released = on_released,
	};
	struct blk_queue_params params = *like;

	params.growth = &queues->growth;
	params.nr_queues = nr_queues;
	params.ring = ring;
	member->base.group = &queues->group;
	member->queue = blk_queue_new(&params, &events);
	queues->nr += member->queue != NULL;
	return member->queue;
}

static void init(struct blk_queues *queues, const struct device_host *host, const struct blk_queue_params *like,
		 const struct blk_queues_events *events)
{
	queues->events = *events;
	queues->loop = host->loop;
	queues->helper = host->helper;
	queues->image = like->image;
	queues->give_back_job.run = run_give_back;
	queues->give_back_job.done = given_back;
	queues->growth = (struct blk_growth){
		.image = like->image,
		.helper = host->helper,
		.loop = host->loop,
		.measured = on_measured,
	};
	blk_growth_init(&queues->growth, like->limits.nr_sectors);
}

static struct blk_queues *new(const struct device_host *host, struct device_rings *rings,
			      const struct blk_queue_params *like, const struct blk_queues_events *events)
{
	struct blk_queues *queues = calloc(1, sizeof(*queues));

	if (!queues)
		return NULL;
	init(queues, host, like, events);
	for (unsigned int i = 0; i < rings->nr; i++) {
		if (!add_queue(queues, &rings->ring[i], rings->nr, like)) {
			free_all(queues);
			return NULL;
		}
	}
	queue_group_init(&queues->group, &group_ops, queues->nr, like->is_resumed);
	return queues;
}

struct blk_queues *blk_queues_start(struct device_host *host, struct device_rings *rings,
				    const struct blk_queue_params *like, const struct blk_queues_events *events)
{
	struct blk_queues *queues = new(host, rings, like, events);

	if (!queues)
		return NULL;
	image_get(queues->image);
	for (unsigned int i = 0; i < queues->nr; i++)
		blk_queue_start(queues->member[i].queue, device_next_worker(host));
	return queues;
}

void blk_queues_stop(struct blk_queues *queues, enum queue_stop how)
{
	queue_group_stop(&queues->group, how);
}

bool blk_queues_measure(struct blk_queues *queues)
{
	return blk_growth_look(&queues->growth);
}

void blk_queues_grow(struct blk_queues *queues, uint64_t nr_sectors)
{
	blk_growth_grow(&queues->growth, nr_sectors);
}

void blk_queues_count(const struct blk_queues *queues, struct blk_counters *sum)
{
	for (unsigned int i = 0; i < queues->nr; i++)
		blk_queue_count(queues->member[i].queue, sum);
}

json_t *blk_queues_requests(const struct blk_queues *queues)
{
	json_t *requests = json_array();

	for (unsigned int i = 0; i < queues->nr; i++)
		json_array_append_new(requests, json_integer(blk_queue_nr_taken(queues->member[i].queue)));
	return requests;
}
