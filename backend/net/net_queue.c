// SPDX-License-Identifier: MIT
#include "backend/net/net_queue.h"

#include <errno.h>
#include <stdlib.h>

#include "backend/net/pair.h"
#include "backend/net/tx.h"
#include "backend/net/tx_slots.h"
#include "common/base/container.h"

struct net_queue {
	struct net_queue_params params;
	struct net_queue_events events;
	struct queue queues[NET_NR_RINGS];
	struct net_tx_disowned disowned;
	/* Of a vif with a tap. */
	struct net_tx tx;
	struct net_rx rx;
	struct net_static statics;
	/* Of one that is joined to another. */
	struct net_pair_end pair_end;
	struct net_counters counters;
	struct loop_msg start_msg, stop_msg;              /* to the worker */
	struct loop_msg started_msg, failed_msg, released_msg; /* from it */
	int start_rc;
	struct errbuf start_err;
	const char *failure;
	enum queue_stop stop_how;
	uint32_t nr_orphans;
	unsigned int nr_held; /* parts of us that something still points to */
};

static struct net_queue *from_ring(struct queue *queue, enum net_ring ring)
{
	return container_of(queue - ring, struct net_queue, queues[0]);
}

static void let_go(struct net_queue *nq)
{
	if (--nq->nr_held == 0)
		loop_post(nq->events.loop, &nq->released_msg);
}

/* ---- from the rings -------------------------------------------------------------------------------------------- */

static void fail(struct net_queue *nq, const char *why)
{
	if (nq->failure)
		return;
	nq->failure = why;
	for (unsigned int i = 0; i < NET_NR_RINGS; i++)
		queue_break(&nq->queues[i]);
	loop_post(nq->events.loop, &nq->failed_msg);
}

static void fail_if(struct net_queue *nq, const char *why)
{
	if (why)
		fail(nq, why);
}

static void tx_request(struct queue *queue, uint32_t slot, const void *bytes)
{
	struct net_queue *nq = from_ring(queue, NET_RING_TX);

	fail_if(nq, net_tx_request(&nq->tx, slot, bytes));
}

static void tx_flush(struct queue *queue)
{
	struct net_queue *nq = from_ring(queue, NET_RING_TX);

	fail_if(nq, net_tx_flush(&nq->tx));
}

static bool tx_quiet(struct queue *queue)
{
	net_tx_trim(&from_ring(queue, NET_RING_TX)->tx);
	return true;
}

static void tx_broken(struct queue *queue)
{
	fail(from_ring(queue, NET_RING_TX), "the guest's request index for what it sends is impossible");
}

static void tx_refuse(struct queue *queue, uint32_t slot, const void *bytes)
{
	netif_tx_request_t request;
	netif_tx_response_t response;

	memcpy(&request, bytes, sizeof(request));
	response = (netif_tx_response_t){ .id = request.id, .status = NETIF_RSP_ERROR };
	queue_respond(queue, slot, &response);
	fail(from_ring(queue, NET_RING_TX), QUEUE_REFUSED);
}

static void tx_disown(struct queue *queue, const void *request, void *response)
{
	net_tx_slots_disown(&from_ring(queue, NET_RING_TX)->disowned, request, response);
}

static void tx_stopped(struct queue *queue, uint32_t nr_orphans)
{
	from_ring(queue, NET_RING_TX)->nr_orphans += nr_orphans;
}

static void tx_released(struct queue *queue)
{
	let_go(from_ring(queue, NET_RING_TX));
}

static void rx_flush(struct queue *queue)
{
	struct net_queue *nq = from_ring(queue, NET_RING_RX);

	fail_if(nq, net_rx_flush(&nq->rx));
}

static bool rx_quiet(struct queue *queue)
{
	return net_rx_trim(&from_ring(queue, NET_RING_RX)->rx);
}

static void rx_broken(struct queue *queue)
{
	fail(from_ring(queue, NET_RING_RX), "the guest's request index for what it receives is impossible");
}

