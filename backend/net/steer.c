// SPDX-License-Identifier: MIT
#include "backend/net/steer.h"

#include <string.h>

void net_steer_init(struct net_steer *steer, struct net_state *state, unsigned int own, unsigned int nr_queues)
{
	memset(steer, 0, sizeof(*steer));
	steer->state = state;
	steer->own = own;
	steer->nr_queues = nr_queues;
}

void net_steer_refresh(struct net_steer *steer)
{
	if (net_state_look(steer->state, &steer->view))
		toeplitz_set_key(&steer->toeplitz, steer->view.settings.hash_key);
}

/* What has no hash goes where a hash of 0 goes, as with xen-netback. */
unsigned int net_steer_frame(const struct net_steer *steer, struct net_rx_frame *frame)
{
	const struct net_settings *settings = &steer->view.settings;
	uint32_t hash;

	frame->has_hash = false;
	if (settings->hash_algorithm == XEN_NETIF_CTRL_HASH_ALGORITHM_NONE || settings->hash_types == 0)
		return steer->own;
	frame->has_hash = toeplitz_hash_frame(&steer->toeplitz, settings->hash_types, net_rx_frame_bytes(frame),
					      frame->len_bytes, &frame->hash);
	hash = frame->has_hash ? frame->hash.value : 0;
	return settings->nr_mapping ? settings->mapping[hash % settings->nr_mapping] : hash % steer->nr_queues;
}
