// SPDX-License-Identifier: MIT
#include "backend/core/queue_replay.h"
#include "backend/core/queue_setup.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "backend/core/metrics.h"
#include "common/base/clock.h"
#include "common/base/container.h"
#include "common/base/crash_point.h"
#include "common/base/errbuf.h"

/*
 * Event storms: the kernel cannot be told that an event was for nothing, so a guest that only sends events would keep
 * a CPU busy. An event is empty when no request was taken since the one before it; after a few in a row the next
 * unmask waits, each time longer. A guest that does real work never waits: its events find requests.
 */
#define FREE_EMPTY_EVENTS    4
#define FIRST_UNMASK_WAIT_NS 20000ULL
#define MAX_UNMASK_WAIT_NS   10000000ULL

static void queue_run(struct loop_task *task);

void queue_init(struct queue *queue, const struct queue_ops *ops, struct journal *journal)
{
	memset(queue, 0, sizeof(*queue));
	queue->ops = ops;
	queue->journal = journal;
	queue->task.run = queue_run;
	grants_init(&queue->grants);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void unmask_now(struct loop_timer *timer)
{
	struct queue *queue = container_of(timer, struct queue, unmask_later);

	queue->has_event = false;
	worker_unmask(queue->worker, &queue->port);
}

static uint64_t unmask_wait_ns(const struct queue *queue)
{
	uint32_t doublings = queue->nr_empty_events - FREE_EMPTY_EVENTS - 1;

	if (doublings >= 9)
		return MAX_UNMASK_WAIT_NS;
	return FIRST_UNMASK_WAIT_NS << doublings;
}

static void finish_event(struct queue *queue)
{
	uint64_t nr_taken = queue->nr_taken + (queue->port_sharer ? queue->port_sharer->nr_taken : 0);

	if (!queue->has_event || queue->unmask_later.is_armed)
		return;
	if (nr_taken != queue->nr_taken_at_event) {
		queue->nr_empty_events = 0;
	} else {
		queue->nr_empty_events++;
		counter_add(&queue->nr_spurious_events, 1);
	}
	queue->nr_taken_at_event = nr_taken;
	if (queue->nr_empty_events <= FREE_EMPTY_EVENTS)
		unmask_now(&queue->unmask_later);
	else
		loop_timer_start(&queue->worker->loop, &queue->unmask_later, unmask_wait_ns(queue), unmask_now);
}

static void port_event(struct worker_port *port)
{
	struct queue *queue = container_of(port, struct queue, port);

	queue->has_event = true;
	if (queue->port_sharer) /* first: what it takes counts when this event is judged */
		loop_defer(&queue->worker->loop, &queue->port_sharer->task);
	loop_defer(&queue->worker->loop, &queue->task);
}

static void notify(struct queue *queue)
{
	worker_notify(queue->worker, queue->port_owner ? &queue->port_owner->port : &queue->port);
	crash_point("notified");
}

void queue_kick(struct queue *queue)
{
	loop_defer(&queue->worker->loop, &queue->task);
}

/* ---- quiet ----------------------------------------------------------------------------------------------------- */

static void look_if_quiet(struct loop_timer *timer);

static void look_later(struct queue *queue)
{
	queue->nr_taken_at_look = queue->nr_taken;
	loop_timer_start(&queue->worker->loop, &queue->quiet_look, QUEUE_QUIET_NS, look_if_quiet);
}

static void look_if_quiet(struct loop_timer *timer)
{
	struct queue *queue = container_of(timer, struct queue, quiet_look);

	if (queue->state != QUEUE_RUNNING)
		return;
	if (queue->nr_taken != queue->nr_taken_at_look || queue_nr_busy(queue) || !queue->ops->quiet(queue))
		look_later(queue);
}

/* A timer every few seconds under load, none without. */
static void watch_for_quiet(struct queue *queue)
{
	if (queue->nr_taken != queue->nr_taken_at_look && !queue->quiet_look.is_armed)
		look_later(queue);
}

/* ---- a batch --------------------------------------------------------------------------------------------------- */

void queue_break(struct queue *queue)
{
	if (queue->state == QUEUE_RUNNING)
		queue->state = QUEUE_BROKEN;
}

static void ring_is_broken(struct queue *queue)
{
	queue->state = QUEUE_BROKEN;
	queue->ops->broken(queue);
}

const void *queue_take(struct queue *queue, uint32_t *slot)
{
	struct journal_entry *entry;
	enum ring_pop got;

	if (!queue_may_take(queue))
		return NULL;
	if (queue_nr_to_replay(queue))
		return queue_take_replay(queue, slot);
	if (queue->nr_free == 0)
		return NULL;
	*slot = queue->free_slots[queue->nr_free - 1];
	entry = &queue->journal->file->entry[*slot];
	got = ring_back_pop(&queue->ring, entry->request);
	if (got == RING_BROKEN)
		ring_is_broken(queue);
	if (got != RING_GOT)
		return NULL;
	queue->nr_free--;
	queue->nr_taken++;
	journal_taken(queue->journal, *slot, ring_back_req_cons(&queue->ring) - 1);
	return entry->request;
}

void queue_give_back(struct queue *queue, uint32_t slot)
{
	if (queue_is_replay(queue, slot)) { /* the ring may have an answer in its place */
		journal_cleared(queue->journal, slot);
		queue->nr_replayed--;
		return;
	}
	ring_back_unpop(&queue->ring);
	journal_given_back(queue->journal, slot);
	queue->free_slots[queue->nr_free++] = slot;
}

const void *queue_request(const struct queue *queue, uint32_t slot)
{
	return queue->journal->file->entry[slot].request;
}

bool queue_has_requests(struct queue *queue, uint32_t nr)
{
	uint32_t nr_to_replay = queue_nr_to_replay(queue);

	if (!queue_may_take(queue))
		return false;
	if (nr <= nr_to_replay)
		return true;
	if (!ring_back_final_check_for(&queue->ring, nr - nr_to_replay))
		return false;
	if (ring_back_look_for(&queue->ring, nr - nr_to_replay) != RING_BROKEN)
		return true;
	ring_is_broken(queue);
	return false;
}

/* For busy_poll: a domain of Xen's that is paravirtual itself pays a system call for the time. */
static uint64_t poll_now_ns(const struct queue *queue)
{
	return busy_poll_ever_looks(&queue->busy_poll) ? clock_now_ns() : 0;
}

/* false: there was none. */
static bool take_requests(struct queue *queue)
{
	uint64_t nr_taken_before = queue->nr_taken;
	const void *request;
	uint32_t slot;

	while ((request = queue_take(queue, &slot)))
		queue->ops->request(queue, slot, request);
	if (queue->nr_taken == nr_taken_before)
		return false;
	busy_poll_took(&queue->busy_poll, poll_now_ns(queue));
	return true;
}

static void push_responses(struct queue *queue)
{
	bool must_notify;

	if (!queue->nr_answered)
		return;
	must_notify = ring_back_push(&queue->ring);
	crash_point("pushed");
	for (uint32_t i = 0; i < queue->nr_answered; i++) {
		journal_freed(queue->journal, queue->answered_slots[i]);
		queue->free_slots[queue->nr_free++] = queue->answered_slots[i];
	}
	queue->nr_answered = 0;
	busy_poll_answered(&queue->busy_poll, poll_now_ns(queue));
	if (must_notify)
		notify(queue);
}

/*
 * To look again costs no event. What was just taken may be done as soon as it is submitted; what stays in flight wakes
 * us anyway, and wants the CPU. Without a free slot, or while something is on trial here or elsewhere, nothing is
 * looked for: what comes back runs the queue.
 */
static void look_again_or_sleep(struct queue *queue, bool has_taken)
{
	bool may_look = has_taken || queue_nr_busy(queue) == 0;

	if (queue->nr_free == 0 || queue->is_on_trial || queue_nr_to_replay(queue))
		return;
	if ((may_look && busy_poll_goes_on(&queue->busy_poll, poll_now_ns(queue))) ||
	    ring_back_final_check(&queue->ring))
		queue_kick(queue);
}

static void try_to_finish_stop(struct queue *queue);
static void release_when_idle(struct queue *queue);

/* What a queue that no longer has its ring does when something completes. */
static void run_without_ring(struct queue *queue)
{
	if (queue->state == QUEUE_ORPHANED) {
		queue->ops->flush(queue);
		if (queue_nr_busy(queue) == 0)
			queue->state = QUEUE_RELEASING;
	}
	if (queue->state == QUEUE_RELEASING)
		release_when_idle(queue);
}

static void queue_run(struct loop_task *task)
{
	struct queue *queue = container_of(task, struct queue, task);
	bool has_taken = false;

	if (queue_has_ring(queue)) {
		if (queue->ops->request)
			has_taken = take_requests(queue);
		queue->ops->flush(queue);
		watch_for_quiet(queue);
		push_responses(queue);
		queue_end_trial_if_answered(queue);
		if (queue->ops->request && queue->state == QUEUE_RUNNING)
			look_again_or_sleep(queue, has_taken);
		finish_event(queue);
		if (queue->state == QUEUE_STOPPING && (queue_nr_busy(queue) == 0 || queue->is_overdue))
			try_to_finish_stop(queue);
	}
	if (!queue_has_ring(queue))
		run_without_ring(queue);
}

void queue_respond(struct queue *queue, uint32_t slot, const void *response)
{
	if (!queue_has_ring(queue)) {
		queue->free_slots[queue->nr_free++] = slot;
		return;
	}
	journal_answering(queue->journal, slot, ring_back_response_index(&queue->ring));
	ring_back_put(&queue->ring, response);
	crash_point("slot-written");
	queue->answered_slots[queue->nr_answered++] = slot;
}

/* ---- open ------------------------------------------------------------------------------------------------------ */

static int get_port(struct queue *queue, const struct queue_params *params, struct errbuf *err)
{
	const struct journal_identity *identity = params->identity;
	int rc;

	queue->port_owner = params->port_owner;
	if (queue->port_owner) {
		queue->port_owner->port_sharer = queue;
		return 0;
	}
	rc = worker_bind(queue->worker, &queue->port, identity->domid, identity->remote_port, port_event);
	if (rc)
		return errbuf_set(err, params->is_resumed ? -EAGAIN : rc,
				  "cannot bind event channel %u of domain %u: %s", identity->remote_port,
				  identity->domid, strerror(-rc));
	return 0;
}

int queue_open(struct queue *queue, struct worker *worker, const struct queue_params *params, struct errbuf *err)
{
	int rc;

	queue->worker = worker;
	busy_poll_init(&queue->busy_poll, worker->params.busy_poll_ns);
	rc = queue_set_up(queue, params, err);
	if (rc == 0)
		rc = get_port(queue, params, err);
	if (rc == 0)
		rc = queue_begin_journal(queue, params, err);
	if (rc) {
		queue_let_go(queue);
		queue_release(queue);
		return rc;
	}
	queue->state = QUEUE_RUNNING;
	/*
	 * Look at once, and notify at once when another process served it before: events of the time between may have
	 * been lost in both directions.
	 */
	queue_kick(queue);
	if (params->is_resumed)
		notify(queue);
	return 0;
}

/* ---- stop ------------------------------------------------------------------------------------------------------ */

static void release_when_idle(struct queue *queue);

static void deadline_gone(struct loop_timer *timer)
{
	release_when_idle(container_of(timer, struct queue, deadline));
}

static void unmask_gone(struct loop_timer *timer)
{
	release_when_idle(container_of(timer, struct queue, unmask_later));
}

static void quiet_look_gone(struct loop_timer *timer)
{
	release_when_idle(container_of(timer, struct queue, quiet_look));
}

static void trial_gone(struct loop_timer *timer)
{
	release_when_idle(container_of(timer, struct queue, trial));
}

/* Timers in the kernel and a task in the loop's list still point here: each comes back, the last one releases. */
static void release_when_idle(struct queue *queue)
{
	struct loop *loop = &queue->worker->loop;

	if (queue->deadline.is_armed)
		loop_timer_cancel(loop, &queue->deadline, deadline_gone);
	else if (queue->unmask_later.is_armed)
		loop_timer_cancel(loop, &queue->unmask_later, unmask_gone);
	else if (queue->quiet_look.is_armed)
		loop_timer_cancel(loop, &queue->quiet_look, quiet_look_gone);
	else if (queue->trial.is_armed)
		loop_timer_cancel(loop, &queue->trial, trial_gone);
	else if (!queue->task.is_deferred) {
		queue_release(queue);
		queue->ops->released(queue);
	}
}

static void finish_stop(struct queue *queue)
{
	uint32_t nr_orphans = queue_nr_busy(queue);

	queue_end_trial(queue);
	queue_clear_replayed(queue);
	if (queue->stop_how == QUEUE_CLOSE)
		journal_end(queue->journal);
	else if (nr_orphans == 0 && queue_nr_to_replay(queue) == 0)
		journal_hand_over(queue->journal, ring_back_req_cons(&queue->ring), ring_back_rsp_prod(&queue->ring));
	queue_let_go(queue);
	queue->state = nr_orphans ? QUEUE_ORPHANED : QUEUE_RELEASING;
	queue->ops->stopped(queue, nr_orphans);
}

/* The guest's pages first, bit by bit: the worker serves others meanwhile. */
static void try_to_finish_stop(struct queue *queue)
{
	if (grants_trim(&queue->grants) || queue->is_overdue)
		finish_stop(queue);
	else
		queue_kick(queue);
}

static void deadline_passed(struct loop_timer *timer)
{
	struct queue *queue = container_of(timer, struct queue, deadline);

	queue->is_overdue = true;
	queue_kick(queue);
}

void queue_stop(struct queue *queue, enum queue_stop how)
{
	queue->state = QUEUE_STOPPING;
	queue->stop_how = how;
	loop_timer_start(&queue->worker->loop, &queue->deadline,
			 how == QUEUE_HAND_OVER ? QUEUE_HAND_OVER_DEADLINE_NS : QUEUE_CLOSE_DEADLINE_NS,
			 deadline_passed);
	queue_kick(queue);
}