/* Not written to: where a daemon died while it answered, a reference may be half overwritten. */
static void rx_disown(struct queue *queue, const void *request, void *response)
{
	const netif_rx_response_t error = {
		.id = ((const netif_rx_request_t *)request)->id,
		.status = NETIF_RSP_ERROR,
	};

	memcpy(response, &error, sizeof(error));
}

static void rx_stopped(struct queue *queue, uint32_t nr_orphans)
{
}

static void rx_released(struct queue *queue)
{
	let_go(from_ring(queue, NET_RING_RX));
}

static void pair_tx_flush(struct queue *queue)
{
	struct net_queue *nq = from_ring(queue, NET_RING_TX);

	fail_if(nq, net_pair_end_flush(&nq->pair_end));
}

static bool pair_tx_quiet(struct queue *queue)
{
	return net_pair_end_trim(&from_ring(queue, NET_RING_TX)->pair_end);
}

static void pair_rx_flush(struct queue *queue)
{
	net_pair_end_posted(&from_ring(queue, NET_RING_RX)->pair_end);
}

static bool pair_rx_quiet(struct queue *queue)
{
	return true;
}

static const struct queue_ops pair_ring_ops[NET_NR_RINGS] = {
	[NET_RING_TX] = {
		.flush = pair_tx_flush,
		.quiet = pair_tx_quiet,
		.broken = tx_broken,
		.refuse = tx_refuse,
		.has_parts = true,
		.left = QUEUE_LEFT_DISOWNED,
		.disown = tx_disown,
		.stopped = tx_stopped,
		.released = tx_released,
	},
	[NET_RING_RX] = {
		.flush = pair_rx_flush,
		.quiet = pair_rx_quiet,
		.broken = rx_broken,
		.left = QUEUE_LEFT_DISOWNED,
		.disown = rx_disown,
		.stopped = rx_stopped,
		.released = rx_released,
	},
};

static const struct queue_ops tap_ring_ops[NET_NR_RINGS] = {
	[NET_RING_TX] = {
		.request = tx_request,
		.flush = tx_flush,
		.quiet = tx_quiet,
		.broken = tx_broken,
		.refuse = tx_refuse,
		.has_parts = true,
		.left = QUEUE_LEFT_DISOWNED,
		.disown = tx_disown,
		.stopped = tx_stopped,
		.released = tx_released,
	},
	[NET_RING_RX] = {
		.flush = rx_flush,
		.quiet = rx_quiet,
		.broken = rx_broken,
		.left = QUEUE_LEFT_DISOWNED,
		.disown = rx_disown,
		.stopped = rx_stopped,
		.released = rx_released,
	},
};

/* ---- start ----------------------------------------------------------------------------------------------------- */

static int open_ring(struct net_queue *nq, enum net_ring ring)
{
	struct queue_params params = {
		.identity = &nq->params.rings[ring].identity,
		.is_resumed = nq->params.is_resumed,
	};
	int rc;

	if (ring == NET_RING_RX && nq->params.has_one_port)
		params.port_owner = &nq->queues[NET_RING_TX];
	rc = queue_open(&nq->queues[ring], nq->params.worker, &params, &nq->start_err);
	nq->nr_held += rc == 0;
	return rc;
}

static int start(struct net_queue *nq)
{
	int rc = open_ring(nq, NET_RING_TX);

	return rc ? rc : open_ring(nq, NET_RING_RX);
}

/* Those that run_stop() stops beside the rings. */
static void start_parts(struct net_queue *nq)
{
	if (nq->params.pair) {
		nq->nr_held += 1;
		net_pair_end_start(&nq->pair_end, nq->params.is_resumed);
	} else {
		nq->nr_held += 3;
		net_static_start(&nq->statics, &nq->params.worker->loop, nq->params.is_resumed);
		net_rx_start(&nq->rx, nq->params.is_resumed);
	}
}

