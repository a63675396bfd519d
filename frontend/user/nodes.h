/* SPDX-License-Identifier: MIT */
/*
 * What a frontend of several queues writes into its directory, of either class: each queue's nodes in `queue-N`, or in
 * the directory itself where there is one, as they were before there could be several.
 *
 * Thread: the one that owns the store. Errors: -errno with the node; never logs.
 */
#ifndef FRONTEND_USER_NODES_H
#define FRONTEND_USER_NODES_H

#include "xenbus/device.h"

#define FRONT_MAX_QUEUES 16 /* of any class */

/* Writes the nodes of one queue into dir. */
typedef int front_publish_queue_fn(struct xb_store *store, const char *dir, const void *front, unsigned int queue,
				   struct errbuf *err);

int front_publish_queues(struct xb_store *store, const char *dir, const void *front, unsigned int nr_queues,
			 front_publish_queue_fn *publish_queue, struct errbuf *err);

/* What an earlier life, perhaps another frontend's, left that a backend would read; the queues' directories, too. */
int front_unpublish(struct xb_store *store, const char *dir, const char *const *names, unsigned int nr_names,
		    struct errbuf *err);

#endif
