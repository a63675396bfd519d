// SPDX-License-Identifier: MIT
/* Requests, decoded and judged: what is refused here touches neither pages nor image. */
#include "tests/conform/scripted/disk.h"

#include <string.h>

#include "tests/conform/violate.h"

#define SECTORS_PER_PAGE     (BACK_PAGE_BYTES / BACK_SECTOR_BYTES)
#define NR_INDIRECT_SEGMENTS (BACK_PAGE_BYTES / sizeof(struct blkif_request_segment)) /* of a page */

/* ---- decoding -------------------------------------------------------------------------------------------------- */

/* What of DISCARD and INDIRECT is not where a direct request has it. */
static const struct {
	uint8_t nr_sectors, indirect_grefs;
} offsets[BLK_NR_ABIS] = {
	[BLK_ABI_NATIVE] = { .nr_sectors = 24, .indirect_grefs = 28 },
	[BLK_ABI_X86_32] = { .nr_sectors = 20, .indirect_grefs = 24 },
};

static bool offers_indirect(const struct disk *disk)
{
	return disk->back.max_indirect_segments > 0;
}

void task_decode(const struct disk *disk, struct task *task)
{
	enum blk_abi abi = disk->back.abi;
	struct blk_request request;

	blk_request_decode(abi, task->slot, &request);
	task->is_indirect = request.operation == BLKIF_OP_INDIRECT && offers_indirect(disk);
	task->operation = task->is_indirect ? task->slot[1] : request.operation;
	task->id = request.id;
	task->sector = request.sector;
	task->nr_sectors = 0;
	task->nr_segments = request.nr_segments;
	memcpy(task->segment, request.segment, sizeof(request.segment));
	task->handle = 0;
	if (!task->is_indirect)
		memcpy(&task->handle, task->slot + 2, sizeof(task->handle));
	if (request.operation == BLKIF_OP_DISCARD)
		memcpy(&task->nr_sectors, task->slot + offsets[abi].nr_sectors, sizeof(task->nr_sectors));
	if (violates("BLK-33"))
		task->sector *= disk->back.sector_bytes / BACK_SECTOR_BYTES;
}

/* ---- an indirect one's segments -------------------------------------------------------------------------------- */

/* What stands in one page of them, once; the first is the i-th of the request. */
static bool copy_page_of_segments(struct disk *disk, struct task *task, unsigned int i)
{
	const uint8_t *grefs = task->slot + offsets[disk->back.abi].indirect_grefs;
	struct blkif_request_segment segment[NR_INDIRECT_SEGMENTS];
	struct blk_segment page = { .last_sect = SECTORS_PER_PAGE - 1 };

	if (!violates("BLK-61.page"))
		grefs += i / NR_INDIRECT_SEGMENTS * sizeof(page.gref);
	memcpy(&page.gref, grefs, sizeof(page.gref));
	if (!back_copy_from(&disk->back, &page, segment))
		return false;
	for (unsigned int k = 0; k < NR_INDIRECT_SEGMENTS && i < task->nr_segments; k++, i++)
		task->segment[i] =
			(struct blk_segment){ segment[k].gref, segment[k].first_sect, segment[k].last_sect };
	return true;
}

/* Once for a request: only who breaks BLK-64 does it again. */
bool task_copy_segments(struct disk *disk, struct task *task)
{
	for (unsigned int i = 0; i < task->nr_segments; i += NR_INDIRECT_SEGMENTS) {
		if (!copy_page_of_segments(disk, task, i))
			return false;
	}
	return true;
}

