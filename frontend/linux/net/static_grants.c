// SPDX-License-Identifier: GPL-2.0-only
/*
 * Static grants: the backend keeps the pages of every queue mapped, and copies from and to them by itself. Then no page
 * is lent, as one that it has mapped can not be given to anybody else; all are given back when it is Closed.
 */
#include "frontend/linux/net/net.h"

/* Xen's netif.h has these, Linux' does not. */
#define CTRL_TYPE_GET_GREF_MAPPING_SIZE 8
#define CTRL_TYPE_ADD_GREF_MAPPING	9
#define CTRL_TYPE_DEL_GREF_MAPPING	10
#define CTRL_GREF_READONLY		1

struct gref_entry {
	u32 ref;
	u16 flags;
	u16 status;
};

static unsigned int put_list(struct gref_entry *list, const struct vif_queue *q)
{
	unsigned int nr = 0, i;

	BUILD_BUG_ON(sizeof(struct gref_entry) != 8);
	BUILD_BUG_ON(2 * VIF_RING_SLOTS * sizeof(struct gref_entry) > XEN_PAGE_SIZE);
	for (i = 0; i < VIF_RING_SLOTS; i++)
		list[nr++] = (struct gref_entry){ .ref = q->tx.slot[i].own.ref, .flags = CTRL_GREF_READONLY };
	for (i = 0; i < VIF_RING_SLOTS; i++)
		list[nr++] = (struct gref_entry){ .ref = q->rx.buffer[i].ref };
	return nr;
}

static int register_queue(struct vif *vif, struct vif_queue *q)
{
	unsigned int nr = put_list(page_address(vif->control.page.page), q);
	u32 most, nothing;
	int rc;

	rc = vif_control_ask(vif, CTRL_TYPE_GET_GREF_MAPPING_SIZE, q->number, 0, 0, &most);
	if (rc)
		return rc;
	if (most < nr)
		return -EOPNOTSUPP;
	return vif_control_ask(vif, CTRL_TYPE_ADD_GREF_MAPPING, q->number, vif->control.page.ref, nr, &nothing);
}

static int unregister_queue(struct vif *vif, struct vif_queue *q)
{
	unsigned int nr = put_list(page_address(vif->control.page.page), q);
	u32 nothing;

	return vif_control_ask(vif, CTRL_TYPE_DEL_GREF_MAPPING, q->number, vif->control.page.ref, nr, &nothing);
}

/* Before traffic begins, when every buffer is posted. All queues, or none. */
void vif_static_register(struct vif *vif)
{
	unsigned int nr;
	int rc = 0;

	if (!vif_param_static_grants)
		return;
	for (nr = 0; !rc && nr < vif->nr_queues; nr++)
		rc = register_queue(vif, &vif->queue[nr]);
	if (!rc) {
		vif->is_static = true;
		vif->copies = true;
		return;
	}
	/* What is registered, or may be, must not be lent: if that can not be undone, nothing is. */
	for (nr--; rc != -EIO && nr--;)
		rc = unregister_queue(vif, &vif->queue[nr]) ? -EIO : rc;
	if (rc == -EIO)
		vif->copies = true;
}
