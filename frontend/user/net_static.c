// SPDX-License-Identifier: MIT
/* Static grants: the backend is asked to keep the pages of every queue mapped. */
#include <errno.h>

#include "frontend/user/net_front.h"

#define LIST_ENTRIES (GRANT_PAGE_BYTES / sizeof(struct xen_netif_gref))

static int ask(struct netfront *front, const struct xen_netif_ctrl_request *message, uint32_t *data,
	       struct errbuf *err)
{
	struct xen_netif_ctrl_response answer;
	int rc = netfront_control(front, message, &answer, err);

	*data = answer.data;
	if (rc == 0 && answer.status != XEN_NETIF_CTRL_STATUS_SUCCESS)
		return errbuf_set(err, -EOPNOTSUPP, "the backend refuses static grants (control message %u, status %u)",
				  message->type, answer.status);
	return rc;
}

/* Of each pool, which the backend only reads or also writes. */
static uint32_t put_list(struct xen_netif_gref *list, const struct grant_pool *pool, uint16_t flags)
{
	for (uint32_t i = 0; i < pool->nr_pages; i++)
		list[i] = (struct xen_netif_gref){ .ref = pool->refs[i], .flags = flags };
	return pool->nr_pages;
}

static int register_queue(struct netfront *front, unsigned int number, struct errbuf *err)
{
	const struct net_queue *queue = &front->queue[number];
	uint32_t nr = queue->tx.buffers.nr_pages + queue->rx.buffers.nr_pages, gref, most, nothing;
	struct xen_netif_gref *list = (struct xen_netif_gref *)netfront_control_page(front, &gref);
	int rc = ask(front, &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE,
							      .data = { number } }, &most, err);

	if (rc)
		return rc;
	if (nr > most || nr > LIST_ENTRIES)
		return errbuf_set(err, -EOPNOTSUPP, "the backend keeps %u pages of a queue mapped, and we have %u",
				  most, nr);
	list += put_list(list, &queue->tx.buffers, XEN_NETIF_CTRLF_GREF_readonly);
	put_list(list, &queue->rx.buffers, 0);
	return ask(front, &(struct xen_netif_ctrl_request){ .type = XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING,
							    .data = { number, gref, nr } }, &nothing, err);
}

int netfront_register_buffers(struct netfront *front, struct errbuf *err)
{
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < front->nr_queues; i++)
		rc = register_queue(front, i, err);
	return rc;
}
