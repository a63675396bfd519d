/* SPDX-License-Identifier: MIT */
/* A first-in first-out list of requests in flight; a request is in one at most. Thread: the queue's worker. */
#ifndef BACKEND_BLK_IO_LIST_H
#define BACKEND_BLK_IO_LIST_H

struct blk_io;

struct io_list {
	struct blk_io *first, **tail;
};

void io_list_init(struct io_list *list);
void io_list_add(struct io_list *list, struct blk_io *io);
/* NULL: empty. */
struct blk_io *io_list_take(struct io_list *list);

#endif
