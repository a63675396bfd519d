/* SPDX-License-Identifier: MIT */
/*
 * A ring is taken up without its journal, as an operator has decided: all that tells where to go on is the ring. It
 * says how many requests are unanswered. Which they are it says only where answers come in its own order, as elsewhere
 * one stands where another request stood. docs/restart.md argues what follows for each class.
 *
 * For queue_setup.c alone. Thread: the queue's worker. Errors: -errno with a reason; never logs.
 */
#ifndef BACKEND_CORE_QUEUE_RECOVER_H
#define BACKEND_CORE_QUEUE_RECOVER_H

#include "backend/core/queue.h"

/* -EUCLEAN: there is no way on from there. */
int queue_recover_attach(struct queue *queue, const struct ring_layout *layout, struct errbuf *err);
/*
 * Answers what is to be answered, then begins the journal. A process that dies in between leaves a ring that can be
 * recovered again; who takes it up goes on from the journal.
 */
int queue_recover_begin(struct queue *queue, const struct journal_identity *identity, struct errbuf *err);

#endif
