// SPDX-License-Identifier: MIT
#include "frontend/user/queue.h"

#include <errno.h>

#include "common/base/errbuf.h"

int front_ring_open(struct ring_front *ring, struct grant_pool *pages, xengntshr_handle *gntshr, uint32_t domid,
		    unsigned int order, uint32_t request_bytes, uint32_t response_bytes, struct errbuf *err)
{
	struct ring_layout layout;
	int rc;

	if (order > FRONT_MAX_RING_ORDER ||
	    !ring_layout_init(&layout, (size_t)GRANT_PAGE_BYTES << order, request_bytes, response_bytes))
		return errbuf_set(err, -EINVAL, "ring order %u: not from 0 to %u", order, FRONT_MAX_RING_ORDER);
	rc = grant_pool_share(pages, gntshr, domid, 1U << order, err);
	if (rc == 0)
		ring_front_init(ring, pages->area, &layout);
	return rc;
}

void front_queue_init(struct front_queue *queue)
{
	*queue = (struct front_queue){ 0 };
	front_port_init(&queue->port);
	grant_pool_init(&queue->pages);
}

int front_queue_open(struct front_queue *queue, xengntshr_handle *gntshr, uint32_t domid, unsigned int order,
		     uint32_t request_bytes, uint32_t response_bytes, struct errbuf *err)
{
	int rc;

	front_queue_init(queue);
	rc = front_ring_open(&queue->ring, &queue->pages, gntshr, domid, order, request_bytes, response_bytes, err);
	if (rc == 0)
		rc = front_port_open(&queue->port, domid, err);
	if (rc)
		front_queue_fini(queue);
	return rc;
}

void front_queue_fini(struct front_queue *queue)
{
	front_port_fini(&queue->port);
	grant_pool_fini(&queue->pages);
	front_queue_init(queue);
}

int front_queue_fd(const struct front_queue *queue)
{
	return front_port_fd(&queue->port);
}

void front_queue_notify(const struct front_queue *queue)
{
	front_port_notify(&queue->port);
}

void front_queue_take_event(const struct front_queue *queue)
{
	front_port_take_event(&queue->port);
}
