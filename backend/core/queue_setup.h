/* SPDX-License-Identifier: MIT */
/*
 * What a queue has besides its port while it is open: memory, the mapped ring, the place in it where it begins or goes
 * on, and the journal's record of that. For queue.c alone.
 *
 * Thread: the queue's worker. Errors: -errno with a reason; never logs. A step that fails leaves what it had done to
 * queue_let_go() and queue_release(), which may follow any.
 */
#ifndef BACKEND_CORE_QUEUE_SETUP_H
#define BACKEND_CORE_QUEUE_SETUP_H

#include "backend/core/queue.h"

int queue_set_up(struct queue *queue, const struct queue_params *params, struct errbuf *err);
/* The last step: from then on a process that dies leaves a ring to be taken up. */
int queue_begin_journal(struct queue *queue, const struct queue_params *params, struct errbuf *err);
/* The guest's: its ring, its other pages, its port. */
void queue_let_go(struct queue *queue);
/* Our memory, once nothing can call back any more. */
void queue_release(struct queue *queue);

#endif
