// SPDX-License-Identifier: MIT
#include "backend/blk/large.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/blk/buffers.h"

#define PAGE_BYTES 4096U

static uint32_t choose_number(uint32_t max_segments, uint32_t nr_slots, uint32_t nr_queues)
{
	uint32_t nr = BLK_LARGE_DISK_BYTES / nr_queues / (max_segments * PAGE_BYTES);

	if (nr < 2)
		nr = 2;
	return nr < nr_slots ? nr : nr_slots;
}

int blk_large_init(struct blk_large_pool *pool, uint32_t max_segments, uint32_t nr_slots, uint32_t nr_queues)
{
	size_t data_bytes = (size_t)max_segments * PAGE_BYTES;
	size_t each_bytes = data_bytes + blk_nr_segment_pages(max_segments) * PAGE_BYTES;
	uint32_t nr;
	void *base;

	*pool = (struct blk_large_pool){ 0 };
	if (max_segments <= BLK_BUFFER_SEGMENTS)
		return 0;
	nr = choose_number(max_segments, nr_slots, nr_queues);
	pool->all = calloc(nr, sizeof(*pool->all));
	base = mmap(NULL, nr * each_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (base != MAP_FAILED) {
		pool->base = base;
		pool->size_bytes = nr * each_bytes;
	}
	if (!pool->all || !pool->base) {
		blk_large_fini(pool);
		return -ENOMEM;
	}
	while (nr-- > 0) {
		pool->all[nr].data = pool->base + nr * each_bytes;
		pool->all[nr].segment = (struct blk_segment *)(pool->all[nr].data + data_bytes);
		blk_large_put(pool, &pool->all[nr]);
	}
	return 0;
}

void blk_large_fini(struct blk_large_pool *pool)
{
	if (pool->base)
		munmap(pool->base, pool->size_bytes);
	free(pool->all);
	memset(pool, 0, sizeof(*pool));
}

struct blk_large *blk_large_take(struct blk_large_pool *pool)
{
	struct blk_large *large = pool->free;

	if (large)
		pool->free = large->next_free;
	return large;
}

void blk_large_put(struct blk_large_pool *pool, struct blk_large *large)
{
	large->next_free = pool->free;
	pool->free = large;
}

void blk_large_trim(struct blk_large_pool *pool)
{
	if (pool->base)
		madvise(pool->base, pool->size_bytes, MADV_DONTNEED);
}
