// SPDX-License-Identifier: MIT
#include "backend/net/pair_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static LIST_HEAD(, net_pair) pairs;

static struct net_pair *find(const char *name)
{
	struct net_pair *pair;

	LIST_FOREACH(pair, &pairs, entry) {
		if (strcmp(pair->name, name) == 0)
			return pair;
	}
	return NULL;
}

static struct net_pair *make(const char *name)
{
	static unsigned int nr_made;
	struct net_pair *pair = calloc(1, sizeof(*pair));

	if (!pair)
		return NULL;
	snprintf(pair->name, sizeof(pair->name), "%s", name);
	pair->worker = nr_made++;
	LIST_INSERT_HEAD(&pairs, pair, entry);
	return pair;
}

int net_pair_get(struct net_pair **out, const char *name, const void *owner, struct errbuf *err)
{
	struct net_pair *pair;
	unsigned int i = 0;

	if (!*name || strlen(name) >= NET_PAIR_MAX_NAME)
		return errbuf_set(err, -EINVAL, NET_PAIR_SCHEME "%.100s: expected a name of 1 to %d bytes", name,
				  NET_PAIR_MAX_NAME - 1);
	pair = find(name);
	if (!pair)
		pair = make(name);
	if (!pair)
		return errbuf_set(err, -ENOMEM, NET_PAIR_SCHEME "%s: no memory", name);
	while (i < 2 && pair->owner[i])
		i++;
	if (i == 2)
		return errbuf_set(err, -EBUSY, NET_PAIR_SCHEME "%s: two other vifs are its ends", name);
	pair->owner[i] = owner;
	*out = pair;
	return 0;
}

void net_pair_put(struct net_pair *pair, const void *owner)
{
	for (unsigned int i = 0; i < 2; i++) {
		if (pair->owner[i] == owner)
			pair->owner[i] = NULL;
	}
	if (pair->owner[0] || pair->owner[1])
		return;
	LIST_REMOVE(pair, entry);
	free(pair);
}
