/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A queue's grants: entries of Xen's table that are the queue's for as long as it is connected, some with a page of
 * their own. Neither is got from, or given back to, the kernel for each request.
 *
 * A page of ours is zeroed when it is made, and from then on holds nothing but data of this disk, so that all of it may
 * be seen by the backend. With persistent grants it stays lent, readable and writable, until it is freed. A grant
 * without a page lends one of somebody else's, for one request.
 *
 * What the backend does not let go of is never reused: the kernel keeps the page, and looks from time to time whether
 * Xen says that it is free (gnttab_end_foreign_access()).
 *
 * Thread: any; grants_take(), grants_lend() and grants_return() under the lock. Never logs.
 */
#ifndef FRONTEND_LINUX_BLK_GRANTS_H
#define FRONTEND_LINUX_BLK_GRANTS_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <xen/grant_table.h>

struct blk_grant {
	struct list_head node;
	struct page *page; /* NULL: it has none */
	grant_ref_t ref; /* INVALID_GRANT_REF: on its way out */
	bool is_lent;
};

struct blk_grants {
	spinlock_t lock; /* innermost */
	domid_t domid;
	bool is_persistent;
	struct list_head with_page;
	struct list_head bare;
	unsigned int nr_with_page; /* in the list */
	unsigned int nr_bare;
	unsigned int nr_reserved;  /* as many pages are there, however short memory is */
	unsigned int nr_pages;     /* in the list or not */
	unsigned int min_with_page, min_bare; /* the least in the lists since the last trim */
};

/* A no-op for grants_fini(). */
void grants_init(struct blk_grants *grants, domid_t domid);

/* Makes the reserve: pages for the largest request. May sleep. -ENOMEM. */
int grants_open(struct blk_grants *grants, bool is_persistent, unsigned int nr_reserved);

/* When nothing is taken. */
void grants_fini(struct blk_grants *grants);

/*
 * A grant with a page, or one that need not have one: what comes has if there is no other. NULL: no memory, or no
 * entry, is left; there will be when others are returned.
 */
struct blk_grant *grants_take(struct blk_grants *grants, bool with_page);

/* Lends its own page, or the one that is given to a grant that has none. */
void grants_lend(struct blk_grants *grants, struct blk_grant *grant, struct page *page, bool is_readonly);

/* false: the backend has not let go of it. The grant is gone, and its page with it. */
bool grants_return(struct blk_grants *grants, struct blk_grant *grant);

/* Frees what has not been needed since the last call. */
void grants_trim(struct blk_grants *grants);

#endif