/* Worker. */
static void run_start(struct loop_msg *msg)
{
	struct net_queue *nq = container_of(msg, struct net_queue, start_msg);

	nq->start_rc = start(nq);
	if (nq->start_rc == 0) {
		start_parts(nq);
		loop_post(nq->events.loop, &nq->started_msg);
	} else if (nq->nr_held > 0) {
		/* It is open, the other is not. Nothing was taken: what could be taken up still can. */
		queue_stop(&nq->queues[NET_RING_TX], nq->params.is_resumed ? QUEUE_HAND_OVER : QUEUE_CLOSE);
	} else {
		loop_post(nq->events.loop, &nq->released_msg);
	}
}

/* ---- stop ------------------------------------------------------------------------------------------------------ */

static void rx_let_go(struct net_rx *rx)
{
	let_go(container_of(rx, struct net_queue, rx));
}

static void pair_let_go(struct net_pair_end *end)
{
	let_go(container_of(end, struct net_queue, pair_end));
}

static void tx_let_go(struct net_tx *tx)
{
	let_go(container_of(tx, struct net_queue, tx));
}

static void statics_let_go(struct net_static *statics)
{
	let_go(container_of(statics, struct net_queue, statics));
}

/* Worker. The ring that may use the other's port goes first. */
static void run_stop(struct loop_msg *msg)
{
	struct net_queue *nq = container_of(msg, struct net_queue, stop_msg);

	if (nq->params.pair) {
		net_pair_end_stop(&nq->pair_end, nq->stop_how, pair_let_go);
	} else {
		net_rx_stop(&nq->rx, rx_let_go);
		net_tx_stop(&nq->tx, nq->stop_how, tx_let_go);
		net_static_stop(&nq->statics, statics_let_go);
	}
	queue_stop(&nq->queues[NET_RING_RX], nq->stop_how);
	queue_stop(&nq->queues[NET_RING_TX], nq->stop_how);
}

/* ---- what the main thread is told ------------------------------------------------------------------------------ */

static void run_started(struct loop_msg *msg)
{
	struct net_queue *nq = container_of(msg, struct net_queue, started_msg);

	nq->events.started(nq->events.owner, 0, NULL);
}

static void run_failed(struct loop_msg *msg)
{
	struct net_queue *nq = container_of(msg, struct net_queue, failed_msg);

	nq->events.failed(nq->events.owner, nq->failure);
}

static void run_released(struct loop_msg *msg)
{
	struct net_queue *nq = container_of(msg, struct net_queue, released_msg);

	if (nq->start_rc)
		nq->events.started(nq->events.owner, nq->start_rc, &nq->start_err);
	else
		nq->events.stopped(nq->events.owner, nq->nr_orphans);
}

/* ---- from the main thread -------------------------------------------------------------------------------------- */

static int init_pair_end(struct net_queue *nq)
{
	const struct net_pair_params params = {
		.pair = nq->params.pair,
		.tx = &nq->queues[NET_RING_TX],
		.rx = &nq->queues[NET_RING_RX],
		.limits = nq->params.limits,
		.rate = &nq->params.policy->rate,
		.counters = &nq->counters,
	};

	return net_pair_end_init(&nq->pair_end, &params);
}

