// SPDX-License-Identifier: MIT
#include "frontend/user/nodes.h"

#include <stdio.h>

#include "xenbus/node.h"

int front_publish_queues(struct xb_store *store, const char *dir, const void *front, unsigned int nr_queues,
			 front_publish_queue_fn *publish_queue, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc;

	if (nr_queues == 1)
		return publish_queue(store, dir, front, 0, err);
	rc = xb_write(store, dir, "multi-queue-num-queues", err, "%u", nr_queues);
	for (unsigned int i = 0; rc == 0 && i < nr_queues; i++) {
		rc = xb_path(path, sizeof(path), err, "%s/queue-%u", dir, i);
		if (rc == 0)
			rc = publish_queue(store, path, front, i, err);
	}
	return rc;
}

static int remove_below(struct xb_store *store, const char *dir, const char *name, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc = xb_path(path, sizeof(path), err, "%s/%s", dir, name);

	return rc ? rc : xb_remove(store, path, err);
}

int front_unpublish(struct xb_store *store, const char *dir, const char *const *names, unsigned int nr_names,
		    struct errbuf *err)
{
	char queue[24];
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < nr_names; i++)
		rc = remove_below(store, dir, names[i], err);
	for (unsigned int i = 0; rc == 0 && i < FRONT_MAX_QUEUES; i++) {
		snprintf(queue, sizeof(queue), "queue-%u", i);
		rc = remove_below(store, dir, queue, err);
	}
	return rc;
}
