// SPDX-License-Identifier: MIT
#include "backend/blk/claims.h"

#include <stddef.h>

void claims_init(struct claims *claims)
{
	TAILQ_INIT(&claims->all);
	claims->nr_writing_back = 0;
}

static bool conflict(const struct claim *a, const struct claim *b)
{
	return (a->writes_back || b->writes_back) && a->from_bytes < b->to_bytes && b->from_bytes < a->to_bytes;
}

bool claims_take(struct claims *claims, struct claim *claim)
{
	const struct claim *before;

	claim->nr_before = 0;
	claims->nr_writing_back += claim->writes_back;
	if (claims->nr_writing_back) {
		TAILQ_FOREACH(before, &claims->all, entry) {
			claim->nr_before += conflict(before, claim);
		}
	}
	TAILQ_INSERT_TAIL(&claims->all, claim, entry);
	return claim->nr_before == 0;
}

void claims_release(struct claims *claims, struct claim *claim, void (*may_go)(struct claim *claim))
{
	struct claim *after = claims->nr_writing_back ? TAILQ_NEXT(claim, entry) : NULL;

	TAILQ_REMOVE(&claims->all, claim, entry);
	claims->nr_writing_back -= claim->writes_back;
	for (; after; after = TAILQ_NEXT(after, entry)) {
		if (conflict(claim, after) && --after->nr_before == 0)
			may_go(after);
	}
}
