// SPDX-License-Identifier: MIT
/* discard: tells the backend that what the disk holds is of no use any more. */
#include <errno.h>
#include <string.h>

#include "frontend/user/blkload/load.h"
#include "frontend/user/segments.h"

#define MAX_REQUEST_SECTORS (1U << 21) /* 1 GiB: a multiple of every disk's sectors */

int blkload_discard(struct blkload *bl)
{
	struct blkfront_io *io = blkfront_get(bl->front);
	uint64_t sector, nr_left;
	uint32_t nr;
	int rc;

	if (!blkload_range(bl, &sector, &nr_left))
		return EXIT_USAGE;
	for (; nr_left > 0 && !blkload_stop; sector += nr, nr_left -= nr) {
		nr = nr_left < MAX_REQUEST_SECTORS ? nr_left : MAX_REQUEST_SECTORS;
		rc = blkfront_do(bl->front, io, BLKIF_OP_DISCARD, sector, nr, bl->config->io_timeout_s * 1000);
		if (rc) {
			blkload_error("discard of %u sectors at sector %llu: %s", nr, (unsigned long long)sector,
				      rc == -EOPNOTSUPP ? "the backend does not do that" : strerror(-rc));
			return EXIT_IO;
		}
	}
	return EXIT_OK;
}
