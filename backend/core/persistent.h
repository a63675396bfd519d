/* SPDX-License-Identifier: MIT */
/*
 * The pages of a guest that stay mapped between requests, by grant reference. Where they are persistent grants
 * (blkif.h: feature-persistent) each is mapped when it is first used, as the frontend uses it again and again; where
 * they are static grants (netif.h) the frontend says which, and when no longer.
 *
 * Every mapping is an area of the process's memory and an entry of Xen's maptrack, so there is a budget for the
 * process, a part of it for each guest, and a bound for each queue. A page that is over one of them takes the place
 * of one of the queue's that its guest has not used for long. If there is none, or if it cannot be mapped, it is simply
 * not here: it is copied by the hypervisor, which also gives the verdict on its reference. So is one that is to be
 * written and was registered for reading alone.
 *
 * Thread: the queue's worker, the budgets any.  Trust: the references are the guest's.  Errors: -errno; never logs.
 */
#ifndef BACKEND_CORE_PERSISTENT_H
#define BACKEND_CORE_PERSISTENT_H

#include <stdbool.h>
#include <stdint.h>
#include <xengnttab.h>

/* Pages that may still be mapped, here and in all that this one is a part of. */
struct persistent_budget {
	struct persistent_budget *whole; /* NULL: this is the whole */
	int32_t nr_left;
};

struct persistent_entry {
	uint32_t gref;
	bool is_writable;
	uint32_t used_at; /* nr_uses then */
	void *page; /* NULL: free */
};

struct persistent {
	xengnttab_handle *xgt;
	uint32_t domid;
	struct persistent_entry *table; /* open addressing; NULL: nothing is to stay mapped */
	uint32_t nr_entries;            /* a power of two, more than max_pages */
	uint32_t hash_factor;           /* a guest that knew it could make its references collide */
	uint64_t nr_pages; /* counter_read() by any thread */
	uint64_t nr_without_room; /* likewise: uses of pages that were over a bound */
	uint32_t max_pages;
	uint32_t nr_uses; /* wraps */
	uint32_t hand;    /* where the next one to give its place is looked for */
	uint32_t nr_refused; /* references that could not be mapped, in a row and since the last trim */
	struct persistent_budget *budget;
};

#define PERSISTENT_MAX_PAGES (1U << 20)

/* A guest's: a quarter of the process's. On the main thread. */
void persistent_budget_init(struct persistent_budget *of_guest);
/* The process's, before any guest's: so many, not what it can have, which is a quarter of its areas, or less. */
void persistent_limit_process(uint32_t nr_pages);

/* Of zeroes, or after persistent_close(). The handle and the budget belong to the caller and outlive it. */
int persistent_open(struct persistent *persistent, xengnttab_handle *xgt, uint32_t domid, uint32_t max_pages,
		    struct persistent_budget *budget);
/* Unmaps everything. Fine for one that was never opened and is zero. */
void persistent_close(struct persistent *persistent);

/* The guest's page, mapped for reading and writing if it was not yet; NULL: do without. */
void *persistent_page(struct persistent *persistent, uint32_t gref);

/* Maps one that is not here. -EEXIST: it is; -ENOSPC: there is no room for more. */
int persistent_add(struct persistent *persistent, uint32_t gref, bool is_writable);
/* Unmaps it. false: it was not here. */
bool persistent_remove(struct persistent *persistent, uint32_t gref);
/* NULL: it is not here, or not for that. */
void *persistent_find(const struct persistent *persistent, uint32_t gref, bool is_to_be_written);

/* Unmaps some, for a guest that is idle. true: nothing is left. */
bool persistent_trim(struct persistent *persistent);

#endif
