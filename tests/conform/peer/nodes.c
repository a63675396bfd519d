// SPDX-License-Identifier: MIT
#include "tests/conform/peer/nodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conform/verdict.h"

const char *const nodes_offered[] = {
	"max-ring-page-order", "max-ring-pages", "multi-queue-max-queues", "feature-max-indirect-segments",
	"feature-persistent", "feature-flush-cache", "feature-barrier", "feature-discard", "discard-granularity",
	"discard-alignment", "discard-secure", "sectors", "sector-size", "physical-sector-size", "info",
};
const unsigned int nodes_nr_offered = sizeof(nodes_offered) / sizeof(nodes_offered[0]);

struct reading {
	struct nodes *nodes;
	const char *dir;
};

static int read_all(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct reading *reading = arg;
	struct nodes *nodes = reading->nodes;
	unsigned int nr;
	char **names;
	int rc = xb_list(store, reading->dir, &names, &nr, err);

	nodes->nr = 0;
	for (unsigned int i = 0; rc == 0 && i < nr && i < NODES_MAX; i++) {
		snprintf(nodes->node[i].name, sizeof(nodes->node[i].name), "%s", names[i]);
		rc = xb_read_string(store, reading->dir, names[i], nodes->node[i].value, sizeof(nodes->node[i].value),
				    err);
		nodes->nr++;
	}
	free(names);
	return rc;
}

void nodes_read_from(struct nodes *nodes, struct xb_store *store, const char *dir)
{
	struct errbuf err;

	need(xb_transaction(store, read_all, &(struct reading){ nodes, dir }, &err), &err);
}

void nodes_read(struct nodes *nodes, struct front *front, const char *dir)
{
	nodes_read_from(nodes, &front->store, dir);
}

static const char *find(const struct nodes *nodes, const char *name)
{
	for (unsigned int i = 0; i < nodes->nr; i++) {
		if (strcmp(nodes->node[i].name, name) == 0)
			return nodes->node[i].value;
	}
	return NULL;
}

const char *nodes_get(const struct nodes *nodes, const char *name)
{
	return find(nodes, name) ?: "";
}

/* Of a, not as in b. */
static const char *one_different(const struct nodes *a, const struct nodes *b, const char *but)
{
	for (unsigned int i = 0; i < a->nr; i++) {
		const char *value = find(b, a->node[i].name);

		if (strcmp(a->node[i].name, but) != 0 && (!value || strcmp(value, a->node[i].value) != 0))
			return a->node[i].name;
	}
	return NULL;
}

const char *nodes_compare(const struct nodes *a, const struct nodes *b, const char *but)
{
	return one_different(a, b, but) ?: one_different(b, a, but);
}
