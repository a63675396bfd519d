/* SPDX-License-Identifier: MIT */
/*
 * A guest's pages by grant reference: copied in batches, or mapped for the time of one request.
 *
 * Copies are gathered with grants_copy() and done by grants_copy_run() in one call; each segment has its own verdict.
 * Those of a page that stays mapped (persistent.h) are done at once, by us: what holds of the copy holds of either, it
 * is private and complete.
 * One handle per queue, because gntdev searches a handle's maps one by one.
 * Thread: the queue's worker.  Trust: references, offsets and lengths come from the guest and were checked to stay
 * inside a page.  Errors: -errno; never logs.
 */
#ifndef BACKEND_CORE_GRANTS_H
#define BACKEND_CORE_GRANTS_H

#include <stdint.h>
#include <xengnttab.h>

#include "backend/core/persistent.h"

#define GRANTS_COPY_BATCH 352 /* 32 requests of 11 segments */

enum grants_direction { GRANTS_FROM_GUEST, GRANTS_TO_GUEST };

struct grants_segment {
	uint32_t gref;
	uint16_t offset_bytes;
	uint16_t len_bytes;
	void *local; /* need not be aligned; the segment may cross pages here, as the library allows */
};

struct scratch;

struct grants {
	uint32_t domid;
	xengnttab_handle *xgt;
	struct persistent persistent;
	const struct persistent *registered; /* somebody else's, of this worker; NULL: none */
	const struct scratch *scratch;       /* of our side, what needs no address; or NULL */
	uint64_t nr_copied;                  /* by Xen; counter_read() by any thread */
	uint32_t nr_copies;
	xengnttab_grant_copy_segment_t copy[GRANTS_COPY_BATCH];
	uint32_t owner[GRANTS_COPY_BATCH];
};

/* For maps that are in none of these, and for pages of ours that are granted. NULL: errno says why. */
xengnttab_handle *grants_open_handle(void);
xengntshr_handle *grants_open_shares(void);

void grants_init(struct grants *grants);
int grants_open(struct grants *grants, uint32_t domid);
void grants_close(struct grants *grants);

/* From now on up to max_pages of the guest's pages stay mapped, until grants_forget(). */
int grants_keep(struct grants *grants, uint32_t max_pages, struct persistent_budget *budget);
/* Some of them no longer, for a guest that is idle or leaves. true: none is left. */
bool grants_trim(struct grants *grants);
void grants_forget(struct grants *grants);

/* How many more segments fit before grants_copy_run(). */
uint32_t grants_copy_room(const struct grants *grants);
/* `owner` is what failed() will be told. */
void grants_copy(struct grants *grants, enum grants_direction direction, const struct grants_segment *segment,
		 uint32_t owner);
/* failed() is called for each segment that was not copied; rc is -EFAULT or what the whole call failed with. */
void grants_copy_run(struct grants *grants, void (*failed)(void *context, uint32_t owner, int rc), void *context);

/* Maps all of them side by side, or none. */
int grants_map(struct grants *grants, const uint32_t *gref, uint32_t nr, int prot, void **area);
void grants_unmap(struct grants *grants, void *area, uint32_t nr);

#endif
