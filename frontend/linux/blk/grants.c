// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/blk/grants.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>

/* ---- one grant --------------------------------------------------------------------------------------------------- */

static bool claim_ref(struct blk_grant *grant)
{
	grant_ref_t head;
	int ref;

	if (gnttab_alloc_grant_references(1, &head))
		return false;
	ref = gnttab_claim_grant_reference(&head);
	gnttab_free_grant_references(head);
	if (ref < 0)
		return false;
	grant->ref = ref;
	return true;
}

static struct blk_grant *make(bool with_page, gfp_t gfp)
{
	struct blk_grant *grant;

	grant = kzalloc(sizeof(*grant), gfp);
	if (!grant)
		return NULL;
	if (with_page) {
		grant->page = alloc_page(gfp | __GFP_ZERO);
		if (!grant->page)
			goto err_free;
	}
	if (!claim_ref(grant))
		goto err_page;
	return grant;
err_page:
	if (grant->page)
		__free_page(grant->page);
err_free:
	kfree(grant);
	return NULL;
}

/* What the backend has still, a page of ours or the one that was lent, is kept until Xen says that it is free. */
static void destroy(struct blk_grant *grant)
{
	if (grant->is_lent) {
		gnttab_end_foreign_access(grant->ref, grant->page);
	} else {
		if (grant->ref != INVALID_GRANT_REF)
			gnttab_free_grant_reference(grant->ref);
		if (grant->page)
			__free_page(grant->page);
	}
	kfree(grant);
}

/* ---- the lists --------------------------------------------------------------------------------------------------- */

static void put(struct blk_grants *grants, struct blk_grant *grant)
{
	if (grant->page) {
		list_add(&grant->node, &grants->with_page);
		grants->nr_with_page++;
	} else {
		list_add(&grant->node, &grants->bare);
		grants->nr_bare++;
	}
}

static struct blk_grant *get_with_page(struct blk_grants *grants)
{
	struct blk_grant *grant = list_first_entry_or_null(&grants->with_page, struct blk_grant, node);

	if (!grant)
		return NULL;
	list_del(&grant->node);
	grants->nr_with_page--;
	grants->min_with_page = min(grants->min_with_page, grants->nr_with_page);
	return grant;
}

static struct blk_grant *get_bare(struct blk_grants *grants)
{
	struct blk_grant *grant = list_first_entry_or_null(&grants->bare, struct blk_grant, node);

	if (!grant)
		return NULL;
	list_del(&grant->node);
	grants->nr_bare--;
	grants->min_bare = min(grants->min_bare, grants->nr_bare);
	return grant;
}

void grants_init(struct blk_grants *grants, domid_t domid)
{
	*grants = (struct blk_grants){ .domid = domid };
	spin_lock_init(&grants->lock);
	INIT_LIST_HEAD(&grants->with_page);
	INIT_LIST_HEAD(&grants->bare);
}

int grants_open(struct blk_grants *grants, bool is_persistent, unsigned int nr_reserved)
{
	struct blk_grant *grant;

	grants->is_persistent = is_persistent;
	grants->nr_reserved = nr_reserved;
	while (grants->nr_pages < nr_reserved) {
		grant = make(true, GFP_KERNEL);
		if (!grant)
			return -ENOMEM;
		grants->nr_pages++;
		put(grants, grant);
	}
	return 0;
}

void grants_fini(struct blk_grants *grants)
{
	struct blk_grant *grant;

	while ((grant = get_with_page(grants)) || (grant = get_bare(grants)))
		destroy(grant);
	grants->nr_pages = 0;
}

struct blk_grant *grants_take(struct blk_grants *grants, bool with_page)
{
	struct blk_grant *grant;

	grant = with_page ? get_with_page(grants) : get_bare(grants);
	if (grant)
		return grant;
	grant = make(with_page, GFP_NOWAIT | __GFP_NOWARN);
	if (grant) {
		grants->nr_pages += with_page;
		return grant;
	}
	return with_page ? NULL : get_with_page(grants);
}

void grants_lend(struct blk_grants *grants, struct blk_grant *grant, struct page *page, bool is_readonly)
{
	if (grant->is_lent)
		return;
	gnttab_grant_foreign_access_ref(grant->ref, grants->domid, xen_page_to_gfn(grant->page ?: page),
					is_readonly && !grants->is_persistent);
	grant->is_lent = true;
}

bool grants_return(struct blk_grants *grants, struct blk_grant *grant)
{
	if (grant->is_lent && !(grants->is_persistent && grant->page)) {
		if (!gnttab_end_foreign_access_ref(grant->ref)) {
			grants->nr_pages -= grant->page != NULL;
			destroy(grant);
			return false;
		}
		grant->is_lent = false;
	}
	put(grants, grant);
	return true;
}

/* ---- what is not needed ------------------------------------------------------------------------------------------ */

/* Of those that were not used for longest; what the backend has mapped stays. The number of those that went. */
static unsigned int move_surplus(struct list_head *from, unsigned int nr, struct list_head *to)
{
	struct blk_grant *grant, *next;
	unsigned int nr_moved = 0;

	list_for_each_entry_safe_reverse(grant, next, from, node) {
		if (nr-- == 0)
			break;
		if (grant->is_lent) {
			if (!gnttab_try_end_foreign_access(grant->ref))
				continue;
			grant->ref = INVALID_GRANT_REF;
			grant->is_lent = false;
		}
		list_move(&grant->node, to);
		nr_moved++;
	}
	return nr_moved;
}

void grants_trim(struct blk_grants *grants)
{
	unsigned int nr_pages, nr_bare;
	struct blk_grant *grant, *next;
	unsigned long flags;
	LIST_HEAD(surplus);

	spin_lock_irqsave(&grants->lock, flags);
	nr_pages = min(grants->min_with_page, grants->nr_pages - min(grants->nr_pages, grants->nr_reserved));
	nr_pages = move_surplus(&grants->with_page, nr_pages, &surplus);
	nr_bare = move_surplus(&grants->bare, grants->min_bare, &surplus);
	grants->nr_pages -= nr_pages;
	grants->min_with_page = grants->nr_with_page -= nr_pages;
	grants->min_bare = grants->nr_bare -= nr_bare;
	spin_unlock_irqrestore(&grants->lock, flags);
	list_for_each_entry_safe(grant, next, &surplus, node)
		destroy(grant);
}
