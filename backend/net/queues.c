// SPDX-License-Identifier: MIT
#include "backend/net/queues.h"

#include <stdlib.h>

#include "backend/core/device.h"

struct net_queues {
	struct net_queue_events events;
	bool is_resumed;
	unsigned int nr, nr_starting, nr_running;
	int start_rc; /* of the first that did not start */
	struct errbuf start_err;
	const char *failure; /* of the first that failed */
	uint32_t nr_orphans;
	struct member {
		struct net_queues *queues;
		struct net_queue *queue;
		bool is_running;
	} member[TAP_MAX_QUEUES];
};

static void free_all(struct net_queues *queues)
{
	for (unsigned int i = 0; i < queues->nr; i++)
		net_queue_free(queues->member[i].queue);
	free(queues);
}

/* ---- from the queues ------------------------------------------------------------------------------------------- */

static void tell_that_none_runs(struct net_queues *queues)
{
	if (queues->start_rc)
		queues->events.started(queues->events.owner, queues->start_rc, &queues->start_err);
	else
		queues->events.stopped(queues->events.owner, queues->nr_orphans);
	free_all(queues);
}

/* A queue that has failed before the last one started is told of when they have. */
static void tell_that_all_run(struct net_queues *queues)
{
	const char *failure = queues->failure;

	queues->events.started(queues->events.owner, 0, NULL);
	if (failure)
		queues->events.failed(queues->events.owner, failure);
}

static void on_started(void *owner, int rc, const struct errbuf *err)
{
	struct member *member = owner;
	struct net_queues *queues = member->queues;

	member->is_running = rc == 0;
	queues->nr_running += rc == 0;
	if (rc && !queues->start_rc) {
		queues->start_rc = rc;
		queues->start_err = *err;
	}
	if (--queues->nr_starting > 0)
		return;
	if (queues->nr_running == 0)
		tell_that_none_runs(queues);
	else if (queues->start_rc) /* as if none had run: who may take them up, still may */
		net_queues_stop(queues, queues->is_resumed ? QUEUE_HAND_OVER : QUEUE_CLOSE);
	else
		tell_that_all_run(queues);
}

static void on_failed(void *owner, const char *reason)
{
	struct net_queues *queues = ((struct member *)owner)->queues;

	if (queues->failure)
		return;
	queues->failure = reason;
	if (queues->nr_starting == 0 && !queues->start_rc)
		queues->events.failed(queues->events.owner, reason);
}

static void on_stopped(void *owner, uint32_t nr_orphans)
{
	struct member *member = owner;
	struct net_queues *queues = member->queues;

	member->is_running = false;
	queues->nr_orphans += nr_orphans;
	if (--queues->nr_running == 0)
		tell_that_none_runs(queues);
}

/* ---- from the main thread -------------------------------------------------------------------------------------- */

static bool add_queue(struct net_queues *queues, const struct net_queues_params *params)
{
	struct member *member = &queues->member[queues->nr];
	const struct net_queue_params queue_params = {
		.rings = &params->rings->ring[queues->nr * NET_NR_RINGS],
		.tap_fd = params->tap->fd[queues->nr],
		.limits = params->limits,
		.has_one_port = params->has_one_port,
		.is_resumed = params->is_resumed,
	};
	const struct net_queue_events events = {
		.loop = queues->events.loop,
		.owner = member,
		.started = on_started,
		.failed = on_failed,
		.stopped = on_stopped,
	};

	member->queues = queues;
	member->queue = net_queue_new(&queue_params, &events);
	queues->nr += member->queue != NULL;
	return member->queue;
}

static struct net_queues *new(const struct net_queues_params *params, const struct net_queue_events *events)
{
	struct net_queues *queues = calloc(1, sizeof(*queues));

	if (!queues)
		return NULL;
	queues->events = *events;
	queues->is_resumed = params->is_resumed;
	while (queues->nr < params->nr_queues) {
		if (!add_queue(queues, params)) {
			free_all(queues);
			return NULL;
		}
	}
	return queues;
}

struct net_queues *net_queues_start(const struct net_queues_params *params, const struct net_queue_events *events)
{
	struct net_queues *queues = new(params, events);

	if (!queues)
		return NULL;
	queues->nr_starting = queues->nr;
	for (unsigned int i = 0; i < queues->nr; i++)
		net_queue_start(queues->member[i].queue, device_next_worker(params->host));
	return queues;
}

void net_queues_stop(struct net_queues *queues, enum queue_stop how)
{
	for (unsigned int i = 0; i < queues->nr; i++) {
		if (queues->member[i].is_running)
			net_queue_stop(queues->member[i].queue, how);
	}
}

void net_queues_count(const struct net_queues *queues, struct net_counters *sum)
{
	for (unsigned int i = 0; i < queues->nr; i++)
		net_queue_count(queues->member[i].queue, sum);
}

json_t *net_queues_frames(const struct net_queues *queues)
{
	json_t *array = json_array();

	for (unsigned int i = 0; i < queues->nr; i++) {
		struct net_counters counters = { 0 };

		net_queue_count(queues->member[i].queue, &counters);
		json_array_append_new(array, json_pack("{s:I, s:I}", "tx", (json_int_t)counters.tx.nr_frames, "rx",
						       (json_int_t)counters.rx.nr_frames));
	}
	return array;
}
