// SPDX-License-Identifier: MIT
/* A disk in memory, for tests and measurements. It is gone with the process. */
#include "backend/blk/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/blk/image.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"

#define PAGE_BYTES 4096

struct engine_mem {
	struct blk_engine engine;
	uint8_t *data;
};

static int mem_open(struct blk_engine **out, const struct image_spec *spec, bool is_read_only, struct errbuf *err)
{
	struct engine_mem *mem = calloc(1, sizeof(*mem));

	if (!mem)
		return errbuf_set(err, -ENOMEM, "mem: no memory");
	mem->data = mmap(NULL, spec->size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			 -1, 0);
	if (mem->data == MAP_FAILED) {
		free(mem);
		return errbuf_set(err, -errno, "mem: no room for %llu bytes: %s", (unsigned long long)spec->size_bytes,
				  strerror(errno));
	}
	mem->engine = (struct blk_engine){
		.ops = &engine_mem,
		.size_bytes = spec->size_bytes,
		.sector_bytes = 512,
		.physical_sector_bytes = 512,
		.discard_granularity_bytes = PAGE_BYTES,
		.fd = -1,
	};
	*out = &mem->engine;
	return 0;
}

static void mem_close(struct blk_engine *engine)
{
	struct engine_mem *mem = container_of(engine, struct engine_mem, engine);

	munmap(mem->data, engine->size_bytes);
	free(mem);
}

/* Whole pages: no other part of it would give memory back. */
static void forget(struct engine_mem *mem, uint64_t from, uint64_t to)
{
	from = (from + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
	to = to / PAGE_BYTES * PAGE_BYTES;
	if (from < to)
		madvise(mem->data + from, to - from, MADV_DONTNEED);
}

static void mem_submit(struct blk_engine *engine, struct loop *loop, struct blk_op *op)
{
	struct engine_mem *mem = container_of(engine, struct engine_mem, engine);
	bool moves_data = op->kind == BLK_OP_READ || op->kind == BLK_OP_WRITE;
	uint8_t *at = mem->data + op->offset_bytes;

	if (op->kind == BLK_OP_DISCARD)
		forget(mem, op->offset_bytes, op->offset_bytes + op->len_bytes);
	for (unsigned int i = 0; moves_data && i < op->nr_iov; i++) {
		if (op->kind == BLK_OP_READ)
			memcpy(op->iov[i].iov_base, at, op->iov[i].iov_len);
		else
			memcpy(at, op->iov[i].iov_base, op->iov[i].iov_len);
		at += op->iov[i].iov_len;
	}
	op->done(op, 0);
}

const struct blk_engine_ops engine_mem = {
	.name = "mem",
	.is_volatile = true,
	.open = mem_open,
	.close = mem_close,
	.submit = mem_submit,
};
