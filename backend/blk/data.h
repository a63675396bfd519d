/* SPDX-License-Identifier: MIT */
/*
 * Between a request's segments, which are the guest's pages, and what the engine is given: memory of ours, to or from
 * which data is copied, or the pages themselves, mapped.
 *
 * Copies are gathered by the functions that copy, and done by blk_data_copy_run(). Where one has failed, its request's
 * copy_failed is set.
 *
 * For io.c alone. Thread: the queue's worker. Errors: -errno; never logs.
 */
#ifndef BACKEND_BLK_DATA_H
#define BACKEND_BLK_DATA_H

#include "backend/blk/io.h"

/* Memory of ours that has room for all its data, or, before there is any, for its segments. */
uint8_t *blk_data_buffer(const struct blk_io *io);

/* Both fill in what the engine needs to know. */
void blk_data_use_buffer(struct blk_io *io);
int blk_data_map(struct blk_io *io);

/* As they are, into the buffer. */
void blk_data_fetch_segments(struct blk_io *io);
/* Into the buffer, and out of it. */
void blk_data_fetch(struct blk_io *io);
void blk_data_store(struct blk_io *io);
void blk_data_copy_run(struct blk_queue *bq);

#endif
