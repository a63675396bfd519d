// SPDX-License-Identifier: MIT
/* The hub's static grants: pages that a guest has registered are mapped, and their octets copied from and to there. */
#include "tests/conform/scripted_net/hub.h"

#include <string.h>

#include "tests/conform/violate.h"

#define LIST_ENTRIES (BACK_PAGE_BYTES / sizeof(struct xen_netif_gref))

static struct hub_static *find(struct hub_vif *vif, uint32_t queue, uint32_t gref)
{
	for (unsigned int i = 0; i < vif->nr_statics; i++) {
		if (vif->statics[i].queue == queue && vif->statics[i].gref == gref)
			return &vif->statics[i];
	}
	return NULL;
}

/* Of any queue. NULL: it is not registered, or not for that. */
static uint8_t *page_of(struct hub_vif *vif, uint32_t gref, bool is_to_be_written)
{
	for (unsigned int i = 0; i < vif->nr_statics; i++) {
		if (vif->statics[i].gref == gref && (vif->statics[i].is_writable || !is_to_be_written))
			return vif->statics[i].page;
	}
	return NULL;
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

bool hub_read_page(struct hub_vif *vif, struct back *ring, const netif_tx_request_t *slot, void *to)
{
	const uint8_t *page = page_of(vif, slot->gref, false);

	if (!page)
		return back_read_page(ring, slot->gref, slot->offset, slot->size, to);
	if (violates("NET-84"))
		memset(to, 0, slot->size);
	else
		memcpy(to, page + slot->offset, slot->size);
	return true;
}

bool hub_write_page(struct hub_vif *vif, struct back *ring, uint32_t gref, uint16_t offset, uint16_t len,
		    const void *from)
{
	uint8_t *page = page_of(vif, gref, true);

	if (!page && page_of(vif, gref, false) && violates("NET-85"))
		return true;
	if (!page)
		return back_write_page(ring, gref, offset, len, from);
	memcpy(page + offset, from, len);
	return true;
}

/* ---- messages -------------------------------------------------------------------------------------------------- */

static void drop(struct hub_vif *vif, struct hub_static *one)
{
	if (!violates("NET-82"))
		back_unmap(&vif->control, one->page);
	*one = vif->statics[--vif->nr_statics];
}

static bool add(struct hub_vif *vif, uint32_t queue, const struct xen_netif_gref *entry)
{
	struct hub_static *one = &vif->statics[vif->nr_statics];

	if (entry->flags & ~XEN_NETIF_CTRLF_GREF_readonly || vif->nr_statics == HUB_MAX_STATICS ||
	    find(vif, queue, entry->ref))
		return false;
	*one = (struct hub_static){ queue, entry->ref, !(entry->flags & XEN_NETIF_CTRLF_GREF_readonly), NULL };
	one->page = back_map(&vif->control, one->gref, one->is_writable);
	vif->nr_statics += one->page != NULL;
	return one->page;
}

static uint32_t add_all(struct hub_vif *vif, uint32_t queue, const struct xen_netif_gref *list, uint32_t nr)
{
	unsigned int nr_before = vif->nr_statics;

	for (uint32_t i = 0; i < nr; i++) {
		if (add(vif, queue, &list[i]))
			continue;
		while (vif->nr_statics > nr_before && !violates("NET-81"))
			drop(vif, &vif->statics[vif->nr_statics - 1]);
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t remove_all(struct hub_vif *vif, uint32_t queue, struct xen_netif_gref *list, uint32_t nr)
{
	uint32_t nr_removed = 0;

	for (uint32_t i = 0; i < nr; i++) {
		struct hub_static *one = find(vif, queue, list[i].ref);

		if (one)
			drop(vif, one);
		nr_removed += one != NULL;
		list[i].status = one || violates("NET-83") ? XEN_NETIF_CTRL_STATUS_SUCCESS :
							     XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	return nr_removed;
}

uint32_t hub_change_statics(struct hub_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data)
{
	struct xen_netif_gref list[LIST_ENTRIES];
	uint32_t queue = request->data[0], gref = request->data[1], nr = request->data[2];

	if (queue >= vif->nr_queues)
		return violates("NET-80") ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (request->type == XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE) {
		*data = HUB_MAX_STATICS;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	}
	if (nr == 0 || nr > LIST_ENTRIES || !back_read_page(&vif->control, gref, 0, nr * sizeof(list[0]), list))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (request->type == XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING)
		return add_all(vif, queue, list, nr);
	*data = remove_all(vif, queue, list, nr);
	return back_write_page(&vif->control, gref, 0, nr * sizeof(list[0]), list) ?
		       XEN_NETIF_CTRL_STATUS_SUCCESS :
		       XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
}

void hub_drop_statics(struct hub_vif *vif)
{
	while (vif->nr_statics > 0)
		drop(vif, &vif->statics[vif->nr_statics - 1]);
}
