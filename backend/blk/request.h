/* SPDX-License-Identifier: MIT */
/*
 * Is this request one that the disk can serve? Pure: limits and a decoded request in, verdict and reason out. What
 * passes here is within the disk, within its pages and of a known kind; nothing after it checks again.
 *
 * Thread: any. Never logs.
 */
#ifndef BACKEND_BLK_REQUEST_H
#define BACKEND_BLK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/blk.h"

#define BLK_SECTOR_BYTES 512 /* the unit of every sector number in blkif, whatever the disk's sector size */

enum blk_verdict {
	BLK_OK,
	BLK_REJECT,      /* answer BLKIF_RSP_ERROR */
	BLK_UNSUPPORTED, /* answer BLKIF_RSP_EOPNOTSUPP */
};

struct blk_limits {
	uint64_t nr_sectors;
	bool is_read_only;
	bool has_discard; /* it is offered */
	uint32_t max_indirect_segments; /* so many are offered; 0: no indirect request is */
};

/*
 * A request that is not indirect. *nr_sectors is the length of the data, or of what is to be forgotten. On anything but
 * BLK_OK, *why is a constant that says what is wrong.
 */
enum blk_verdict blk_request_check(const struct blk_limits *limits, const struct blk_request *req,
				   uint64_t *nr_sectors, const char **why);

/* What an indirect request must be like before its segments are fetched, */
enum blk_verdict blk_indirect_check(const struct blk_limits *limits, const struct blk_request *req, const char **why);
/* and the whole, as above, once they are. */
enum blk_verdict blk_segments_check(const struct blk_limits *limits, const struct blk_request *req,
				    const struct blk_segment *segment, uint64_t *nr_sectors, const char **why);

#endif
