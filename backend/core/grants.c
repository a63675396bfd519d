// SPDX-License-Identifier: MIT
#include "backend/core/grants.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <xen/xen.h>
#include <xentoollog.h>
#include <xen/grant_table.h>

#include "backend/core/grants_lent.h"
#include "backend/core/metrics.h"
#include "backend/core/scratch.h"
#include "common/ring/order.h"

/* The library would print a line for each reference of a guest's that it cannot map. We have its return values. */
static void drop_message(struct xentoollog_logger *logger, xentoollog_level level, int errnoval, const char *context,
			 const char *format, va_list args)
{
}

static struct xentoollog_logger silent = { .vmessage = drop_message };

xengnttab_handle *grants_open_handle(void)
{
	return xengnttab_open(&silent, 0);
}

xengntshr_handle *grants_open_shares(void)
{
	return xengntshr_open(&silent, 0);
}

void grants_init(struct grants *grants)
{
	grants->xgt = NULL;
	grants->persistent = (struct persistent){ 0 };
	grants->registered = NULL;
	grants->scratch = NULL;
	grants->nr_copied = 0;
	grants->nr_copies = 0;
}

int grants_open(struct grants *grants, uint32_t domid)
{
	grants->domid = domid;
	grants->xgt = grants_open_handle();
	return grants->xgt ? 0 : -errno;
}

void grants_close(struct grants *grants)
{
	if (grants->xgt)
		xengnttab_close(grants->xgt);
	grants->xgt = NULL;
}

int grants_keep(struct grants *grants, uint32_t max_pages, struct persistent_budget *budget)
{
	return persistent_open(&grants->persistent, grants->xgt, grants->domid, max_pages, budget);
}

bool grants_trim(struct grants *grants)
{
	return persistent_trim(&grants->persistent);
}

void grants_forget(struct grants *grants)
{
	persistent_close(&grants->persistent);
}

uint32_t grants_copy_room(const struct grants *grants)
{
	return GRANTS_COPY_BATCH - grants->nr_copies;
}

static uint8_t *kept_page(struct grants *grants, enum grants_direction direction, uint32_t gref)
{
	if (grants->registered)
		return persistent_find(grants->registered, gref, direction == GRANTS_TO_GUEST);
	return persistent_page(&grants->persistent, gref);
}

/* The guest may change what is there as we copy. What is judged is the copy. */
static bool copy_kept(struct grants *grants, enum grants_direction direction, const struct grants_segment *segment)
{
	uint8_t *page = kept_page(grants, direction, segment->gref);

	if (!page)
		return false;
	if (direction == GRANTS_FROM_GUEST)
		peer_copy_long(segment->local, page + segment->offset_bytes, segment->len_bytes);
	else
		memcpy(page + segment->offset_bytes, segment->local, segment->len_bytes);
	return true;
}

/* By address, or, where that is possible, by reference: true. */
static bool name_ours(const struct grants *grants, const struct grants_segment *segment, union xengnttab_copy_ptr *side)
{
	struct grants_lent lent;

	if (!grants->scratch || !scratch_lends(grants->scratch, segment->local, segment->len_bytes, &lent)) {
		side->virt = segment->local;
		return false;
	}
	grants_lent_name(&lent, side);
	return true;
}

void grants_copy(struct grants *grants, enum grants_direction direction, const struct grants_segment *segment,
		 uint32_t owner)
{
	xengnttab_grant_copy_segment_t *copy = &grants->copy[grants->nr_copies];
	const struct grants_lent theirs = { grants->domid, segment->gref, segment->offset_bytes };
	bool is_from = direction == GRANTS_FROM_GUEST;

	if (copy_kept(grants, direction, segment))
		return;
	assert(grants->nr_copies < GRANTS_COPY_BATCH);
	memset(copy, 0, sizeof(*copy));
	copy->len = segment->len_bytes;
	copy->flags = is_from ? GNTCOPY_source_gref : GNTCOPY_dest_gref;
	grants_lent_name(&theirs, is_from ? &copy->source : &copy->dest);
	if (name_ours(grants, segment, is_from ? &copy->dest : &copy->source))
		copy->flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
	grants->owner[grants->nr_copies++] = owner;
}

void grants_copy_run(struct grants *grants, void (*failed)(void *context, uint32_t owner, int rc), void *context)
{
	int rc = 0;

	if (!grants->nr_copies)
		return;
	counter_add(&grants->nr_copied, grants->nr_copies);
	if (xengnttab_grant_copy(grants->xgt, grants->nr_copies, grants->copy) < 0)
		rc = -errno;
	for (uint32_t i = 0; i < grants->nr_copies; i++) {
		if (rc || grants->copy[i].status != GNTST_okay)
			failed(context, grants->owner[i], rc ? rc : -EFAULT);
	}
	grants->nr_copies = 0;
}

int grants_map(struct grants *grants, const uint32_t *gref, uint32_t nr, int prot, void **area)
{
	*area = xengnttab_map_domain_grant_refs(grants->xgt, nr, grants->domid, (uint32_t *)gref, prot);
	return *area ? 0 : -errno;
}

void grants_unmap(struct grants *grants, void *area, uint32_t nr)
{
	if (area)
		xengnttab_unmap(grants->xgt, area, nr);
}
