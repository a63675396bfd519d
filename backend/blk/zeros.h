/* SPDX-License-Identifier: MIT */
/*
 * Is what a guest writes nothing but zeros? Then the storage may be told so instead (--detect-zeroes). It is looked for
 * no further than to the first byte that is none.
 *
 * A guest may change a page that is mapped while it is looked at, as while it is written: what it gets is one or the
 * other. Thread: any. Never logs.
 */
#ifndef BACKEND_BLK_ZEROS_H
#define BACKEND_BLK_ZEROS_H

#include "backend/blk/engine.h"

/* How a write may be done: so if it is of zeros, else as any other. */
enum blk_zeros zeros_find(const struct blk_op *op, enum blk_zeros how);

#endif
