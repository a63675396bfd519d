// SPDX-License-Identifier: MIT
/* Static grants: the backend is asked to keep the pages of frames mapped. */
#include "tests/conform/scripted_net_front/station.h"

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

static struct grant_pool shared(struct station *station, uint32_t nr)
{
	struct front *front = &station->vif.front;
	struct grant_pool pool;
	struct errbuf err;

	need(grant_pool_share(&pool, front->gntshr, front->dev.domid, nr, &err), &err);
	return pool;
}

static uint32_t put_list(struct xen_netif_gref *list, const struct grant_pool *pool, uint16_t flags)
{
	for (uint32_t i = 0; i < pool->nr_pages; i++)
		list[i] = (struct xen_netif_gref){ .ref = pool->refs[i], .flags = flags };
	return pool->nr_pages;
}

static bool add(struct station *station, const struct grant_pool *pages, uint16_t flags)
{
	struct grant_pool page = shared(station, 1);
	uint32_t nr = put_list((struct xen_netif_gref *)page.area, pages, flags);
	struct xen_netif_ctrl_response answer =
		vif_ask(&station->vif, XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING, 0, page.refs[0], nr);

	grant_pool_fini(&page);
	return answer.status == XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static bool add_and_end(struct station *station)
{
	struct grant_pool page = shared(station, 1);
	bool is_added = add(station, &page, 0);

	grant_pool_fini(&page);
	return is_added;
}

bool station_register(struct station *station)
{
	struct vif *vif = &station->vif;

	return vif->has_control_ring && add(station, &vif->front.data, XEN_NETIF_CTRLF_GREF_readonly) &&
	       add(station, &vif->rx.data, 0) && (!violates("NET-87") || add_and_end(station));
}
