// SPDX-License-Identifier: MIT
#include "backend/blk/data.h"

#include <sys/mman.h>

#include "common/base/crash_point.h"

#define PAGE_BYTES 4096

static uint32_t segment_bytes(const struct blk_segment *segment)
{
	return (segment->last_sect - segment->first_sect + 1) * BLK_SECTOR_BYTES;
}

uint8_t *blk_data_buffer(const struct blk_io *io)
{
	return io->large ? io->large->data : blk_buffers_at(&io->bq->buffers, io->slot);
}

void blk_data_use_buffer(struct blk_io *io)
{
	io->iov = (struct iovec){ blk_data_buffer(io), io->op.len_bytes };
	io->op.iov = &io->iov;
	io->op.nr_iov = 1;
	io->op.buffer_index = io->large ? -1 : blk_buffers_index(&io->bq->buffers, io->slot);
}

static int map_pages(struct blk_io *io, uint32_t *gref)
{
	int prot = io->kind == BLK_IO_READ ? PROT_READ | PROT_WRITE : PROT_READ;

	for (unsigned int i = 0; i < io->req.nr_segments; i++)
		gref[i] = io->segment[i].gref;
	return grants_map(&io->bq->queue.grants, gref, io->req.nr_segments, prot, &io->mapped);
}

/* The buffer, which is not needed for data then, has the list of the pages. */
int blk_data_map(struct blk_io *io)
{
	struct iovec *iov = (struct iovec *)blk_data_buffer(io);
	int rc = map_pages(io, (uint32_t *)iov);

	if (rc)
		return rc;
	crash_point("mapped");
	for (unsigned int i = 0; i < io->req.nr_segments; i++) {
		const struct blk_segment *segment = &io->segment[i];

		iov[i].iov_base = (uint8_t *)io->mapped + i * PAGE_BYTES + segment->first_sect * BLK_SECTOR_BYTES;
		iov[i].iov_len = segment_bytes(segment);
	}
	io->op.iov = iov;
	io->op.nr_iov = io->req.nr_segments;
	io->op.buffer_index = -1;
	return 0;
}

static void copy_failed(void *context, uint32_t slot, int rc)
{
	struct blk_queue *bq = context;

	bq->io[slot].copy_failed = true;
}

/* One request may have more parts than fit a batch. */
static void copy_part(struct blk_io *io, enum grants_direction direction, const struct grants_segment *part)
{
	struct grants *grants = &io->bq->queue.grants;

	if (grants_copy_room(grants) == 0)
		grants_copy_run(grants, copy_failed, io->bq);
	grants_copy(grants, direction, part, io->slot);
}

void blk_data_fetch_segments(struct blk_io *io)
{
	uint32_t left_bytes = io->req.nr_segments * BLK_SEGMENT_BYTES;
	struct grants_segment part = { .local = blk_data_buffer(io) };

	for (unsigned int page = 0; left_bytes > 0; page++) {
		part.gref = io->req.segments_gref[page];
		part.len_bytes = left_bytes < PAGE_BYTES ? left_bytes : PAGE_BYTES;
		copy_part(io, GRANTS_FROM_GUEST, &part);
		part.local = (uint8_t *)part.local + part.len_bytes;
		left_bytes -= part.len_bytes;
	}
}

static void copy_data(struct blk_io *io, enum grants_direction direction)
{
	struct grants_segment part;
	uint8_t *local = blk_data_buffer(io);

	for (unsigned int i = 0; i < io->req.nr_segments; i++) {
		const struct blk_segment *segment = &io->segment[i];

		part = (struct grants_segment){
			.gref = segment->gref,
			.offset_bytes = segment->first_sect * BLK_SECTOR_BYTES,
			.len_bytes = segment_bytes(segment),
			.local = local,
		};
		copy_part(io, direction, &part);
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

void blk_data_copy_run(struct blk_queue *bq)
{
	grants_copy_run(&bq->queue.grants, copy_failed, bq);
}
