// SPDX-License-Identifier: MIT
#include "backend/core/persistent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "backend/core/metrics.h"

/* Linux's default for vm.max_map_count. */
#define DEFAULT_MAX_AREAS 65530

/* Xen's maptrack has 262144 entries for a whole domain unless told otherwise, and a PV domain takes two for a page. */
#define MAX_PAGES_OF_PROCESS 16384

/* So many wrong references in a row, and this guest's are tried no more: a map that fails costs as one that works. */
#define MAX_REFUSED 16

/* Of one trim: the worker serves others meanwhile. */
#define TRIM_PAGES 64

/*
 * A page has not been used for long if so many times what the queue may keep was used since. A guest that goes through
 * more pages than there is room for, again and again, uses each of them sooner than that: which ones stay is all the
 * same then, and to map another one for each use would cost more than to copy it.
 */
#define STALE_ROUNDS 4

/* Entries that are looked at for one to give its place. */
#define LOOKS 16

/* ---- budgets --------------------------------------------------------------------------------------------------- */

static int32_t process_pages(void)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	int32_t nr = DEFAULT_MAX_AREAS;

	if (file) {
		if (fscanf(file, "%" SCNd32, &nr) != 1)
			nr = DEFAULT_MAX_AREAS;
		fclose(file);
	}
	return nr / 4 < MAX_PAGES_OF_PROCESS ? nr / 4 : MAX_PAGES_OF_PROCESS;
}

static struct persistent_budget of_process;
static int32_t max_of_process = -1; /* not decided */

void persistent_limit_process(uint32_t nr_pages)
{
	max_of_process = of_process.nr_left = nr_pages;
}

void persistent_budget_init(struct persistent_budget *of_guest)
{
	if (max_of_process < 0)
		persistent_limit_process(process_pages());
	*of_guest = (struct persistent_budget){ .whole = &of_process, .nr_left = max_of_process / 4 };
}

static void give_back(struct persistent_budget *budget, int32_t nr)
{
	for (; budget; budget = budget->whole)
		__atomic_fetch_add(&budget->nr_left, nr, __ATOMIC_RELAXED);
}

static bool take_one(struct persistent_budget *budget)
{
	if (!budget)
		return true;
	if (__atomic_fetch_sub(&budget->nr_left, 1, __ATOMIC_RELAXED) > 0 && take_one(budget->whole))
		return true;
	__atomic_fetch_add(&budget->nr_left, 1, __ATOMIC_RELAXED);
	return false;
}

/* ---- the table ------------------------------------------------------------------------------------------------- */

int persistent_open(struct persistent *persistent, xengnttab_handle *xgt, uint32_t domid, uint32_t max_pages,
		    struct persistent_budget *budget)
{
	uint32_t nr_entries = 2;

	while (nr_entries < 2 * max_pages)
		nr_entries *= 2;
	/* Not all at once: somebody may be reading nr_pages, which is 0. */
	persistent->xgt = xgt;
	persistent->domid = domid;
	persistent->table = calloc(nr_entries, sizeof(*persistent->table));
	persistent->nr_entries = nr_entries;
	persistent->max_pages = max_pages;
	persistent->nr_refused = 0;
	persistent->nr_uses = persistent->hand = 0;
	persistent->budget = budget;
	if (getrandom(&persistent->hash_factor, sizeof(persistent->hash_factor), GRND_NONBLOCK) < 0)
		persistent->hash_factor = 2654435761U;
	persistent->hash_factor |= 1;
	return persistent->table ? 0 : -ENOMEM;
}

static struct persistent_entry *find(const struct persistent *persistent, uint32_t gref)
{
	uint32_t mask = persistent->nr_entries - 1;
	uint32_t i = (uint32_t)(gref * persistent->hash_factor) >> 12 & mask; /* the upper bits are the mixed ones */

	for (; persistent->table[i].page && persistent->table[i].gref != gref; i = (i + 1) & mask)
		;
	return &persistent->table[i];
}

/* ---- in and out of the table ------------------------------------------------------------------------------------- */

static void unmap(struct persistent *persistent, struct persistent_entry *entry)
{
	xengnttab_unmap(persistent->xgt, entry->page, 1);
	entry->page = NULL;
	counter_add(&persistent->nr_pages, -1);
	give_back(persistent->budget, 1);
}

