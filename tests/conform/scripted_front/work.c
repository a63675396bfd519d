// SPDX-License-Identifier: MIT
/* The workloads: what a guest does with its disk. */
#include "tests/conform/scripted_front/guest.h"

#include <stdlib.h>
#include <string.h>

#include "tests/conform/violate.h"

#define PAGE_SECTORS 8
#define READ_ONLY    4 /* of info */
#define WRITTEN      100000 /* a pattern that no disk begins with */

/* ---- batches: a page of sectors to each request ---------------------------------------------------------------- */

static unsigned int batch_pages(const struct guest *guest)
{
	unsigned int nr = guest->front.layout.nr_slots;

	return nr < FRONT_DATA_PAGES ? nr : FRONT_DATA_PAGES;
}

/* From `sector` on, as far as the disk goes; how many sectors. */
static unsigned int put_batch(struct guest *guest, uint8_t operation, uint64_t sector)
{
	uint64_t left = (guest->nr_sectors - sector) / PAGE_SECTORS;
	unsigned int nr = left < batch_pages(guest) ? left : batch_pages(guest);

	for (unsigned int i = 0; i < nr; i++)
		guest_put(guest, operation, sector + i * PAGE_SECTORS, i, 1);
	return nr * PAGE_SECTORS;
}

static bool read_all(struct guest *guest, uint64_t pattern)
{
	unsigned int nr;

	for (uint64_t sector = 0; (nr = put_batch(guest, BLKIF_OP_READ, sector)); sector += nr) {
		if (!guest_do_all(guest))
			return false;
		if (pattern && !pattern_is(front_page(&guest->front, 0), pattern + sector, nr))
			return false;
	}
	return true;
}

static bool write_all(struct guest *guest, uint64_t pattern)
{
	unsigned int nr;

	for (uint64_t sector = 0; sector + PAGE_SECTORS <= guest->nr_sectors; sector += nr) {
		pattern_fill(front_page(&guest->front, 0), pattern + sector, FRONT_DATA_PAGES * PAGE_SECTORS);
		nr = put_batch(guest, BLKIF_OP_WRITE, sector);
		if (!guest_do_all(guest))
			return false;
	}
	return true;
}

static bool flush(struct guest *guest)
{
	if (!guest->can_flush && !violates("BLK-9"))
		return true;
	guest_put(guest, BLKIF_OP_FLUSH_DISKCACHE, 0, 0, 0);
	return guest_do_all(guest);
}

/* ---- works ----------------------------------------------------------------------------------------------------- */

static bool work_idle(struct guest *guest)
{
	while (!guest->is_ending && !guest->is_broken)
		guest_sleep(guest);
	return !guest->is_broken;
}

static bool work_read(struct guest *guest)
{
	return read_all(guest, 0);
}

static bool work_write(struct guest *guest)
{
	bool is_allowed = !(guest->info & READ_ONLY) || violates("BLK-42");

	return is_allowed && write_all(guest, WRITTEN);
}

static bool work_flush(struct guest *guest)
{
	for (unsigned int i = 0; i < 4; i++) {
		guest_put(guest, BLKIF_OP_WRITE, i * PAGE_SECTORS, 0, 1);
		if (!guest_do_all(guest) || !flush(guest))
			return false;
	}
	return true;
}

static bool work_verify(struct guest *guest)
{
	return work_write(guest) && flush(guest) && read_all(guest, WRITTEN);
}

static bool read_indirect(struct guest *guest)
{
	unsigned int most = FRONT_DATA_PAGES - 1, nr = guest->max_indirect < most ? guest->max_indirect : most;

	guest_put_indirect(guest, PAGE_SECTORS, nr);
	return guest_do_all(guest) && pattern_is(front_page(&guest->front, 1), PAGE_SECTORS, nr * PAGE_SECTORS);
}

static bool work_big(struct guest *guest)
{
	if (guest->max_indirect > BLK_MAX_SEGMENTS)
		return read_indirect(guest);
	for (unsigned int i = 0; i < 4; i++) {
		guest_put(guest, BLKIF_OP_READ, i * BLK_MAX_SEGMENTS * PAGE_SECTORS, i * BLK_MAX_SEGMENTS,
			  BLK_MAX_SEGMENTS);
	}
	return guest_do_all(guest);
}

static bool work_trim(struct guest *guest)
{
	if (guest->can_discard)
		guest_discard(guest, PAGE_SECTORS, PAGE_SECTORS);
	return guest_do_all(guest);
}

static const struct {
	const char *name;
	bool (*run)(struct guest *guest);
} works[] = {
	{ "idle", work_idle }, { "read", work_read }, { "write", work_write }, { "flush", work_flush },
	{ "verify", work_verify }, { "big", work_big }, { "trim", work_trim },
	{ "readonly-write", work_write }, { "rebind", work_verify },
};

int guest_work(struct guest *guest, const char *work)
{
	for (unsigned int i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(works[i].name, work) == 0)
			return works[i].run(guest) ? EXIT_SUCCESS : GUEST_FAILED;
	}
	return GUEST_FAILED;
}
