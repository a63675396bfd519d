/* SPDX-License-Identifier: MIT */
/*
 * Threads for calls that block: opening images, locks, allocation. A thread is added when all are busy, so that one
 * image on a dead server does not keep another guest's disk waiting.
 *
 * Use: embed a struct helper_job; run() blocks on a helper thread, then done() runs on the loop that asked.
 * Thread: helper_post() from any thread with a loop; start and stop on the main thread. Never logs.
 */
#ifndef BACKEND_CORE_HELPER_H
#define BACKEND_CORE_HELPER_H

#include "backend/core/loop.h"

#define HELPER_MAX_THREADS 64

struct helper_job {
	void (*run)(struct helper_job *job);
	void (*done)(struct helper_job *job);
	/* helper's own */
	struct loop *reply_to;
	struct loop_msg reply;
	struct helper_job *next;
};

struct helper;

struct helper *helper_start(void); /* NULL: no memory */
/* Waits for all that was posted; the replies are in the loops' inboxes then. */
void helper_stop(struct helper *helper);
void helper_post(struct helper *helper, struct loop *reply_to, struct helper_job *job);
/* Something that was posted is not over; of all else the replies are in the loops' inboxes. */
bool helper_is_busy(struct helper *helper);

#endif
