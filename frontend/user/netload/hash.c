// SPDX-License-Identifier: MIT
/* --hash: the backend is asked to spread what we receive over our queues, by addresses and ports. */
#include <string.h>

#include "common/base/random.h"
#include "frontend/user/netload/netload.h"

#define KEY_BYTES  40 /* enough for every frame there is a hash of */
#define NR_ENTRIES 128
#define ALL_TYPES                                                                                                      \
	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP | XEN_NETIF_CTRL_HASH_TYPE_IPV6 |           \
	 XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

static bool ask(struct netload *nl, const char *what, const struct xen_netif_ctrl_request *message)
{
	struct xen_netif_ctrl_response answer;
	struct errbuf err;

	if (netfront_control(nl->front, message, &answer, &err)) {
		netload_error("%s: %s", what, err.text);
		return false;
	}
	if (answer.status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		netload_error("%s: the backend refuses it (status %u)", what, answer.status);
	return answer.status == XEN_NETIF_CTRL_STATUS_SUCCESS;
}

static bool set_key(struct netload *nl)
{
	uint64_t random = nl->config->seed;
	uint32_t gref;
	uint8_t *page = netfront_control_page(nl->front, &gref);

	for (unsigned int i = 0; i < KEY_BYTES; i++)
		page[i] = random_below(&random, 256);
	return ask(nl, "the key", &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_KEY,
								    .data = { gref, KEY_BYTES } });
}

static bool set_mapping(struct netload *nl)
{
	uint32_t gref, nr_queues = netfront_nr_queues(nl->front);
	uint8_t *page = netfront_control_page(nl->front, &gref);

	for (uint32_t i = 0; i < NR_ENTRIES; i++) {
		uint32_t queue = i % nr_queues;

		memcpy(page + i * sizeof(queue), &queue, sizeof(queue));
	}
	return ask(nl, "the size of the mapping",
		   &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE,
						     .data = { NR_ENTRIES } }) &&
	       ask(nl, "the mapping",
		   &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING,
						     .data = { gref, NR_ENTRIES, 0 } });
}

bool netload_set_hash(struct netload *nl)
{
	return ask(nl, "the algorithm",
		   &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM,
						     .data = { XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ } }) &&
	       set_key(nl) && set_mapping(nl) &&
	       ask(nl, "the types of hash",
		   &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS,
						     .data = { ALL_TYPES } });
}