/* One whose place in the table was taken stands behind it: what is taken out of the middle would hide it. */
static void close_gap(struct persistent *persistent, uint32_t gap)
{
	uint32_t mask = persistent->nr_entries - 1;

	for (uint32_t i = (gap + 1) & mask; persistent->table[i].page; i = (i + 1) & mask) {
		struct persistent_entry entry = persistent->table[i];

		persistent->table[i].page = NULL;
		*find(persistent, entry.gref) = entry;
	}
}

/* The entry is free. */
static int map(struct persistent *persistent, struct persistent_entry *entry, uint32_t gref, bool is_writable)
{
	int prot = is_writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *page;
	int rc;

	if (persistent->nr_pages == persistent->max_pages || !take_one(persistent->budget))
		return -ENOSPC;
	page = xengnttab_map_domain_grant_refs(persistent->xgt, 1, persistent->domid, &gref, prot);
	if (!page) {
		rc = errno ? -errno : -EINVAL;
		give_back(persistent->budget, 1);
		return rc;
	}
	counter_add(&persistent->nr_pages, 1);
	*entry = (struct persistent_entry){ gref, is_writable, persistent->nr_uses, page };
	return 0;
}

static bool is_stale(const struct persistent *persistent, const struct persistent_entry *entry)
{
	return entry->page && persistent->nr_uses - entry->used_at > STALE_ROUNDS * persistent->max_pages;
}

static bool make_room(struct persistent *persistent)
{
	for (unsigned int i = 0; i < LOOKS; i++) {
		uint32_t place = persistent->hand++ & (persistent->nr_entries - 1);

		if (is_stale(persistent, &persistent->table[place])) {
			unmap(persistent, &persistent->table[place]);
			close_gap(persistent, place);
			return true;
		}
	}
	return false;
}

/* 0: it is in the table now. */
static int map_or_replace(struct persistent *persistent, uint32_t gref)
{
	int rc = map(persistent, find(persistent, gref), gref, true);

	if (rc == -ENOSPC && make_room(persistent))
		rc = map(persistent, find(persistent, gref), gref, true);
	return rc;
}

static void try_to_map(struct persistent *persistent, uint32_t gref)
{
	if (persistent->nr_refused == MAX_REFUSED)
		return;
	switch (map_or_replace(persistent, gref)) {
	case 0:
		persistent->nr_refused = 0;
		break;
	case -ENOSPC: /* it was not tried */
		counter_add(&persistent->nr_without_room, 1);
		break;
	default:
		persistent->nr_refused++;
	}
}

void *persistent_page(struct persistent *persistent, uint32_t gref)
{
	struct persistent_entry *entry;

	if (!persistent->table)
		return NULL;
	persistent->nr_uses++;
	entry = find(persistent, gref);
	if (!entry->page) {
		try_to_map(persistent, gref);
		entry = find(persistent, gref); /* others may have changed places */
	}
	entry->used_at = persistent->nr_uses;
	return entry->page;
}

int persistent_add(struct persistent *persistent, uint32_t gref, bool is_writable)
{
	struct persistent_entry *entry = find(persistent, gref);

	return entry->page ? -EEXIST : map(persistent, entry, gref, is_writable);
}

void *persistent_find(const struct persistent *persistent, uint32_t gref, bool is_to_be_written)
{
	const struct persistent_entry *entry;

	if (!persistent->table)
		return NULL;
	entry = find(persistent, gref);
	return entry->is_writable || !is_to_be_written ? entry->page : NULL;
}

/* ---- letting go ------------------------------------------------------------------------------------------------ */

bool persistent_remove(struct persistent *persistent, uint32_t gref)
{
	struct persistent_entry *entry;

	if (!persistent->table)
		return false;
	entry = find(persistent, gref);
	if (!entry->page)
		return false;
	unmap(persistent, entry);
	close_gap(persistent, entry - persistent->table);
	return true;
}

bool persistent_trim(struct persistent *persistent)
{
	uint32_t nr_trimmed = 0;

	for (uint32_t i = 0; nr_trimmed < TRIM_PAGES && i < persistent->nr_entries && persistent->nr_pages; i++) {
		while (persistent->table[i].page && nr_trimmed < TRIM_PAGES) {
			unmap(persistent, &persistent->table[i]);
			close_gap(persistent, i);
			nr_trimmed++;
		}
	}
	persistent->nr_refused = 0; /* what was refused may have been for want of room */
	return persistent->nr_pages == 0;
}

void persistent_close(struct persistent *persistent)
{
	for (uint32_t i = 0; i < persistent->nr_entries && persistent->nr_pages; i++) {
		if (persistent->table[i].page)
			unmap(persistent, &persistent->table[i]);
	}
	free(persistent->table);
	persistent->table = NULL;
}
