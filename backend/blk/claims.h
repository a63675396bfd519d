/* SPDX-License-Identifier: MIT */
/*
 * Which write may start now, where some of them read what is around theirs and write it back: of those that overlap,
 * one that does so has to be alone. Of whatever overlaps, what came first goes first, so that nobody waits for ever;
 * writes that bring all that they write go beside each other.
 *
 * Each write: claims_take(), once, then claims_release() when it is over.
 * Thread: any, under the caller's lock. Never fails, never logs.
 */
#ifndef BACKEND_BLK_CLAIMS_H
#define BACKEND_BLK_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

/* The owner fills in the first three. */
struct claim {
	uint64_t from_bytes, to_bytes;
	bool writes_back;	/* more than it brings */
	unsigned int nr_before; /* that it waits for */
	TAILQ_ENTRY(claim) entry;
};

struct claims {
	TAILQ_HEAD(, claim) all; /* in the order in which they came */
	unsigned int nr_writing_back;
};

void claims_init(struct claims *claims);
/* false: it has to wait, until it is what may_go() is called with. */
bool claims_take(struct claims *claims, struct claim *claim);
void claims_release(struct claims *claims, struct claim *claim, void (*may_go)(struct claim *claim));

#endif
