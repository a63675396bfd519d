// SPDX-License-Identifier: MIT
#include "frontend/user/queue.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "common/base/errbuf.h"

void front_queue_init(struct front_queue *queue)
{
	*queue = (struct front_queue){ .port = -1 };
	grant_pool_init(&queue->pages);
}

static int open_port(struct front_queue *queue, uint32_t domid, struct errbuf *err)
{
	int rc;

	queue->evtchn = xenevtchn_open(NULL, 0);
	if (!queue->evtchn) {
		rc = errno ? -errno : -EIO;
		return errbuf_set(err, rc, "event channels: %s: is xen-evtchn loaded?", strerror(-rc));
	}
	queue->port = xenevtchn_bind_unbound_port(queue->evtchn, domid);
	if (queue->port < 0) {
		rc = errno ? -errno : -EIO;
		return errbuf_set(err, rc, "event channel for domain %u: %s", domid, strerror(-rc));
	}
	return 0;
}

int front_queue_open(struct front_queue *queue, xengntshr_handle *gntshr, uint32_t domid, unsigned int order,
		     uint32_t request_bytes, uint32_t response_bytes, struct errbuf *err)
{
	struct ring_layout layout;
	int rc;

	if (order > FRONT_MAX_RING_ORDER ||
	    !ring_layout_init(&layout, (size_t)GRANT_PAGE_BYTES << order, request_bytes, response_bytes))
		return errbuf_set(err, -EINVAL, "ring order %u: not from 0 to %u", order, FRONT_MAX_RING_ORDER);
	front_queue_init(queue);
	rc = grant_pool_share(&queue->pages, gntshr, domid, 1U << order, err);
	if (rc)
		goto out;
	ring_front_init(&queue->ring, queue->pages.area, &layout);
	rc = open_port(queue, domid, err);
out:
	if (rc)
		front_queue_fini(queue);
	return rc;
}

void front_queue_fini(struct front_queue *queue)
{
	if (queue->evtchn)
		xenevtchn_close(queue->evtchn); /* closes the port too */
	grant_pool_fini(&queue->pages);
	front_queue_init(queue);
}

int front_queue_fd(const struct front_queue *queue)
{
	return xenevtchn_fd(queue->evtchn);
}

void front_queue_notify(const struct front_queue *queue)
{
	/* A backend that has let go of the port is noticed through its state, not here. */
	(void)xenevtchn_notify(queue->evtchn, queue->port);
}

void front_queue_take_event(const struct front_queue *queue)
{
	struct pollfd pollfd = { .fd = xenevtchn_fd(queue->evtchn), .events = POLLIN };
	int port;

	/* xenevtchn_pending() may block when nothing is there, whatever the fd's flags say. */
	if (poll(&pollfd, 1, 0) != 1)
		return;
	port = xenevtchn_pending(queue->evtchn);
	if (port >= 0)
		(void)xenevtchn_unmask(queue->evtchn, port);
}
