/* SPDX-License-Identifier: MIT */
/*
 * Does the backend keep its word on barriers? Told of every write and barrier in the order they were submitted and
 * answered, it says when a write was answered on the wrong side of a barrier. Pure.
 */
#ifndef BLKLOAD_BARRIER_H
#define BLKLOAD_BARRIER_H

#include <stdbool.h>
#include <stdint.h>

struct barrier_watch {
	struct barrier_write {
		uint64_t number; /* in the order of submission */
		bool is_out, is_barrier;
	} *write; /* by the io's index */
	uint32_t nr, nr_barriers_out;
	uint64_t nr_submitted;
};

/* false: out of memory. */
bool barrier_watch_init(struct barrier_watch *watch, uint32_t nr_ios);
void barrier_watch_fini(struct barrier_watch *watch);
void barrier_watch_submitted(struct barrier_watch *watch, uint32_t index, bool is_barrier);
/* NULL, or what is wrong with an answer at this moment. An index that was not submitted (a read) is fine. */
const char *barrier_watch_answered(struct barrier_watch *watch, uint32_t index);

#endif