static bool take_indirect(struct disk *disk, struct task *task)
{
	uint16_t nr_segments;

	memcpy(&nr_segments, task->slot + 2, sizeof(nr_segments));
	if ((nr_segments == 0 || nr_segments > DISK_MAX_SEGMENTS) && !violates("BLK-62"))
		return false;
	task->nr_segments = nr_segments < DISK_MAX_SEGMENTS ? nr_segments : DISK_MAX_SEGMENTS;
	if (task->operation != BLKIF_OP_READ && task->operation != BLKIF_OP_WRITE && !violates("BLK-63"))
		return false;
	return task_copy_segments(disk, task);
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static bool has_data(const struct task *task)
{
	return task->operation == BLKIF_OP_READ || task->operation == BLKIF_OP_WRITE;
}

static bool has_right_number(struct task *task)
{
	if (task->is_indirect)
		return true;
	if (task->nr_segments == 0 && has_data(task))
		return violates("BLK-20");
	if (task->nr_segments <= BLK_MAX_SEGMENTS)
		return true;
	task->nr_segments = BLK_MAX_SEGMENTS;
	return violates("BLK-21");
}

/* What those make of a bad segment who do not refuse it: one sector, or what it has of its page. */
static bool shrink(struct blk_segment *segment)
{
	segment->first_sect %= SECTORS_PER_PAGE;
	segment->last_sect = segment->first_sect;
	return true;
}

static bool cut(struct blk_segment *segment)
{
	segment->first_sect %= SECTORS_PER_PAGE;
	segment->last_sect = SECTORS_PER_PAGE - 1;
	return true;
}

static bool is_fine(const struct task *task, struct blk_segment *segment)
{
	bool ends_too_early = segment->last_sect < segment->first_sect;
	bool ends_too_late = segment->last_sect >= SECTORS_PER_PAGE;

	if ((ends_too_early || ends_too_late) && task->is_indirect && violates("BLK-64"))
		return shrink(segment);
	if (ends_too_early && violates("BLK-22"))
		return shrink(segment);
	if (!ends_too_early && ends_too_late && violates("BLK-23"))
		return cut(segment);
	return !ends_too_early && !ends_too_late;
}

static void write_first(struct disk *disk, struct task *task, unsigned int nr_segments)
{
	task->nr_segments = nr_segments;
	if (task->operation == BLKIF_OP_WRITE && nr_segments)
		task_carry_out(disk, task);
}

/* All of them, before any is used. */
static bool are_fine(struct disk *disk, struct task *task)
{
	for (unsigned int i = 0; i < task->nr_segments; i++) {
		struct blk_segment *segment = &task->segment[i];

		if (!is_fine(task, segment)) {
			if (violates("BLK-24"))
				write_first(disk, task, i);
			return false;
		}
		task->nr_sectors += segment->last_sect - segment->first_sect + 1;
	}
	return true;
}

static bool names_one_twice(const struct task *task)
{
	for (unsigned int i = 0; i < task->nr_segments; i++) {
		for (unsigned int j = 0; j < i; j++) {
			if (task->segment[i].gref == task->segment[j].gref)
				return true;
		}
	}
	return false;
}

/* ---- the disk -------------------------------------------------------------------------------------------------- */

static bool is_offered(const struct disk *disk, const struct task *task)
{
	switch (task->operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
		return true;
	case BLKIF_OP_FLUSH_DISKCACHE:
		return disk->back.has_flush;
	case BLKIF_OP_WRITE_BARRIER:
		return disk->back.has_barrier;
	case BLKIF_OP_DISCARD:
		return disk->back.has_discard;
	default:
		return false;
	}
}

static bool is_within_disk(const struct disk *disk, const struct task *task)
{
	uint64_t end;

	return !__builtin_add_overflow(task->sector, task->nr_sectors, &end) && end <= image_nr_sectors(disk);
}

static bool is_whole(const struct disk *disk, struct task *task)
{
	uint32_t unit_sectors = disk->back.sector_bytes / BACK_SECTOR_BYTES;

	if (violates("BLK-27"))
		task->sector -= task->sector % unit_sectors;
	return violates("BLK-27") || (task->sector % unit_sectors == 0 && task->nr_sectors % unit_sectors == 0);
}

/* Whatever a part of a sector is to a disk, it can be forgotten, or not. */
static bool discards_what_it_may(const struct disk *disk, const struct task *task)
{
	if (violates("BLK-56") && (task->sector % SECTORS_PER_PAGE || task->nr_sectors % SECTORS_PER_PAGE))
		return false;
	return violates("BLK-55") || (is_within_disk(disk, task) && !disk->back.is_read_only);
}

static bool moves_what_it_may(struct disk *disk, struct task *task)
{
	if (task->nr_sectors == 0)
		return true; /* a FLUSH or BARRIER, whose sector says nothing */
	if (task->operation != BLKIF_OP_READ && disk->back.is_read_only && !violates("BLK-26"))
		return false;
	if (!is_within_disk(disk, task) && !violates("BLK-25")) {
		if (violates("GNT-8") && task->operation == BLKIF_OP_READ)
			disk_store_again(disk, task, true);
		return false;
	}
	return is_whole(disk, task);
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

/* What nobody may refuse a request for. */
static bool is_refused_for_nothing(struct disk *disk, const struct task *task)
{
	bool is_like_last = disk->has_last_id && task->id == disk->last_id;

	disk->last_id = task->id;
	disk->has_last_id = true;
	return (is_like_last && violates("BLK-15")) || (task->handle && violates("BLK-19")) ||
	       (disk->is_spoilt && violates("GNT-5"));
}

int16_t task_judge(struct disk *disk, struct task *task)
{
	if (is_refused_for_nothing(disk, task))
		return BLKIF_RSP_ERROR;
	if (!task->is_indirect && !is_offered(disk, task))
		return violates("BLK-10") ? BLKIF_RSP_ERROR : BLKIF_RSP_EOPNOTSUPP;
	if (task->operation == BLKIF_OP_DISCARD && !task->is_indirect)
		return discards_what_it_may(disk, task) ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
	if (task->is_indirect && !take_indirect(disk, task))
		return BLKIF_RSP_ERROR;
	if (!has_right_number(task) || !are_fine(disk, task) || !moves_what_it_may(disk, task))
		return BLKIF_RSP_ERROR;
	if (violates("BLK-30") && names_one_twice(task))
		return BLKIF_RSP_ERROR;
	return BLKIF_RSP_OKAY;
}
