// SPDX-License-Identifier: MIT
#include "backend/net/ctrl_ring.h"

#include <stdlib.h>
#include <string.h>

#include "backend/net/ctrl.h"
#include "common/base/container.h"

struct net_ctrl_ring {
	struct net_ctrl_ring_params params;
	struct net_queue_events events;
	struct queue queue;
	struct net_ctrl ctrl;
	/* A message that a queue's worker has to do something for, before any other is taken. */
	struct net_static_job *job; /* NULL: there is none */
	uint32_t slot; /* of the message that is being answered */
	struct loop_msg job_done_msg; /* from that worker to ours */
	struct loop_msg start_msg, stop_msg;                   /* to the worker */
	struct loop_msg started_msg, failed_msg, released_msg; /* from it */
	int start_rc;
	struct errbuf start_err;
	enum queue_stop stop_how;
	uint32_t nr_orphans;
	const char *failure;
};

static struct net_ctrl_ring *from_queue(struct queue *queue)
{
	return container_of(queue, struct net_ctrl_ring, queue);
}

/* ---- from the ring --------------------------------------------------------------------------------------------- */

static void copy_failed(void *context, uint32_t owner, int rc)
{
	*(bool *)context = true;
}

static bool copy(struct net_ctrl_ring *ring, enum grants_direction direction, uint32_t gref, void *local,
		 uint16_t len_bytes)
{
	const struct grants_segment segment = { .gref = gref, .len_bytes = len_bytes, .local = local };
	bool has_failed = false;

	grants_copy(&ring->queue.grants, direction, &segment, 0);
	grants_copy_run(&ring->queue.grants, copy_failed, &has_failed);
	return !has_failed;
}

static bool fetch(void *context, uint32_t gref, void *to, uint16_t len_bytes)
{
	return copy(context, GRANTS_FROM_GUEST, gref, to, len_bytes);
}

static bool store(void *context, uint32_t gref, const void *from, uint16_t len_bytes)
{
	struct net_ctrl_ring *ring = context;

	return queue_has_ring(&ring->queue) && copy(ring, GRANTS_TO_GUEST, gref, (void *)from, len_bytes);
}

static struct xen_netif_ctrl_request request_of(const struct net_ctrl_ring *ring, uint32_t slot)
{
	struct xen_netif_ctrl_request request;

	memcpy(&request, queue_request(&ring->queue, slot), sizeof(request));
	return request;
}

/* The queue's worker. */
static void job_is_done(struct net_static_job *job)
{
	struct net_ctrl_ring *ring = job->asker;

	loop_post(&ring->params.worker->loop, &ring->job_done_msg);
}

static void change(void *context, unsigned int queue, struct net_static_job *job)
{
	struct net_ctrl_ring *ring = context;

	job->asker = ring;
	job->done = job_is_done;
	job->is_replay = queue_is_replay(&ring->queue, ring->slot);
	ring->job = job;
	net_queue_change_static(ring->params.queues[queue], job);
}

static void run_job_done(struct loop_msg *msg)
{
	struct net_ctrl_ring *ring = container_of(msg, struct net_ctrl_ring, job_done_msg);
	const struct xen_netif_ctrl_request message = request_of(ring, ring->slot);
	struct xen_netif_ctrl_response answer;

	net_ctrl_finish(&ring->ctrl, &message, ring->job, &answer);
	ring->job = NULL;
	queue_respond(&ring->queue, ring->slot, &answer);
	queue_kick(&ring->queue);
}

/* One after the other: what a guest asks for while another thing is done for it waits in its ring. */
static void flush(struct queue *queue)
{
	struct net_ctrl_ring *ring = from_queue(queue);
	struct xen_netif_ctrl_request message;
	struct xen_netif_ctrl_response answer;

	while (!ring->job && queue_has_requests(queue, 1) && queue_take(queue, &ring->slot)) {
		message = request_of(ring, ring->slot);
		if (net_ctrl_answer(&ring->ctrl, &message, &answer))
			queue_respond(queue, ring->slot, &answer);
	}
}

static bool quiet(struct queue *queue)
{
	return true;
}

static void tell_failed(struct net_ctrl_ring *ring, const char *failure)
{
	ring->failure = failure;
	loop_post(ring->events.loop, &ring->failed_msg);
}

