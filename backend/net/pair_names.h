/* SPDX-License-Identifier: MIT */
/*
 * Which vifs are joined to each other: those whose `bridge` is "pair:" and the same name.
 *
 * Thread: the main thread; what is in `end` is the worker's. Never logs.
 */
#ifndef BACKEND_NET_PAIR_NAMES_H
#define BACKEND_NET_PAIR_NAMES_H

#include <stdbool.h>
#include <sys/queue.h>

#include "common/base/errbuf.h"
#include "common/wire/pair_name.h"

struct net_pair {
	LIST_ENTRY(net_pair) entry;
	char name[NET_PAIR_MAX_NAME];
	unsigned int worker;        /* which one serves both */
	const void *owner[2];       /* NULL: free */
	struct net_pair_end *end[2]; /* those that are connected */
};

/* Makes the caller an end of it. -EBUSY: it has two. Otherwise -EINVAL, -ENOMEM. */
int net_pair_get(struct net_pair **pair, const char *name, const void *owner, struct errbuf *err);
void net_pair_put(struct net_pair *pair, const void *owner);

#endif