static int init_tap(struct net_queue *nq)
{
	const struct net_queue_params *params = &nq->params;
	const struct net_rx_params rx_params = {
		.queue = &nq->queues[NET_RING_RX],
		.null = params->null,
		.tap_fd = params->tap_fd,
		.limits = params->limits,
		.policy = params->policy,
		.counters = &nq->counters.rx,
		.scratch = &params->worker->scratch,
		.state = params->state,
		.lanes = params->lanes,
		.number = params->number,
	};
	const struct net_tx_params tx_params = {
		.queue = &nq->queues[NET_RING_TX],
		.tap_fd = params->tap_fd,
		.nr_slots = params->rings[NET_RING_TX].identity.nr_slots,
		.policy = params->policy,
		.state = params->state,
		.counters = &nq->counters.tx,
		.number = params->number,
	};
	const struct net_static_params static_params = {
		.path = params->static_path,
		.number = params->number,
		.whose = &params->rings[NET_RING_TX].identity,
		.budget = params->budget,
	};
	int rc = net_tx_init(&nq->tx, &tx_params);

	net_static_init(&nq->statics, &static_params);
	for (unsigned int i = 0; i < NET_NR_RINGS; i++) {
		nq->queues[i].grants.registered = &nq->statics.pages;
		nq->queues[i].grants.scratch = &params->worker->scratch;
	}
	return rc ? rc : net_rx_init(&nq->rx, &rx_params);
}

/* Where what is sent, and what is received, is shown to who captures. */
static struct capture **sent_capture(struct net_queue *nq)
{
	return nq->params.pair ? &nq->pair_end.capture : &nq->tx.capture;
}

static struct capture **received_capture(struct net_queue *nq)
{
	return nq->params.pair ? &nq->pair_end.delivery.capture : &nq->rx.delivery.capture;
}

struct net_queue *net_queue_new(const struct net_queue_params *params, const struct net_queue_events *events)
{
	struct net_queue *nq = calloc(1, sizeof(*nq));

	if (!nq)
		return NULL;
	nq->params = *params;
	nq->events = *events;
	for (unsigned int i = 0; i < NET_NR_RINGS; i++)
		queue_init(&nq->queues[i], params->pair ? &pair_ring_ops[i] : &tap_ring_ops[i],
			   &params->rings[i].journal);
	nq->start_msg.run = run_start;
	nq->stop_msg.run = run_stop;
	nq->started_msg.run = run_started;
	nq->failed_msg.run = run_failed;
	nq->released_msg.run = run_released;
	if (params->pair ? init_pair_end(nq) : init_tap(nq)) {
		net_queue_free(nq);
		return NULL;
	}
	if (params->capture) {
		*sent_capture(nq) = capture_get(params->capture);
		*received_capture(nq) = capture_get(params->capture);
	}
	return nq;
}

void net_queue_start(struct net_queue *nq)
{
	loop_post(&nq->params.worker->loop, &nq->start_msg);
}

void net_queue_stop(struct net_queue *nq, enum queue_stop how)
{
	nq->stop_how = how;
	loop_post(&nq->params.worker->loop, &nq->stop_msg);
}

void net_queue_free(struct net_queue *nq)
{
	net_pair_end_fini(&nq->pair_end);
	net_rx_fini(&nq->rx);
	net_tx_fini(&nq->tx);
	free(nq);
}

int net_queue_capture(struct net_queue *nq, struct capture *capture)
{
	struct loop *loop = &nq->params.worker->loop;
	int rc = capture_give(capture, loop, sent_capture(nq));

	return rc ? rc : capture_give(capture, loop, received_capture(nq));
}

/* Worker. */
static void run_change_static(struct loop_msg *msg)
{
	struct net_static_job *job = container_of(msg, struct net_static_job, msg);

	net_static_change(&job->queue->statics, job);
}

void net_queue_change_static(struct net_queue *nq, struct net_static_job *job)
{
	job->queue = nq;
	job->msg.run = run_change_static;
	loop_post(&nq->params.worker->loop, &job->msg);
}

void net_queue_count(const struct net_queue *nq, struct net_counters *sum)
{
	net_counters_add(sum, &nq->counters);
	counter_add(&sum->nr_static_grants, counter_read(&nq->statics.pages.nr_pages));
	for (unsigned int i = 0; i < NET_NR_RINGS; i++) {
		counter_add(&sum->nr_spurious_events, counter_read(&nq->queues[i].nr_spurious_events));
		counter_add(&sum->nr_grant_copies, counter_read(&nq->queues[i].grants.nr_copied));
	}
}
