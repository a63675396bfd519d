/* SPDX-License-Identifier: MIT */
/*
 * Which parts of which pages a request covers. Pure.
 *
 * Thread: any. Never logs.
 */
#ifndef FRONTEND_USER_SEGMENTS_H
#define FRONTEND_USER_SEGMENTS_H

#include <stdint.h>

#include "common/wire/blk.h"

#define BLK_SECTOR_BYTES     512U /* of every sector number on the ring, whatever the disk's sector size */
#define BLK_SECTORS_PER_PAGE 8U

/*
 * Cuts nr_sectors, beginning first_sector sectors into a buffer of nr_pages consecutive pages, into segments, one per
 * page touched. Returns how many, nr_pages at most; 0: no sectors, or beyond the buffer.
 */
unsigned int blk_cut_segments(const uint32_t *refs, uint32_t nr_pages, uint32_t first_sector, uint32_t nr_sectors,
			      struct blk_segment *segment);

#endif
