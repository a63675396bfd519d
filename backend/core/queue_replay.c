// SPDX-License-Identifier: MIT
/* What another process has left in a ring is served before anything else: told apart, counted, and tried. */
#include "backend/core/queue_replay.h"

#include "common/base/clock.h"
#include "common/base/container.h"

/*
 * A request that a daemon died of must not be the end of all that follow. What one left is served as ever: most die of
 * something else. What two left may be it, and is tried: of the whole process one request at a time, until it is
 * answered or the process has outlived it for a while; of what comes in parts, those of one queue. Whatever was tried
 * when a third died is known.
 */
#define TRIAL_NS       (1 * 1000000000ULL)
#define TRIAL_RETRY_NS 20000000ULL
#define NR_REPLAYS_OF_KNOWN 2

static struct queue *on_trial; /* atomic: of this process; NULL: none is */

static uint32_t next_replay(const struct queue *queue)
{
	return queue->replays.slots[queue->nr_replayed];
}

static bool is_suspected(const struct queue *queue, uint32_t slot)
{
	return queue->ops->refuse && queue->journal->file->entry[slot].nr_replays > 0;
}

static void trial_timer(struct loop_timer *timer);

static bool begin_trial(struct queue *queue)
{
	struct queue *nobody = NULL;
	bool is_ours = __atomic_compare_exchange_n(&on_trial, &nobody, queue, false, __ATOMIC_ACQ_REL,
						   __ATOMIC_ACQUIRE);

	queue->is_on_trial = is_ours;
	queue->trial_began_ns = clock_now_ns();
	if (!queue->trial.is_armed)
		loop_timer_start(&queue->worker->loop, &queue->trial, is_ours ? TRIAL_NS : TRIAL_RETRY_NS,
				 trial_timer);
	return is_ours;
}

void queue_end_trial(struct queue *queue)
{
	if (!queue->is_on_trial)
		return;
	queue->is_on_trial = false;
	__atomic_store_n(&on_trial, NULL, __ATOMIC_RELEASE);
	queue_kick(queue);
}

void queue_clear_replayed(struct queue *queue)
{
	for (uint32_t i = 0; i < queue->nr_replayed; i++)
		journal_cleared(queue->journal, queue->replays.slots[i]);
}

static void trial_timer(struct loop_timer *timer)
{
	struct queue *queue = container_of(timer, struct queue, trial);
	uint64_t tried_ns = clock_now_ns() - queue->trial_began_ns;

	if (!queue->is_on_trial) {
		queue_kick(queue);
	} else if (tried_ns < TRIAL_NS) {
		loop_timer_start(&queue->worker->loop, &queue->trial, TRIAL_NS - tried_ns, trial_timer);
	} else {
		queue_clear_replayed(queue);
		queue_end_trial(queue);
	}
}

void queue_end_trial_if_answered(struct queue *queue)
{
	if (queue->is_on_trial && queue->journal->file->entry[queue->tried_slot].state == JOURNAL_ENTRY_FREE)
		queue_end_trial(queue);
}

bool queue_may_take(struct queue *queue)
{
	if (queue->state != QUEUE_RUNNING)
		return false;
	if (queue->is_on_trial)
		return queue->ops->has_parts && queue_nr_to_replay(queue);
	return !queue_nr_to_replay(queue) || !is_suspected(queue, next_replay(queue)) || begin_trial(queue);
}

const void *queue_take_replay(struct queue *queue, uint32_t *slot)
{
	uint32_t next = next_replay(queue);
	bool is_known = queue->ops->refuse && queue->journal->file->entry[next].nr_replays >= NR_REPLAYS_OF_KNOWN;
	const void *request = queue_request(queue, next);

	queue->nr_replayed++;
	queue->nr_taken++;
	queue->tried_slot = *slot = next;
	journal_replayed(queue->journal, next);
	if (!is_known)
		return request;
	queue->state = QUEUE_BROKEN;
	queue->ops->refuse(queue, next, request);
	return NULL;
}

bool queue_is_replay(const struct queue *queue, uint32_t slot)
{
	return queue->journal->file->entry[slot].nr_replays > 0;
}
