// SPDX-License-Identifier: MIT
/* info and hold: what the disk is; being connected and nothing else. */
#include <stdio.h>
#include <stdlib.h>

#include "frontend/user/blkload/load.h"
#include "frontend/user/segments.h"

int blkload_info(struct blkload *bl)
{
	const struct blk_disk *disk = bl->disk;

	printf("sectors %llu\n", (unsigned long long)disk->nr_sectors);
	printf("bytes %llu\n", (unsigned long long)disk->nr_sectors * BLK_SECTOR_BYTES);
	printf("sector-size %u\n", disk->sector_bytes);
	printf("physical-sector-size %u\n", disk->physical_sector_bytes);
	printf("mode %s\n", disk->is_read_only ? "r" : "w");
	printf("cdrom %d\n", disk->is_cdrom);
	printf("flush %u\n", disk->can_flush);
	printf("barrier %u\n", disk->can_barrier);
	printf("discard %u\n", disk->can_discard);
	return EXIT_OK;
}

static enum load_next any_sector(void *job, struct blkfront_io *io, struct load_request *req)
{
	const struct blkload *bl = job;
	uint32_t unit = bl->disk->sector_bytes / BLK_SECTOR_BYTES;

	*req = (struct load_request){
		.operation = BLKIF_OP_READ,
		.sector = (uint64_t)random() % (bl->disk->nr_sectors / unit) * unit,
		.nr_sectors = unit,
	};
	return LOAD_SUBMIT;
}

static bool is_answered(void *job, struct blkfront_io *io, uint64_t latency_ns)
{
	if (io->rc)
		blkload_error("read of sector %llu failed", (unsigned long long)io->sector);
	return io->rc == 0;
}

int blkload_hold(struct blkload *bl)
{
	struct load load = { .bl = bl, .depth = bl->config->depth, .job = bl, .next = any_sector, .done = is_answered };

	printf("connected\n");
	fflush(stdout);
	if (load.depth)
		return load_run(&load) || blkfront_state(bl->front) == BLKFRONT_CLOSING ? EXIT_OK : EXIT_IO;
	while (!blkload_stop && blkfront_state(bl->front) == BLKFRONT_CONNECTED)
		(void)blkfront_wait(bl->front, 1000);
	if (!blkload_stop) {
		printf("%s\n", blkfront_why(bl->front));
		fflush(stdout);
	}
	return blkfront_state(bl->front) == BLKFRONT_BROKEN ? EXIT_IO : EXIT_OK;
}
