/* SPDX-License-Identifier: MIT */
/*
 * How often something went wrong, by what was wrong: a few constants in a table that fills as they come up.
 *
 * Thread: reasons_count() on the writer's; the others on any, at any time. Never logs.
 */
#ifndef BACKEND_CORE_REASONS_H
#define BACKEND_CORE_REASONS_H

#include <jansson.h>
#include <stdint.h>

#define REASONS_MAX 16

struct reasons {
	struct {
		const char *why; /* a constant; set once, before its count */
		uint64_t count;
	} reason[REASONS_MAX];
};

/* One that finds no room any more is not counted. */
void reasons_count(struct reasons *reasons, const char *why, uint64_t n);
/* sum belongs to the caller; reasons may be counting. */
void reasons_add(struct reasons *sum, const struct reasons *reasons);
json_t *reasons_json(const struct reasons *reasons); /* { "why": count, ... } */

#endif
