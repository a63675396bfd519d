/* SPDX-License-Identifier: MIT */
/*
 * A disk whose image may grow while it is used: measured while its guest asks for something, and once when it stops
 * asking. So a disk grows with its image, and an idle one costs nothing.
 *
 * Thread: made, told and freed on the main thread; the rest on the workers of the disk's queues. Never logs.
 */
#ifndef BACKEND_BLK_GROWTH_H
#define BACKEND_BLK_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

#include "backend/core/helper.h"

struct image;

struct blk_growth {
	struct image *image;
	struct helper *helper;
	struct loop *loop; /* the main thread's */
	/* Main thread: what was asked for is done. size_bytes: of the image; 0: that could not be found out. */
	void (*measured)(struct blk_growth *growth, uint64_t size_bytes);
	struct helper_job job;
	uint64_t size_bytes;
	/* atomic */
	bool is_measuring; /* a worker begins, the main thread ends */
	uint64_t measured_ns; /* when that was last asked for by _look_now_and_then() */
	uint64_t nr_sectors;  /* of the disk, as the guest knows it, or is about to */
};

void blk_growth_init(struct blk_growth *growth, uint64_t nr_sectors);

/* measured() follows. false: it is to follow already, or no such image is measured. */
bool blk_growth_look(struct blk_growth *growth);
/* The same, but not more than once a second. */
void blk_growth_look_now_and_then(struct blk_growth *growth, uint64_t now_ns);

uint64_t blk_growth_nr_sectors(const struct blk_growth *growth);
/* Main thread: requests may be beyond what was the disk's end. */
void blk_growth_grow(struct blk_growth *growth, uint64_t nr_sectors);
/* Main thread: measured() does not follow. */
bool blk_growth_is_idle(const struct blk_growth *growth);

#endif
