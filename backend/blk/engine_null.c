// SPDX-License-Identifier: MIT
/* The disk that costs nothing: what is left when it is measured is ours. Reads give zeros, writes are forgotten. */
#include "backend/blk/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend/blk/image.h"
#include "common/base/errbuf.h"

static int null_open(struct blk_engine **out, const struct image_spec *spec, bool is_read_only, struct errbuf *err)
{
	struct blk_engine *engine = calloc(1, sizeof(*engine));

	if (!engine)
		return errbuf_set(err, -ENOMEM, "null: no memory");
	*engine = (struct blk_engine){
		.ops = &engine_null,
		.size_bytes = spec->size_bytes,
		.sector_bytes = 512,
		.physical_sector_bytes = 512,
		.discard_granularity_bytes = 512,
		.fd = -1,
	};
	*out = engine;
	return 0;
}

static void null_close(struct blk_engine *engine)
{
	free(engine);
}

static void null_submit(struct blk_engine *engine, struct loop *loop, struct blk_op *op)
{
	if (op->kind == BLK_OP_READ) {
		for (unsigned int i = 0; i < op->nr_iov; i++)
			memset(op->iov[i].iov_base, 0, op->iov[i].iov_len);
	}
	op->done(op, 0);
}

const struct blk_engine_ops engine_null = {
	.name = "null",
	.open = null_open,
	.close = null_close,
	.submit = null_submit,
};
