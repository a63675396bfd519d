/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A request of the block layer's as one or more of the ring's: what it lends the backend, and takes back.
 *
 * Data is copied through pages of ours where grants are persistent, where the backend is not trusted, and where a page
 * is not wholly this request's: what else stands in it is nobody's business. Otherwise the backend gets the very pages.
 */
#ifndef FRONTEND_LINUX_BLK_REQUEST_H
#define FRONTEND_LINUX_BLK_REQUEST_H

#include <linux/blk-mq.h>

struct blk_queue;

/* What stands behind each struct request: room for so many segments. */
size_t request_data_bytes(unsigned int max_segments);

/*
 * Sends it. OK, or why the block layer is to fail it, or to try again later; then nothing of it is left with us. With
 * is_last the backend hears of it, and of what was sent before it.
 */
blk_status_t request_send(struct blk_queue *queue, struct request *rq, bool is_last);

/* One of its slots was answered. true: the last one; now request_end() or request_undo() is due. */
bool request_answered(struct request *rq, s16 status);

/* The place of the next in a list of those that are to end. */
struct request **request_next(struct request *rq);

/*
 * Takes back what it lent, and its data, and tells the block layer; or leaves that to the batch, whose complete() the
 * caller calls, if there is one then.
 */
void request_end(struct blk_queue *queue, struct request *rq, struct io_comp_batch *batch);

/* Takes back what it lent; nobody is told. */
void request_undo(struct blk_queue *queue, struct request *rq);

#endif
