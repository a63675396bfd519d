// SPDX-License-Identifier: MIT
#include "backend/net/queues.h"

#include <stdlib.h>

#include "backend/core/device.h"
#include "backend/core/queue_group.h"
#include "backend/net/ctrl_ring.h"
#include "backend/net/null.h"
#include "backend/net/pair_names.h"
#include "common/base/container.h"

struct net_queues {
	struct queue_group group;
	struct net_queue_events events;
	unsigned int nr;
	/* The queues, and then the control ring, if there is one. */
	struct member {
		struct queue_member base;
		struct net_queue *queue;
		struct net_ctrl_ring *ctrl;
	} member[TAP_MAX_QUEUES + 1];
	struct net_lanes lanes;
};

static struct net_queues *to_queues(struct queue_group *group)
{
	return container_of(group, struct net_queues, group);
}

static void free_all(struct net_queues *queues)
{
	for (unsigned int i = 0; i < queues->nr; i++) {
		if (queues->member[i].queue)
			net_queue_free(queues->member[i].queue);
		else
			net_ctrl_ring_free(queues->member[i].ctrl);
	}
	net_lanes_fini(&queues->lanes);
	free(queues);
}

/* ---- from the queues ------------------------------------------------------------------------------------------- */

static void stop_queues(struct net_queues *queues)
{
	for (unsigned int i = 0; i < queues->nr; i++) {
		if (queues->member[i].queue && queues->member[i].base.is_running)
			net_queue_stop(queues->member[i].queue, queues->group.stop_how);
	}
}

static void ctrl_stopped(void *owner, uint32_t nr_orphans)
{
	struct queue_group *group = ((struct queue_member *)owner)->group;

	if (group->nr_running > 1)
		stop_queues(to_queues(group));
	queue_member_stopped(owner, nr_orphans);
}

/* ---- of all together ------------------------------------------------------------------------------------------- */

static void group_started(struct queue_group *group)
{
	struct net_queues *queues = to_queues(group);

	queues->events.started(queues->events.owner, 0, NULL);
}

static void group_failed(struct queue_group *group, const char *reason)
{
	struct net_queues *queues = to_queues(group);

	queues->events.failed(queues->events.owner, reason);
}

/* The control ring first: what it has taken is for the queues to do. */
static void group_stop(struct queue_group *group)
{
	struct net_queues *queues = to_queues(group);
	struct member *last = &queues->member[queues->nr - 1];

	if (last->ctrl && last->base.is_running)
		net_ctrl_ring_stop(last->ctrl, group->stop_how);
	else
		stop_queues(queues);
}

static void group_ended(struct queue_group *group)
{
	struct net_queues *queues = to_queues(group);

	if (group->start_rc)
		queues->events.started(queues->events.owner, group->start_rc, &group->start_err);
	else
		queues->events.stopped(queues->events.owner, group->nr_orphans);
	free_all(queues);
}

static const struct queue_group_ops group_ops = {
	.started = group_started,
	.failed = group_failed,
	.stop = group_stop,
	.ended = group_ended,
};

/* ---- from the main thread -------------------------------------------------------------------------------------- */

static struct net_queue_events events_of(struct net_queues *queues, struct member *member)
{
	member->base.group = &queues->group;
	return (struct net_queue_events){
		.loop = queues->events.loop,
		.owner = &member->base,
		.started = queue_member_started,
		.failed = queue_member_failed,
		.stopped = queue_member_stopped,
	};
}

static int fd_of(const struct net_queues_params *params, unsigned int number)
{
	if (params->pair)
		return -1;
	return params->null ? params->null->fd : params->tap->fd[number];
}

static bool add_queue(struct net_queues *queues, const struct net_queues_params *params, struct worker *worker)
{
	struct member *member = &queues->member[queues->nr];
	const struct net_queue_params queue_params = {
		.rings = &params->rings->ring[queues->nr * NET_NR_RINGS],
		.pair = params->pair,
		.null = params->null,
		.tap_fd = fd_of(params, queues->nr),
		.worker = worker,
		.limits = params->limits,
		.policy = params->policy,
		.number = queues->nr,
		.state = params->state,
		.static_path = params->static_path,
		.budget = params->budget,
		.lanes = &queues->lanes,
		.capture = params->capture,
		.has_one_port = params->has_one_port,
		.is_resumed = params->is_resumed,
	};
	struct net_queue_events events;

	events = events_of(queues, member);
	member->queue = net_queue_new(&queue_params, &events);
	queues->nr += member->queue != NULL;
	return member->queue;
}

