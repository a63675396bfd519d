// SPDX-License-Identifier: MIT
#include "backend/blk/zeros.h"

#include <string.h>

static bool are_zeros(const struct iovec *iov)
{
	const uint8_t *bytes = iov->iov_base;

	return bytes[0] == 0 && memcmp(bytes, bytes + 1, iov->iov_len - 1) == 0;
}

enum blk_zeros zeros_find(const struct blk_op *op, enum blk_zeros how)
{
	for (unsigned int i = 0; how != BLK_ZEROS_AS_DATA && i < op->nr_iov; i++) {
		if (!are_zeros(&op->iov[i]))
			return BLK_ZEROS_AS_DATA;
	}
	return how;
}
