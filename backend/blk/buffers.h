/* SPDX-License-Identifier: MIT */
/*
 * The private memory of a queue's requests: a buffer for each slot, taken from the system when it is first used
 * and given back by blk_buffers_trim().
 *
 * For direct I/O buffers are registered with the loop, several at a time, when one of them is first used: pinned for
 * good they are not pinned at every request, and a disk that is idle pins nothing. Where that is not possible (too
 * many, RLIMIT_MEMLOCK) they are used as they are.
 *
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_BLK_BUFFERS_H
#define BACKEND_BLK_BUFFERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/core/loop.h"

/* For requests of so many segments, which is what Linux's frontend uses if it is not told otherwise. See large.h. */
#define BLK_BUFFER_SEGMENTS 32
#define BLK_BUFFER_BYTES    (BLK_BUFFER_SEGMENTS * 4096)

struct blk_buffers {
	struct loop *loop; /* NULL: they are not to be registered */
	uint8_t *base;
	size_t size_bytes;
	int *index; /* by group of slots; see buffers.c */
	uint32_t nr_groups;
};

/* -ENOMEM. loop: where to register them; NULL: nowhere. */
int blk_buffers_init(struct blk_buffers *buffers, uint32_t nr_slots, struct loop *loop);
/* Nothing may be in flight any more. A struct of zeros is fine. */
void blk_buffers_fini(struct blk_buffers *buffers);

static inline uint8_t *blk_buffers_at(const struct blk_buffers *buffers, uint32_t slot)
{
	return buffers->base + (size_t)slot * BLK_BUFFER_BYTES;
}

/*
 * Gives back what has been used so far. Nothing of these may be in flight; what is used next is taken anew. false: not
 * now, another queue of the loop uses registered buffers. Linux 6.1 lets go of one only when every operation that began
 * before has ended, so that a disk that hangs would make each round of this pin more.
 */
bool blk_buffers_trim(struct blk_buffers *buffers);

/* In which registered buffer of the loop it lies; -1: in none. */
int blk_buffers_index(struct blk_buffers *buffers, uint32_t slot);

#endif
