// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/usb/buffers.h"

#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <xen/page.h>

int buffers_open(struct usb_buffers *buffers, domid_t domid)
{
	unsigned int i, nr = ARRAY_SIZE(buffers->ref);
	grant_ref_t head;
	struct page *page;
	int rc;

	rc = gnttab_alloc_grant_references(nr, &head);
	if (rc)
		return rc;
	buffers->data = vzalloc(nr * PAGE_SIZE);
	if (!buffers->data) {
		gnttab_free_grant_references(head);
		return -ENOMEM;
	}
	for (i = 0; i < nr; i++) {
		page = vmalloc_to_page(buffers->data + i * PAGE_SIZE);
		buffers->ref[i] = gnttab_claim_grant_reference(&head);
		gnttab_grant_foreign_access_ref(buffers->ref[i], domid, xen_page_to_gfn(page), 0);
	}
	return 0;
}

void buffers_fini(struct usb_buffers *buffers)
{
	unsigned int i;

	if (!buffers->data)
		return;
	for (i = 0; i < ARRAY_SIZE(buffers->ref); i++)
		gnttab_end_foreign_access(buffers->ref[i], NULL);
	vfree(buffers->data);
	buffers->data = NULL;
}
