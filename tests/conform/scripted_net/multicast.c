// SPDX-License-Identifier: MIT
/* Which frames to many a guest wants. */
#include "tests/conform/scripted_net/hub.h"

#include <string.h>

#include "tests/conform/violate.h"

static uint8_t *find(struct hub_vif *vif, const uint8_t address[6])
{
	for (unsigned int i = 0; i < vif->nr_addresses; i++) {
		if (memcmp(vif->addresses[i], address, 6) == 0)
			return vif->addresses[i];
	}
	return NULL;
}

static bool add(struct hub_vif *vif, const uint8_t address[6])
{
	if (find(vif, address))
		return true;
	if (vif->nr_addresses == (violates("NET-57") ? HUB_MAX_ADDRESSES / 2 : HUB_MAX_ADDRESSES))
		return false;
	memcpy(vif->addresses[vif->nr_addresses++], address, 6);
	return true;
}

bool hub_change_list(struct hub_vif *vif, const netif_extra_info_t *extra)
{
	uint8_t *there = find(vif, extra->u.mcast.addr);

	if (extra->type == XEN_NETIF_EXTRA_TYPE_MCAST_ADD)
		return add(vif, extra->u.mcast.addr);
	if (there)
		memcpy(there, vif->addresses[--vif->nr_addresses], 6);
	return true;
}

void hub_read_wish(struct hub_vif *vif)
{
	struct errbuf ignored;
	uint32_t wish = 0;

	xb_read_u32_or(vif->dev.store, vif->dev.dev.otherend, "request-multicast-control", 0, 0, 1, &wish, &ignored);
	vif->filters_multicast = wish;
}

bool hub_wants(struct hub_vif *vif, const struct frame *frame)
{
	static const uint8_t broadcast[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	bool is_multicast = frame->bytes[0] & 1 && memcmp(frame->bytes, broadcast, 6) != 0;
	bool filters = violates("NET-58") ? vif->nr_addresses > 0 : vif->filters_multicast;

	return !is_multicast || !filters || violates("NET-56") || find(vif, frame->bytes);
}
