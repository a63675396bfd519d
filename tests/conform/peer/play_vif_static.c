// SPDX-License-Identifier: MIT
/*
 * Static grants of a wire, for a frontend that asks for them. None of its pages is mapped: whether it keeps them is
 * seen by trying.
 */
#include "tests/conform/peer/play_vif.h"

#include "tests/conform/verdict.h"

static bool can_be_used(struct play_vif *vif, uint32_t gref)
{
	uint8_t octet;

	return back_read_page(&vif->control, gref, 0, sizeof(octet), &octet);
}

static uint32_t *find(struct play_vif *vif, uint32_t gref)
{
	for (unsigned int i = 0; i < vif->nr_registered; i++) {
		if (vif->registered[i] == gref)
			return &vif->registered[i];
	}
	return NULL;
}

static uint32_t add(struct play_vif *vif, const struct xen_netif_gref *list, uint32_t nr)
{
	if (nr > PLAY_VIF_MAX_STATIC - vif->nr_registered)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	for (uint32_t i = 0; i < nr; i++) {
		MUST("NET-87", can_be_used(vif, list[i].ref), "it registers grant %u, which cannot be used",
		     list[i].ref);
		vif->registered[vif->nr_registered++] = list[i].ref;
	}
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* How many of them were registered. */
static uint32_t take_back(struct play_vif *vif, struct xen_netif_gref *list, uint32_t nr)
{
	uint32_t nr_known = 0;

	for (uint32_t i = 0; i < nr; i++) {
		uint32_t *one = find(vif, list[i].ref);

		list[i].status = one ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
		nr_known += one != NULL;
		if (one)
			*one = vif->registered[--vif->nr_registered];
	}
	return nr_known;
}

static uint32_t serve_list(struct play_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data)
{
	static struct xen_netif_gref list[PLAY_VIF_MAX_STATIC];
	uint32_t gref = request->data[1], nr = request->data[2], bytes = nr * sizeof(list[0]);

	if (nr > PLAY_VIF_MAX_STATIC)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	MUST("GNT-1", back_read_page(&vif->control, gref, 0, bytes, list), "a list of pages, grant %u, cannot be read",
	     gref);
	if (request->type == XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING)
		return add(vif, list, nr);
	must_keep_registered(vif, "when it takes some back");
	*data = take_back(vif, list, nr);
	return back_write_page(&vif->control, gref, 0, bytes, list) ? XEN_NETIF_CTRL_STATUS_SUCCESS
								    : XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
}

uint32_t play_vif_serve_static(struct play_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data)
{
	if (!vif->has_static)
		return XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	if (request->data[0] >= vif->play.back.nr_queues)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (request->type != XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE)
		return serve_list(vif, request, data);
	*data = PLAY_VIF_MAX_STATIC;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

void must_keep_registered(struct play_vif *vif, const char *when)
{
	for (unsigned int i = 0; i < vif->nr_registered; i++)
		MUST("NET-87", can_be_used(vif, vif->registered[i]), "grant %u, which is registered, cannot be used %s",
		     vif->registered[i], when);
}
