// SPDX-License-Identifier: MIT
/* Requests that were found well, carried out: between the guest's pages and the image, by way of a buffer. */
#include "tests/conform/scripted/disk.h"

#include <string.h>

#include "tests/conform/violate.h"

#define FOREIGN_BYTE 0x3c

static uint32_t len_of(const struct task *task)
{
	uint32_t len = 0;

	for (unsigned int i = 0; i < task->nr_segments; i++)
		len += back_segment_bytes(&task->segment[i]);
	return len;
}

/* ---- pages that stay mapped ------------------------------------------------------------------------------------ */

void disk_unmap_kept(struct disk *disk)
{
	if (disk->kept)
		back_unmap(&disk->back, disk->kept);
	disk->kept = NULL;
}

/* We copy, and so keep none by ourselves. */
static bool keeps_pages(const struct disk *disk)
{
	bool is_agreed = disk->back.is_persistent && disk->back.frontend_is_persistent;

	if (violates("GNT-12"))
		return disk->back.frontend_is_persistent;
	return violates(is_agreed ? "GNT-14" : "GNT-10");
}

static void keep_page(struct disk *disk, uint32_t gref)
{
	disk_unmap_kept(disk);
	disk->kept = back_map(&disk->back, gref, false);
}

/* ---- between pages and buffer ---------------------------------------------------------------------------------- */

static bool can_write_page(struct back *back, uint32_t gref)
{
	uint8_t *page = back_map(back, gref, true);

	if (page)
		back_unmap(back, page);
	return page;
}

static bool fetch(struct disk *disk, const struct blk_segment *segment, uint8_t *bytes)
{
	if (violates("GNT-2") && !can_write_page(&disk->back, segment->gref))
		return false;
	return back_copy_from(&disk->back, segment, bytes);
}

static bool store(struct disk *disk, const struct blk_segment *segment, uint8_t *bytes)
{
	const struct blk_segment whole = { segment->gref, 0, BACK_PAGE_BYTES / BACK_SECTOR_BYTES - 1 };
	uint8_t page[BACK_PAGE_BYTES] = { 0 };

	if (!violates("GNT-9"))
		return back_copy_to(&disk->back, segment, bytes);
	memcpy(page + segment->first_sect * BACK_SECTOR_BYTES, bytes, back_segment_bytes(segment));
	return back_copy_to(&disk->back, &whole, page);
}

/* All segments, one after the other in the buffer; false: a grant cannot be used. */
static bool for_each_segment(struct disk *disk, const struct task *task,
			     bool (*move)(struct disk *, const struct blk_segment *, uint8_t *))
{
	uint8_t *bytes = disk->buffer;
	bool is_moved = true;

	for (unsigned int i = 0; i < task->nr_segments; i++) {
		if (!move(disk, &task->segment[i], bytes))
			is_moved = false;
		else if (keeps_pages(disk))
			keep_page(disk, task->segment[i].gref);
		bytes += back_segment_bytes(&task->segment[i]);
	}
	disk->is_spoilt |= !is_moved;
	return is_moved || violates("BLK-29");
}

/* ---- the operations -------------------------------------------------------------------------------------------- */

static int16_t status_of_storage(bool has_worked)
{
	return has_worked || violates("BLK-31") ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}

static int16_t carry_out_read(struct disk *disk, const struct task *task)
{
	int16_t status = status_of_storage(image_read(disk, task->sector, disk->buffer, len_of(task)));

	if (status == BLKIF_RSP_OKAY && !for_each_segment(disk, task, store))
		status = BLKIF_RSP_ERROR;
	return status;
}

static int16_t carry_out_write(struct disk *disk, const struct task *task)
{
	if (!for_each_segment(disk, task, fetch))
		return BLKIF_RSP_ERROR;
	return status_of_storage(image_write(disk, task->sector, disk->buffer, len_of(task)));
}

/* Makes durable what there is; then its data, if it has some, is as that of a WRITE. */
static int16_t carry_out_flush(struct disk *disk, const struct task *task)
{
	int16_t status = status_of_storage(image_flush(disk));

	if (status != BLKIF_RSP_OKAY || task->nr_segments == 0 || violates("BLK-48"))
		return status;
	return carry_out_write(disk, task);
}

static int16_t carry_out_barrier(struct disk *disk, const struct task *task)
{
	if (task->nr_segments == 0)
		return status_of_storage(image_flush(disk));
	if (!for_each_segment(disk, task, fetch))
		return BLKIF_RSP_ERROR;
	return status_of_storage(image_barrier(disk, task->sector, disk->buffer, len_of(task)));
}

int16_t task_carry_out(struct disk *disk, const struct task *task)
{
	switch (task->operation) {
	case BLKIF_OP_READ:
		return carry_out_read(disk, task);
	case BLKIF_OP_WRITE:
		return carry_out_write(disk, task);
	case BLKIF_OP_FLUSH_DISKCACHE:
		return carry_out_flush(disk, task);
	case BLKIF_OP_WRITE_BARRIER:
		return carry_out_barrier(disk, task);
	default:
		if (task->is_indirect)
			return carry_out_read(disk, task);
		image_discard(disk, task->sector, task->nr_sectors);
		return BLKIF_RSP_OKAY;
	}
}

void disk_store_again(struct disk *disk, const struct task *task, bool is_foreign)
{
	if (is_foreign)
		memset(disk->buffer, FOREIGN_BYTE, len_of(task));
	for_each_segment(disk, task, store);
}
