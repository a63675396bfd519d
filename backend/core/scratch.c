// SPDX-License-Identifier: MIT
#include "backend/core/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/core/grants_lent.h"

#define PAGE_BYTES 4096U

/* NULL: there is no gntalloc, or what it may have is used up, or there is no memory. */
static uint8_t *share_pages(struct scratch *scratch, uint32_t nr_pages)
{
	uint8_t *memory = NULL;

	scratch->grefs = calloc(nr_pages, sizeof(*scratch->grefs));
	scratch->xgs = scratch->grefs ? grants_open_shares() : NULL;
	if (scratch->xgs)
		memory = xengntshr_share_pages(scratch->xgs, scratch->domid, nr_pages, scratch->grefs, 1);
	if (memory)
		return memory;
	scratch_close(scratch);
	return NULL;
}

int scratch_open(struct scratch *scratch, uint32_t own_domid, const struct scratch_pages *pages, bool may_grant)
{
	uint32_t nr_pages = pages->turn + pages->flight;

	*scratch = (struct scratch){ .domid = own_domid };
	if (nr_pages == 0)
		return 0;
	scratch->memory = may_grant ? share_pages(scratch, nr_pages) : NULL;
	scratch->turn_bytes = scratch->taken_bytes = (size_t)pages->turn * PAGE_BYTES;
	scratch->size_bytes = (size_t)nr_pages * PAGE_BYTES;
	if (scratch->memory)
		return 0;
	scratch->memory = mmap(NULL, scratch->size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (scratch->memory != MAP_FAILED)
		return 0;
	scratch->memory = NULL;
	return -ENOMEM;
}

void scratch_close(struct scratch *scratch)
{
	if (scratch->memory && scratch->grefs)
		xengntshr_unshare(scratch->xgs, scratch->memory, scratch->size_bytes / PAGE_BYTES);
	else if (scratch->memory)
		munmap(scratch->memory, scratch->size_bytes);
	if (scratch->xgs)
		xengntshr_close(scratch->xgs);
	free(scratch->grefs);
	*scratch = (struct scratch){ .domid = scratch->domid };
}

uint8_t *scratch_take(struct scratch *scratch, size_t at_bytes, size_t len_bytes)
{
	if (!scratch->grefs || at_bytes + len_bytes > scratch->size_bytes)
		return NULL;
	scratch->taken_bytes = at_bytes + len_bytes;
	scratch->nr_taken++;
	return scratch->memory + at_bytes;
}

void scratch_give(struct scratch *scratch)
{
	if (--scratch->nr_taken == 0)
		scratch->taken_bytes = scratch->turn_bytes;
}

bool scratch_lends(const struct scratch *scratch, const void *bytes, size_t len_bytes, struct grants_lent *lent)
{
	/* Wraps, and so is too large, for what lies before it. */
	size_t at = (uintptr_t)bytes - (uintptr_t)scratch->memory, offset = at % PAGE_BYTES;

	if (!scratch->grefs || at >= scratch->size_bytes || offset + len_bytes > PAGE_BYTES)
		return false;
	*lent = (struct grants_lent){ scratch->domid, scratch->grefs[at / PAGE_BYTES], offset };
	return true;
}
