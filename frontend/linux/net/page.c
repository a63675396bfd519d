// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/net/net.h"

int vif_page_open(struct vif *vif, struct vif_page *page, int readonly)
{
	int rc;

	page->page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page->page)
		return -ENOMEM;
	rc = gnttab_grant_foreign_access(vif->xdev->otherend_id, xen_page_to_gfn(page->page), readonly);
	if (rc < 0) {
		__free_page(page->page);
		page->page = NULL;
		return rc;
	}
	page->ref = rc;
	return 0;
}

void vif_page_close(struct vif_page *page)
{
	if (page->page)
		gnttab_end_foreign_access(page->ref, page->page);
	page->page = NULL;
}