static void broken(struct queue *queue)
{
	tell_failed(from_queue(queue), "the guest's request index for its control ring is impossible");
}

static void disown(struct queue *queue, const void *request, void *response)
{
	const struct xen_netif_ctrl_request *message = request;
	const struct xen_netif_ctrl_response answer = {
		.id = message->id,
		.type = message->type,
		.status = XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED,
	};

	memcpy(response, &answer, sizeof(answer));
}

static void refuse(struct queue *queue, uint32_t slot, const void *bytes)
{
	struct xen_netif_ctrl_response answer;

	disown(queue, bytes, &answer);
	queue_respond(queue, slot, &answer);
	tell_failed(from_queue(queue), QUEUE_REFUSED);
}

/* A message that is not answered yet holds the ring until its queue has done it. */
static void stopped(struct queue *queue, uint32_t nr_orphans)
{
	from_queue(queue)->nr_orphans = nr_orphans;
}

static void released(struct queue *queue)
{
	struct net_ctrl_ring *ring = from_queue(queue);

	loop_post(ring->events.loop, &ring->released_msg);
}

static const struct queue_ops ops = {
	.flush = flush,
	.quiet = quiet,
	.broken = broken,
	.refuse = refuse,
	.left = QUEUE_LEFT_DISOWNED,
	.disown = disown,
	.stopped = stopped,
	.released = released,
};

/* ---- on the worker --------------------------------------------------------------------------------------------- */

static void run_start(struct loop_msg *msg)
{
	struct net_ctrl_ring *ring = container_of(msg, struct net_ctrl_ring, start_msg);
	const struct queue_params params = {
		.identity = &ring->params.ring->identity,
		.is_resumed = ring->params.is_resumed,
	};

	ring->start_rc = queue_open(&ring->queue, ring->params.worker, &params, &ring->start_err);
	loop_post(ring->events.loop, &ring->started_msg);
}

static void run_stop(struct loop_msg *msg)
{
	struct net_ctrl_ring *ring = container_of(msg, struct net_ctrl_ring, stop_msg);

	queue_stop(&ring->queue, ring->stop_how);
}

/* ---- what the main thread is told ------------------------------------------------------------------------------ */

static void run_started(struct loop_msg *msg)
{
	struct net_ctrl_ring *ring = container_of(msg, struct net_ctrl_ring, started_msg);

	ring->events.started(ring->events.owner, ring->start_rc, &ring->start_err);
}

static void run_failed(struct loop_msg *msg)
{
	struct net_ctrl_ring *ring = container_of(msg, struct net_ctrl_ring, failed_msg);

	ring->events.failed(ring->events.owner, ring->failure);
}

static void run_released(struct loop_msg *msg)
{
	struct net_ctrl_ring *ring = container_of(msg, struct net_ctrl_ring, released_msg);

	ring->events.stopped(ring->events.owner, ring->nr_orphans);
}

/* ---- from the main thread -------------------------------------------------------------------------------------- */

struct net_ctrl_ring *net_ctrl_ring_new(const struct net_ctrl_ring_params *params,
					const struct net_queue_events *events)
{
	struct net_ctrl_ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return NULL;
	ring->params = *params;
	ring->events = *events;
	ring->ctrl = (struct net_ctrl){
		.state = params->state,
		.nr_queues = params->nr_queues,
		.fetch = fetch,
		.store = store,
		.change = change,
		.context = ring,
	};
	queue_init(&ring->queue, &ops, &params->ring->journal);
	ring->start_msg.run = run_start;
	ring->stop_msg.run = run_stop;
	ring->started_msg.run = run_started;
	ring->failed_msg.run = run_failed;
	ring->released_msg.run = run_released;
	ring->job_done_msg.run = run_job_done;
	return ring;
}

void net_ctrl_ring_start(struct net_ctrl_ring *ring)
{
	loop_post(&ring->params.worker->loop, &ring->start_msg);
}

void net_ctrl_ring_stop(struct net_ctrl_ring *ring, enum queue_stop how)
{
	ring->stop_how = how;
	loop_post(&ring->params.worker->loop, &ring->stop_msg);
}

void net_ctrl_ring_free(struct net_ctrl_ring *ring)
{
	free(ring);
}

uint64_t net_ctrl_ring_spurious_events(const struct net_ctrl_ring *ring)
{
	return counter_read(&ring->queue.nr_spurious_events);
}
