// SPDX-License-Identifier: MIT
#include "tests/conform/case.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CASES 1024

struct order {
	unsigned int nr;
	const struct case_head *cases[MAX_CASES];
};

static const struct case_head *next(const struct case_list *list, const struct case_head *c)
{
	return (const void *)((const char *)c + list->row_bytes);
}

static void append(struct order *order, const struct case_head *c)
{
	assert(order->nr < MAX_CASES);
	order->cases[order->nr++] = c;
}

static void shuffle(struct order *order, unsigned int seed)
{
	for (unsigned int i = order->nr; i > 1; i--) {
		unsigned int other = rand_r(&seed) % i;
		const struct case_head *c = order->cases[other];

		order->cases[other] = order->cases[i - 1];
		order->cases[i - 1] = c;
	}
}

void cases_visit(const struct case_list *list, const unsigned int *seed, case_visit_fn *visit, void *arg)
{
	struct order order = { 0 };

	for (unsigned int t = 0; t < list->nr; t++) {
		for (const struct case_head *c = list->tables[t]; c->name; c = next(list, c))
			append(&order, c);
	}
	if (seed)
		shuffle(&order, *seed);
	for (unsigned int i = 0; i < order.nr; i++)
		visit(order.cases[i], arg);
}

const struct case_head *cases_find(const struct case_list *list, const char *name)
{
	for (unsigned int t = 0; t < list->nr; t++) {
		for (const struct case_head *c = list->tables[t]; c->name; c = next(list, c)) {
			if (strcmp(c->name, name) == 0)
				return c;
		}
	}
	return NULL;
}
