/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes that are not of a disk's whole sectors ("units"), served by others that are, through buffers here:
 * the units around a read are read, and what was asked for is copied out; those around a write are read, what is new is
 * put over them, and they are written. That nobody else writes them meanwhile is the caller's part (unaligned.h).
 *
 * Memory is bounded: so many buffers for a disk, whatever is asked for. What is larger goes in pieces, what finds none
 * waits for one.
 *
 * Thread: bounces_serve() on the worker that owns op->loop, on which it goes on; the others on a helper, while nothing
 * is served. Errors: -errno; never logs.
 */
#ifndef BACKEND_BLK_BOUNCES_H
#define BACKEND_BLK_BOUNCES_H

#include <pthread.h>

#include "backend/blk/engine.h"

#define NR_BOUNCES 16

/* What serves one operation, and its buffer. */
struct bounce {
	struct blk_op op; /* of whole units */
	struct iovec iov;
	uint8_t *buffer;
	struct bounces *pool;
	struct blk_op *asked;
	uint64_t done_bytes; /* of that */
	struct bounce *next_free;
};

struct bounces {
	struct blk_engine *disk;
	uint8_t *memory;
	struct bounce bounce[NR_BOUNCES];
	pthread_mutex_t lock; /* the two below; a loop's comes after it */
	struct bounce *free;
	STAILQ_HEAD(, blk_op) waiting;
};

int bounces_init(struct bounces *pool, struct blk_engine *disk);
void bounces_fini(struct bounces *pool);
/* Its done() follows, as for an engine. */
void bounces_serve(struct bounces *pool, struct blk_op *op);

#endif
