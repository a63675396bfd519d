/* SPDX-License-Identifier: MIT */
/*
 * Queues of one device that start and stop together, each on its own worker: what has become of them all. Whose they
 * are names a struct queue_member as the owner of each one's events.
 *
 * queue_group_init(), have each started -> started() -> queue_group_stop() -> ended(); or, if one cannot be started,
 * those that could are stopped again -> ended(), with start_rc.
 * Thread: the main thread. Never fails, never logs.
 */
#ifndef BACKEND_CORE_QUEUE_GROUP_H
#define BACKEND_CORE_QUEUE_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/core/queue.h"
#include "common/base/errbuf.h"

struct queue_group;

struct queue_group_ops {
	void (*started)(struct queue_group *group); /* all of them run */
	/* The first that has failed since; what fails before all run is told after started(). Once. */
	void (*failed)(struct queue_group *group, const char *reason);
	void (*stop)(struct queue_group *group);    /* those that run are to be stopped as stop_how says */
	void (*ended)(struct queue_group *group);   /* none runs */
};

/* One of them, in the class's own struct for it. */
struct queue_member {
	struct queue_group *group;
	bool is_running;
};

struct queue_group {
	const struct queue_group_ops *ops;
	bool is_resumed; /* if not all start, the others hand over what they have begun with: who comes next goes on */
	unsigned int nr_starting, nr_running;
	unsigned int nr_started; /* that have ever run */
	enum queue_stop stop_how;
	int start_rc; /* of the first that did not start */
	struct errbuf start_err;
	const char *failure; /* of the first that failed */
	uint32_t nr_orphans;
};

void queue_group_init(struct queue_group *group, const struct queue_group_ops *ops, unsigned int nr, bool is_resumed);
void queue_group_stop(struct queue_group *group, enum queue_stop how);

/* What one of them tells, as the events of the classes' queues have it: their owner is a struct queue_member. */
void queue_member_started(void *member, int rc, const struct errbuf *err);
void queue_member_failed(void *member, const char *reason);
/* Of one that runs. The last one's ends the group. */
void queue_member_stopped(void *member, uint32_t nr_orphans);

#endif
