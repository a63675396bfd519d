/* SPDX-License-Identifier: MIT */
/*
 * What another process took from a ring and did not answer, for queue.c alone: it is served before new requests; and a
 * request that daemons may have died of is tried by itself.
 *
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_CORE_QUEUE_REPLAY_H
#define BACKEND_CORE_QUEUE_REPLAY_H

#include "backend/core/queue.h"

/* false: not now, neither what is left nor new ones. The queue runs again when it may. */
bool queue_may_take(struct queue *queue);
/* The next of what is left. NULL: it was refused, and nothing more is taken. */
const void *queue_take_replay(struct queue *queue, uint32_t *slot);
/* After answers were published. */
void queue_end_trial_if_answered(struct queue *queue);
void queue_end_trial(struct queue *queue);
/* We have served what was begun again, and live. */
void queue_clear_replayed(struct queue *queue);

#endif
