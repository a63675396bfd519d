// SPDX-License-Identifier: MIT
#include "backend/blk/data.h"

#include <sys/mman.h>

#include "common/base/crash_point.h"

#define PAGE_BYTES 4096

static uint32_t segment_bytes(const struct blk_segment *segment)
{
	return (segment->last_sect - segment->first_sect + 1) * BLK_SECTOR_BYTES;
}

void blk_data_use_buffer(struct blk_io *io)
{
	io->iov[0] = (struct iovec){ blk_buffers_at(&io->bq->buffers, io->slot), io->op.len_bytes };
	io->op.iov = io->iov;
	io->op.nr_iov = 1;
	io->op.buffer_index = blk_buffers_index(&io->bq->buffers, io->slot);
}

int blk_data_map(struct blk_io *io)
{
	int prot = io->kind == BLK_IO_READ ? PROT_READ | PROT_WRITE : PROT_READ;
	uint32_t gref[BLK_MAX_INDIRECT_SEGMENTS];
	int rc;

	for (unsigned int i = 0; i < io->req.nr_segments; i++)
		gref[i] = io->req.segment[i].gref;
	rc = grants_map(&io->bq->queue.grants, gref, io->req.nr_segments, prot, &io->mapped);
	if (rc)
		return rc;
	crash_point("mapped");
	for (unsigned int i = 0; i < io->req.nr_segments; i++) {
		const struct blk_segment *segment = &io->req.segment[i];

		io->iov[i].iov_base =
			(uint8_t *)io->mapped + i * PAGE_BYTES + segment->first_sect * BLK_SECTOR_BYTES;
		io->iov[i].iov_len = segment_bytes(segment);
	}
	io->op.iov = io->iov;
	io->op.nr_iov = io->req.nr_segments;
	io->op.buffer_index = -1;
	return 0;
}

/* Into the buffer: it is free until there is data. */
void blk_data_fetch_segments(struct blk_io *io)
{
	struct grants_segment part = {
		.gref = io->req.segments_gref,
		.len_bytes = io->req.nr_segments * BLK_SEGMENT_BYTES,
		.local = blk_buffers_at(&io->bq->buffers, io->slot),
	};

	grants_copy(&io->bq->queue.grants, GRANTS_FROM_GUEST, &part, io->slot);
}

static void copy_data(struct blk_io *io, enum grants_direction direction)
{
	struct grants_segment part;
	uint8_t *local = blk_buffers_at(&io->bq->buffers, io->slot);

	for (unsigned int i = 0; i < io->req.nr_segments; i++) {
		const struct blk_segment *segment = &io->req.segment[i];

		part = (struct grants_segment){
			.gref = segment->gref,
			.offset_bytes = segment->first_sect * BLK_SECTOR_BYTES,
			.len_bytes = segment_bytes(segment),
			.local = local,
		};
		grants_copy(&io->bq->queue.grants, direction, &part, io->slot);
		local += part.len_bytes;
	}
}

void blk_data_fetch(struct blk_io *io)
{
	copy_data(io, GRANTS_FROM_GUEST);
}

void blk_data_store(struct blk_io *io)
{
	copy_data(io, GRANTS_TO_GUEST);
}

static void copy_failed(void *context, uint32_t slot, int rc)
{
	struct blk_queue *bq = context;

	bq->io[slot].copy_failed = true;
}

void blk_data_copy_run(struct blk_queue *bq)
{
	grants_copy_run(&bq->queue.grants, copy_failed, bq);
}
