// SPDX-License-Identifier: MIT
/* The hub's control ring. Of the hashes it knows all or none. */
#include "tests/conform/scripted_net/hub.h"

#include <string.h>

#include "tests/conform/violate.h"

#define ALL_FLAGS 15

static uint32_t set_key(struct hub_vif *vif, uint32_t gref, uint32_t len)
{
	uint8_t key[FRAME_KEY_BYTES] = { 0 };

	if (len > FRAME_KEY_BYTES)
		return violates("NET-63") ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	if (len > 0 && !back_read_page(&vif->control, gref, 0, len, key))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	memcpy(vif->key, key, sizeof(key));
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Sums of 64 bits do not wrap. */
static uint32_t set_mapping(struct hub_vif *vif, uint32_t gref, uint32_t nr, uint32_t first)
{
	uint32_t entries[HUB_MAX_ENTRIES];

	if ((uint64_t)first + nr > vif->nr_entries)
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	if (nr > 0 && !back_read_page(&vif->control, gref, 0, nr * sizeof(entries[0]), entries))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	for (uint32_t i = 0; i < nr; i++) {
		if (entries[i] >= vif->nr_queues)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	memcpy(vif->mapping + first, entries, nr * sizeof(entries[0]));
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t set_one_of(uint32_t value, uint32_t most, uint32_t *to)
{
	if (value > most && !violates("NET-62"))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	*to = value > most ? most : value;
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Any table there was is gone. */
static uint32_t set_size(struct hub_vif *vif, uint32_t nr)
{
	uint32_t status = set_one_of(nr, HUB_MAX_ENTRIES, &vif->nr_entries);

	if (status == XEN_NETIF_CTRL_STATUS_SUCCESS)
		memset(vif->mapping, 0, sizeof(vif->mapping));
	return status;
}

static uint32_t carry_out(struct hub_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data)
{
	switch (request->type) {
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		return set_one_of(request->data[0], XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, &vif->algorithm);
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		*data = ALL_FLAGS;
		return vif->algorithm ? XEN_NETIF_CTRL_STATUS_SUCCESS : XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		return set_one_of(request->data[0], ALL_FLAGS, &vif->flags);
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		return set_key(vif, request->data[0], request->data[1]);
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		*data = HUB_MAX_ENTRIES;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		return set_size(vif, request->data[0]);
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
		return set_mapping(vif, request->data[0], request->data[1], request->data[2]);
	case XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE:
	case XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING:
	case XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING:
		return hub_change_statics(vif, request, data);
	default:
		return violates("NET-61") ? XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER :
					    XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	}
}

static void serve_one(struct hub_vif *vif)
{
	struct xen_netif_ctrl_request request;
	struct xen_netif_ctrl_response response = { .data = 0 };

	back_take_raw(&vif->control, &request);
	response.id = violates("NET-60") ? 0 : request.id;
	response.type = request.type;
	response.status = carry_out(vif, &request, &response.data);
	back_put_raw(&vif->control, &response);
	back_push(&vif->control);
}

bool hub_hash(const struct hub_vif *vif, const struct frame *frame, uint32_t *hash)
{
	return vif->algorithm && vif->flags == ALL_FLAGS && frame_hash(frame, vif->key, hash);
}

bool hub_serve_control(struct hub_vif *vif)
{
	if (!vif->control.ring)
		return true;
	if (back_nr_requests(&vif->control) > back_max_requests(&vif->control))
		return false;
	while (back_nr_requests(&vif->control) > 0)
		serve_one(vif);
	return true;
}
