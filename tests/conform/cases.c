// SPDX-License-Identifier: MIT
#include "tests/conform/case.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CASES 1024

static const struct backend_case *const tables[] = {
	bus_cases, state_cases, close_cases, removal_cases, neighbour_cases, takeover_cases, ring_cases,
	ring_event_cases, ring_index_cases, ring_race_cases, grant_cases, grant_end_cases, grant_error_cases,
	grant_ring_cases, persistent_cases, event_cases, value_cases, node_cases, queue_cases, request_cases,
	reject_cases, disk_cases, data_cases, order_cases, discard_cases, indirect_cases, combination_cases,
	manner_cases,
};

struct list {
	unsigned int nr;
	const void *cases[MAX_CASES];
};

static void append(struct list *list, const void *c)
{
	assert(list->nr < MAX_CASES);
	list->cases[list->nr++] = c;
}

static void shuffle(struct list *list, unsigned int seed)
{
	for (unsigned int i = list->nr; i > 1; i--) {
		unsigned int other = rand_r(&seed) % i;
		const void *c = list->cases[other];

		list->cases[other] = list->cases[i - 1];
		list->cases[i - 1] = c;
	}
}

void cases_visit(const unsigned int *seed, case_visit_fn *visit, void *arg)
{
	struct list list = { 0 };

	for (unsigned int t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct backend_case *c = tables[t]; c->name; c++)
			append(&list, c);
	}
	if (seed)
		shuffle(&list, *seed);
	for (unsigned int i = 0; i < list.nr; i++)
		visit(list.cases[i], arg);
}

const struct backend_case *cases_find(const char *name)
{
	for (unsigned int t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
		for (const struct backend_case *c = tables[t]; c->name; c++) {
			if (strcmp(c->name, name) == 0)
				return c;
		}
	}
	return NULL;
}

static const struct frontend_case *const frontend_tables[] = {
	front_bus_cases, front_state_cases, front_close_cases, front_ring_cases, front_queue_cases, front_event_cases,
	front_response_cases, front_request_cases, front_grant_cases, front_disk_cases, front_offer_cases,
	front_data_cases, front_mix_cases, front_manner_cases,
};

void frontend_cases_visit(const unsigned int *seed, frontend_case_visit_fn *visit, void *arg)
{
	struct list list = { 0 };

	for (unsigned int t = 0; t < sizeof(frontend_tables) / sizeof(frontend_tables[0]); t++) {
		for (const struct frontend_case *c = frontend_tables[t]; c->name; c++)
			append(&list, c);
	}
	if (seed)
		shuffle(&list, *seed);
	for (unsigned int i = 0; i < list.nr; i++)
		visit(list.cases[i], arg);
}

const struct frontend_case *frontend_cases_find(const char *name)
{
	for (unsigned int t = 0; t < sizeof(frontend_tables) / sizeof(frontend_tables[0]); t++) {
		for (const struct frontend_case *c = frontend_tables[t]; c->name; c++) {
			if (strcmp(c->name, name) == 0)
				return c;
		}
	}
	return NULL;
}
