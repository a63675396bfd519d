/* SPDX-License-Identifier: MIT */
/*
 * What a power cut leaves on a disk of blk_lossy.h: of each sector, by itself, what is durable or any that was written
 * since. A write that is under way may have reached any of its sectors.
 */
#include "tests/unit/blk_lossy.h"

enum lossy_mood { LOSSY_LOSES_ALL, LOSSY_KEEPS_ALL, LOSSY_KEEPS_SOME, LOSSY_NR_MOODS };

static bool lossy_keeps(struct lossy *lossy, enum lossy_mood mood)
{
	return mood == LOSSY_KEEPS_ALL || (mood == LOSSY_KEEPS_SOME && lossy_chance(lossy, 1, 2));
}

static void lossy_cut_write(struct lossy *lossy, const struct blk_op *op, enum lossy_mood mood, uint64_t *left)
{
	uint64_t first = op->offset_bytes / LOSSY_SECTOR_BYTES;

	for (unsigned int i = 0; i < op->len_bytes / LOSSY_SECTOR_BYTES; i++) {
		if (lossy_keeps(lossy, mood))
			left[first + i] = lossy_written(op, i);
	}
}

/* The tags that would be left if the power were cut now. It is not: the disk goes on. */
static void lossy_cut(struct lossy *lossy, uint64_t *left)
{
	enum lossy_mood mood = random_below(&lossy->random, LOSSY_NR_MOODS);

	for (unsigned int i = 0; i < LOSSY_NR_SECTORS; i++) {
		const struct lossy_sector *sector = &lossy->sector[i];
		unsigned int version = 0;

		while (version + 1 < sector->nr_versions && lossy_keeps(lossy, mood))
			version++;
		left[i] = sector->version[version].tag;
	}
	for (unsigned int i = 0; i < lossy->nr_held; i++) {
		if (lossy->held[i].op->kind == BLK_OP_WRITE)
			lossy_cut_write(lossy, lossy->held[i].op, mood, left);
	}
}
