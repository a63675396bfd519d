// SPDX-License-Identifier: MIT
#include "backend/blk/blk.h"

struct blk_config blk_config = {
	.default_abi = BLK_ABI_UNSAID,
	.max_persistent_pages = 1056, /* as in xen-blkback */
	.max_indirect_segments = 256, /* as xen-blkback offers */
};

const char *const blk_grants_names[BLK_NR_GRANTS] = {
	[BLK_GRANTS_AUTO] = "auto",
	[BLK_GRANTS_COPY] = "copy",
	[BLK_GRANTS_MAP] = "map",
};

const char *const blk_zeros_names[BLK_NR_ZEROS] = {
	[BLK_ZEROS_AS_DATA] = "off",
	[BLK_ZEROS_AS_RANGE] = "on",
	[BLK_ZEROS_AS_HOLE] = "unmap",
};
