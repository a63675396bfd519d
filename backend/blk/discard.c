// SPDX-License-Identifier: MIT
#include "backend/blk/discard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "backend/blk/engine.h"

/* 0: there is no such number. */
static uint64_t sysfs_number(dev_t device, const char *name)
{
	char path[96], text[32] = "";
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", major(device), minor(device), name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	return len > 0 ? strtoull(text, NULL, 10) : 0;
}

/* A partition's queue is its disk's. */
static uint64_t queue_number(dev_t device, const char *name)
{
	char path[64];
	uint64_t number;

	snprintf(path, sizeof(path), "queue/%s", name);
	number = sysfs_number(device, path);
	if (number)
		return number;
	snprintf(path, sizeof(path), "../queue/%s", name);
	return sysfs_number(device, path);
}

static void measure_block_device(struct blk_engine *engine, dev_t device)
{
	if (queue_number(device, "discard_max_bytes") == 0 || queue_number(device, "write_zeroes_max_bytes") == 0)
		return;
	engine->discard_granularity_bytes = queue_number(device, "discard_granularity");
	engine->discard_alignment_bytes = sysfs_number(device, "discard_alignment");
}

void discard_measure(struct blk_engine *engine, const struct stat *st)
{
	if (S_ISBLK(st->st_mode))
		measure_block_device(engine, st->st_rdev);
	else
		engine->discard_granularity_bytes = st->st_blksize;
	if (engine->discard_granularity_bytes && engine->discard_granularity_bytes < engine->sector_bytes)
		engine->discard_granularity_bytes = engine->sector_bytes;
}
