// SPDX-License-Identifier: MIT
#include "backend/blk/buffers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Slots are used as a stack (queue.c), so a guest that asks for little uses few groups. */
#define GROUP_SLOTS 8

/* Of a group: its index in the loop, or one of these. */
enum { NOT_USED = -2, NOT_REGISTERED = -1 };

static void forget_groups(struct blk_buffers *buffers)
{
	for (uint32_t i = 0; i < buffers->nr_groups; i++)
		buffers->index[i] = buffers->loop ? NOT_USED : NOT_REGISTERED;
}

static void unregister_groups(struct blk_buffers *buffers)
{
	for (uint32_t i = 0; i < buffers->nr_groups; i++) {
		if (buffers->index[i] >= 0)
			loop_buffer_unregister(buffers->loop, buffers->index[i]);
	}
	forget_groups(buffers);
}

int blk_buffers_init(struct blk_buffers *buffers, uint32_t nr_slots, struct loop *loop)
{
	size_t size_bytes = (size_t)nr_slots * BLK_BUFFER_BYTES;
	void *base;

	*buffers = (struct blk_buffers){ .loop = loop, .nr_groups = (nr_slots + GROUP_SLOTS - 1) / GROUP_SLOTS };
	buffers->index = malloc(buffers->nr_groups * sizeof(*buffers->index));
	base = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base != MAP_FAILED) {
		buffers->base = base;
		buffers->size_bytes = size_bytes;
	}
	if (!buffers->index || !buffers->base) {
		buffers->nr_groups = 0;
		blk_buffers_fini(buffers);
		return -ENOMEM;
	}
	forget_groups(buffers);
	return 0;
}

bool blk_buffers_trim(struct blk_buffers *buffers)
{
	if (buffers->loop && buffers->loop->nr_fixed_out)
		return false;
	unregister_groups(buffers);
	madvise(buffers->base, buffers->size_bytes, MADV_DONTNEED);
	return true;
}

void blk_buffers_fini(struct blk_buffers *buffers)
{
	unregister_groups(buffers);
	if (buffers->base)
		munmap(buffers->base, buffers->size_bytes);
	free(buffers->index);
	memset(buffers, 0, sizeof(*buffers));
}

static int register_group(struct blk_buffers *buffers, uint32_t group)
{
	size_t group_bytes = (size_t)GROUP_SLOTS * BLK_BUFFER_BYTES, offset_bytes = group * group_bytes;
	size_t left_bytes = buffers->size_bytes - offset_bytes;
	int index = loop_buffer_register(buffers->loop, buffers->base + offset_bytes,
					 left_bytes < group_bytes ? left_bytes : group_bytes);

	return index < 0 ? NOT_REGISTERED : index;
}

int blk_buffers_index(struct blk_buffers *buffers, uint32_t slot)
{
	int *index = &buffers->index[slot / GROUP_SLOTS];

	if (*index == NOT_USED)
		*index = register_group(buffers, slot / GROUP_SLOTS);
	return *index;
}
