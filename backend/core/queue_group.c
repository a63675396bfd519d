// SPDX-License-Identifier: MIT
#include "backend/core/queue_group.h"

void queue_group_init(struct queue_group *group, const struct queue_group_ops *ops, unsigned int nr, bool is_resumed)
{
	*group = (struct queue_group){ .ops = ops, .is_resumed = is_resumed, .nr_starting = nr };
}

void queue_group_stop(struct queue_group *group, enum queue_stop how)
{
	group->stop_how = how;
	group->ops->stop(group);
}

static void all_are_decided(struct queue_group *group)
{
	const char *failure = group->failure;

	if (group->nr_running == 0) {
		group->ops->ended(group);
	} else if (group->start_rc) {
		queue_group_stop(group, group->is_resumed ? QUEUE_HAND_OVER : QUEUE_CLOSE);
	} else {
		group->ops->started(group);
		if (failure)
			group->ops->failed(group, failure);
	}
}

void queue_member_started(void *owner, int rc, const struct errbuf *err)
{
	struct queue_member *member = owner;
	struct queue_group *group = member->group;

	member->is_running = rc == 0;
	group->nr_started += rc == 0;
	group->nr_running += rc == 0;
	if (rc && !group->start_rc) {
		group->start_rc = rc;
		group->start_err = *err;
	}
	if (--group->nr_starting == 0)
		all_are_decided(group);
}

void queue_member_failed(void *owner, const char *reason)
{
	struct queue_group *group = ((struct queue_member *)owner)->group;

	if (group->failure)
		return;
	group->failure = reason;
	if (group->nr_starting == 0 && !group->start_rc)
		group->ops->failed(group, reason);
}

void queue_member_stopped(void *owner, uint32_t nr_orphans)
{
	struct queue_member *member = owner;
	struct queue_group *group = member->group;

	member->is_running = false;
	group->nr_orphans += nr_orphans;
	if (--group->nr_running == 0)
		group->ops->ended(group);
}
