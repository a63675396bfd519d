/* SPDX-License-Identifier: MIT */
/*
 * Memory for requests that have more segments than a slot's buffer has room for (buffers.h): their data, and their
 * segments. A disk has a few, shared out to its queues, each for the largest request that is offered, so that a guest
 * has no more of our memory by asking for more at once, be its rings as large as they may. Who finds none waits for
 * one.
 *
 * Each is taken from the system when it is used, and given back by blk_large_trim(). None is registered with a loop:
 * to pin the pages of one request is little beside moving its data, and to keep 16 MiB pinned is much.
 *
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_BLK_LARGE_H
#define BACKEND_BLK_LARGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/wire/blk.h"

#define BLK_LARGE_DISK_BYTES (32U << 20) /* of data, or two of the largest requests for each of its queues */

struct blk_large {
	uint8_t *data;
	struct blk_segment *segment;
	struct blk_large *next_free;
};

struct blk_large_pool {
	uint8_t *base;
	size_t size_bytes;
	struct blk_large *all, *free;
};

/* One of nr_queues: for requests of up to max_segments; none if they fit a slot's buffer. -ENOMEM. */
int blk_large_init(struct blk_large_pool *pool, uint32_t max_segments, uint32_t nr_slots, uint32_t nr_queues);
/* Nothing may be in use any more. A struct of zeros is fine. */
void blk_large_fini(struct blk_large_pool *pool);

/* NULL: all are in use. The one that was used last is used first. */
struct blk_large *blk_large_take(struct blk_large_pool *pool);
void blk_large_put(struct blk_large_pool *pool, struct blk_large *large);

/* Gives back what has been used so far. Nothing may be in use. */
void blk_large_trim(struct blk_large_pool *pool);

#endif
