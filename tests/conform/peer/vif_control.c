// SPDX-License-Identifier: MIT
/* A vif's control ring. */
#include "tests/conform/peer/vif.h"

#include <string.h>

#include "tests/conform/verdict.h"

struct xen_netif_ctrl_response vif_ask(struct vif *vif, uint16_t type, uint32_t a, uint32_t b, uint32_t c)
{
	const struct xen_netif_ctrl_request request = {
		.id = vif->control.req_prod * 7919, .type = type, .data = { a, b, c }
	};
	struct xen_netif_ctrl_response response;
	const void *slot;

	front_put_raw(&vif->control, &request);
	front_push(&vif->control);
	slot = front_take_raw(&vif->control, FRONT_PATIENCE_MS);
	MUST("NET-60", slot, "it is %s, and a message of type %u has no answer",
	     front_backend_state_name(&vif->front), type);
	memcpy(&response, slot, sizeof(response));
	MUST("NET-60", response.id == request.id && response.type == type,
	     "it answers to id %#x of type %u with id %#x of type %u", request.id, type, response.id, response.type);
	return response;
}
