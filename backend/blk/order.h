/* SPDX-License-Identifier: MIT */
/*
 * Which request may start now: requests run in any order beside each other, but for a BLKIF_OP_WRITE_BARRIER, which
 * begins when everything taken before it is answered and is answered before anything taken after it begins (xen/io/
 * blkif.h). What has to wait is held here, in the order it was taken.
 *
 * Each request: blk_order_take(), once, then blk_order_done() when it is answered. After that blk_order_next() until
 * it returns NULL.
 *
 * Thread: the queue's worker. Never fails, never logs.
 */
#ifndef BACKEND_BLK_ORDER_H
#define BACKEND_BLK_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/blk/io_list.h"

struct blk_order {
	uint32_t nr_running;
	bool is_barrier_running;
	struct io_list held;
};

void blk_order_init(struct blk_order *order);
/* false: held; blk_order_next() will return it. */
bool blk_order_take(struct blk_order *order, struct blk_io *io);
/* One that was refused before it was taken is none of these. */
void blk_order_done(struct blk_order *order, struct blk_io *io);
/* A request that was held and may start now. */
struct blk_io *blk_order_next(struct blk_order *order);

#endif
