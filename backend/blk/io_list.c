// SPDX-License-Identifier: MIT
#include "backend/blk/io_list.h"

#include <stddef.h>

#include "backend/blk/io.h"

void io_list_init(struct io_list *list)
{
	list->first = NULL;
	list->tail = &list->first;
}

void io_list_add(struct io_list *list, struct blk_io *io)
{
	io->next = NULL;
	*list->tail = io;
	list->tail = &io->next;
}

struct blk_io *io_list_take(struct io_list *list)
{
	struct blk_io *io = list->first;

	if (io) {
		list->first = io->next;
		if (!list->first)
			list->tail = &list->first;
	}
	return io;
}
