// SPDX-License-Identifier: MIT
/* The control ring of a wire: hashes, for a frontend that asks for them. */
#include "tests/conform/peer/play_vif.h"

#include <string.h>

#include "tests/conform/verdict.h"

#define MAX_ENTRIES 128
#define ALL_FLAGS   15

/* What a message refers to. */
static bool fetch(struct play_vif *vif, const char *what, uint32_t gref, uint32_t len, void *to)
{
	if (len > BACK_PAGE_BYTES)
		return false;
	MUST("GNT-1", len == 0 || back_read_page(&vif->control, gref, 0, len, to), "%s, grant %u, cannot be read", what,
	     gref);
	return true;
}

static uint32_t set_key(struct play_vif *vif, uint32_t gref, uint32_t len)
{
	memset(vif->key, 0, sizeof(vif->key));
	if (len > sizeof(vif->key))
		return XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW;
	fetch(vif, "the key", gref, len, vif->key);
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

/* Of one queue every entry has to say that. */
static uint32_t set_mapping(struct play_vif *vif, uint32_t gref, uint32_t nr, uint32_t first)
{
	uint32_t entries[MAX_ENTRIES];

	if ((uint64_t)first + nr > MAX_ENTRIES || !fetch(vif, "the mapping", gref, nr * sizeof(entries[0]), entries))
		return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	for (uint32_t i = 0; i < nr; i++) {
		if (entries[i] >= vif->play.back.nr_queues)
			return XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER;
	}
	return XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static uint32_t carry_out(struct play_vif *vif, const struct xen_netif_ctrl_request *request, uint32_t *data)
{
	switch (request->type) {
	case XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM:
		vif->hashes = request->data[0] == XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS:
		*data = ALL_FLAGS;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS:
		vif->hash_flags = request->data[0];
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_KEY:
		return set_key(vif, request->data[0], request->data[1]);
	case XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE:
		*data = MAX_ENTRIES;
		return XEN_NETIF_CTRL_STATUS_SUCCESS;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE:
		return request->data[0] > MAX_ENTRIES ? XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER
						      : XEN_NETIF_CTRL_STATUS_SUCCESS;
	case XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING:
		return set_mapping(vif, request->data[0], request->data[1], request->data[2]);
	case XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE:
	case XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING:
	case XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING:
		return play_vif_serve_static(vif, request, data);
	default:
		return XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED;
	}
}

static void serve_one(struct play_vif *vif)
{
	struct xen_netif_ctrl_response response = { .data = 0 };
	struct xen_netif_ctrl_request request;

	must_be_possible(&vif->control);
	back_take_raw(&vif->control, &request);
	response.id = request.id;
	response.type = request.type;
	response.status = carry_out(vif, &request, &response.data);
	back_put_raw(&vif->control, &response);
	back_push(&vif->control);
	vif->nr_asked++;
}

void play_vif_serve_control(struct play_vif *vif)
{
	while (vif->control.ring && !back_may_sleep(&vif->control))
		serve_one(vif);
}

bool play_vif_hash(const struct play_vif *vif, const struct frame *frame, netif_extra_info_t *extra)
{
	uint32_t hash;

	if (!vif->hashes || vif->hash_flags != ALL_FLAGS || !frame_hash(frame, vif->key, &hash))
		return false;
	*extra = (netif_extra_info_t){ .type = XEN_NETIF_EXTRA_TYPE_HASH,
				       .u.hash.algorithm = XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ };
	extra->u.hash.type = (frame_ip_version(frame) == 6) * 2 + frame_is_tcp(frame);
	memcpy(extra->u.hash.value, &hash, sizeof(hash));
	return true;
}