static bool add_ctrl_ring(struct net_queues *queues, const struct net_queues_params *params, struct worker *worker)
{
	struct member *member = &queues->member[queues->nr];
	struct net_ctrl_ring_params ring_params = {
		.ring = &params->rings->ring[params->nr_queues * NET_NR_RINGS],
		.worker = worker,
		.state = params->state,
		.nr_queues = params->nr_queues,
		.is_resumed = params->is_resumed,
	};
	struct net_queue_events events;

	for (unsigned int i = 0; i < params->nr_queues; i++)
		ring_params.queues[i] = queues->member[i].queue;
	events = events_of(queues, member);
	events.stopped = ctrl_stopped;
	member->ctrl = net_ctrl_ring_new(&ring_params, &events);
	queues->nr += member->ctrl != NULL;
	return member->ctrl;
}

/* Both ends of a pair have the same, so that nothing is between them that would need a lock. */
static struct worker *pick_worker(const struct net_queues_params *params)
{
	struct device_host *host = params->host;

	if (params->pair)
		return &host->workers[params->pair->worker % host->nr_workers];
	return device_next_worker(host);
}

/* The control ring is with the first queue's worker. */
static bool add_all(struct net_queues *queues, const struct net_queues_params *params)
{
	struct worker *workers[TAP_MAX_QUEUES];
	struct loop *loops[TAP_MAX_QUEUES];

	for (unsigned int i = 0; i < params->nr_queues; i++) {
		workers[i] = pick_worker(params);
		loops[i] = &workers[i]->loop;
	}
	net_lanes_init(&queues->lanes, params->nr_queues, loops);
	while (queues->nr < params->nr_queues) {
		if (!add_queue(queues, params, workers[queues->nr]))
			return false;
	}
	return !params->has_ctrl_ring || add_ctrl_ring(queues, params, workers[0]);
}

static struct net_queues *new(const struct net_queues_params *params, const struct net_queue_events *events)
{
	struct net_queues *queues = calloc(1, sizeof(*queues));

	if (!queues)
		return NULL;
	queues->events = *events;
	if (!add_all(queues, params)) {
		free_all(queues);
		return NULL;
	}
	queue_group_init(&queues->group, &group_ops, queues->nr, params->is_resumed);
	return queues;
}

static void start(struct member *member)
{
	if (member->queue)
		net_queue_start(member->queue);
	else
		net_ctrl_ring_start(member->ctrl);
}

struct net_queues *net_queues_start(const struct net_queues_params *params, const struct net_queue_events *events)
{
	struct net_queues *queues = new(params, events);

	if (!queues)
		return NULL;
	for (unsigned int i = 0; i < queues->nr; i++)
		start(&queues->member[i]);
	return queues;
}

void net_queues_stop(struct net_queues *queues, enum queue_stop how)
{
	queue_group_stop(&queues->group, how);
}

int net_queues_capture(struct net_queues *queues, struct capture *capture)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < queues->lanes.nr_queues; i++) /* not the control ring */
		rc = net_queue_capture(queues->member[i].queue, capture);
	return rc;
}

void net_queues_count(const struct net_queues *queues, struct net_counters *sum)
{
	for (unsigned int i = 0; i < queues->nr; i++) {
		if (queues->member[i].queue)
			net_queue_count(queues->member[i].queue, sum);
		else
			counter_add(&sum->nr_spurious_events, net_ctrl_ring_spurious_events(queues->member[i].ctrl));
	}
}

json_t *net_queues_frames(const struct net_queues *queues)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < queues->lanes.nr_queues; i++) {
		struct net_counters counters = { 0 };

		net_queue_count(queues->member[i].queue, &counters);
		json_array_append_new(array, json_pack("{s:I, s:I}", "tx", (json_int_t)counters.tx.nr_frames, "rx",
						       (json_int_t)counters.rx.nr_frames));
	}
	return array;
}
