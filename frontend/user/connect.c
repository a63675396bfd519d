// SPDX-License-Identifier: MIT
/* A block front from nothing to Connected, and back. */
#include "frontend/user/blk_front.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/user/segments.h"
#include "xenbus/node.h"

struct blkfront *blkfront_new(const struct blkfront_config *config)
{
	struct blkfront *front = calloc(1, sizeof(*front));

	if (!front)
		return NULL;
	front->config = *config;
	if (front->config.buffer_pages == 0)
		front->config.buffer_pages = BLK_MAX_SEGMENTS;
	if (front->config.buffer_pages > BLKFRONT_MAX_BUFFER_PAGES)
		front->config.buffer_pages = BLKFRONT_MAX_BUFFER_PAGES;
	front->pages_per_io = front->config.buffer_pages + (front->config.buffer_pages > BLK_MAX_SEGMENTS);
	front_device_init(&front->device);
	front_queue_init(&front->queue);
	grant_pool_init(&front->buffers);
	return front;
}

/* The backend has let go, or never will. */
static void release(struct blkfront *front)
{
	front_queue_fini(&front->queue);
	grant_pool_fini(&front->buffers);
	front_device_fini(&front->device);
	free(front->io);
	free(front->flight);
	free(front->free);
	front->io = NULL;
	front->flight = NULL;
	front->free = NULL;
	front->nr_buffers = front->nr_free = front->nr_out = 0;
	front->state = BLKFRONT_CLOSED;
	front->why.text[0] = '\0';
}

void blkfront_free(struct blkfront *front)
{
	if (!front)
		return;
	release(front);
	free(front);
}

static int make_buffers(struct blkfront *front, struct errbuf *err)
{
	uint32_t pages = front->pages_per_io, nr = front->queue.ring.layout.nr_slots;
	int rc;

	if (front->config.nr_buffers && front->config.nr_buffers < nr)
		nr = front->config.nr_buffers;
	front->io = calloc(nr, sizeof(*front->io));
	front->flight = calloc(nr, sizeof(*front->flight));
	front->free = calloc(nr, sizeof(struct blkfront_io *));
	if (!front->io || !front->flight || !front->free)
		return errbuf_set(err, -ENOMEM, "%u buffers: out of memory", nr);
	rc = grant_pool_share(&front->buffers, front->device.gntshr, front->device.xb.domid, nr * pages, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < nr; i++) {
		front->io[i].data = grant_pool_page(&front->buffers, i * pages);
		front->io[i].index = i;
		front->free[nr - 1 - i] = &front->io[i];
	}
	front->nr_buffers = front->nr_free = nr;
	return 0;
}

static int prepare(void *arg, struct errbuf *err)
{
	struct blkfront *front = arg;
	unsigned int order = front->config.ring_order;
	struct blk_offer offer;
	int rc;

	rc = blk_offer_read(&front->device.store, front->device.xb.otherend, &offer, err);
	if (rc)
		return rc;
	if (order > offer.max_ring_order)
		return errbuf_set(err, -EINVAL, "ring order %u: the backend offers up to %u", order,
				  offer.max_ring_order);
	rc = front_queue_open(&front->queue, front->device.gntshr, front->device.xb.domid, order,
			      blk_request_bytes(front->config.abi), blk_response_bytes(front->config.abi), err);
	if (rc)
		return rc;
	return make_buffers(front, err);
}

/* What an earlier life, perhaps another frontend's, left there and a backend would read. */
static int unpublish(struct xb_store *store, const char *dir, struct errbuf *err)
{
	static const char *const names[] = { "ring-ref", "ring-page-order", "num-ring-pages",
					     "multi-queue-num-queues", "protocol" };
	char path[XB_PATH_MAX];
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		rc = xb_path(path, sizeof(path), err, "%s/%s", dir, names[i]);
		if (rc == 0)
			rc = xb_remove(store, path, err);
	}
	return rc;
}

/* Everything this frontend tells its backend. */
static int publish(struct xb_store *store, const char *dir, void *arg, struct errbuf *err)
{
	const struct blkfront *front = arg;
	const uint32_t *refs = front->queue.pages.refs;
	unsigned int order = front->config.ring_order;
	char name[24];
	int rc = unpublish(store, dir, err);

	if (rc)
		return rc;
	/* With one page `ring-page-order` stays away: backends disagree on what the ring is called then. */
	if (order == 0)
		rc = xb_write(store, dir, "ring-ref", err, "%u", refs[0]);
	else
		rc = xb_write(store, dir, "ring-page-order", err, "%u", order);
	for (unsigned int i = 0; rc == 0 && order > 0 && i < 1U << order; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		rc = xb_write(store, dir, name, err, "%u", refs[i]);
	}
	if (rc == 0)
		rc = xb_write(store, dir, "event-channel", err, "%d", front->queue.port.number);
	/* Always, but to see what a backend makes of frontends that do not: backends guess differently. */
	if (rc == 0 && !front->config.omits_protocol)
		rc = xb_write(store, dir, "protocol", err, "%s", blk_abi_name(front->config.abi));
	if (rc == 0)
		rc = xb_write(store, dir, "feature-persistent", err, "%d", !front->config.is_not_persistent);
	return rc;
}

static int check_request_size(const struct blkfront *front, struct errbuf *err)
{
	uint32_t nr = front->config.buffer_pages, most = front->disk.max_indirect_segments;

	if (nr <= BLK_MAX_SEGMENTS || nr <= most)
		return 0;
	return errbuf_set(err, -EOPNOTSUPP, "requests of %u segments: the backend offers %u indirect ones", nr, most);
}

static int connected(void *arg, struct errbuf *err)
{
	struct blkfront *front = arg;
	struct front_device *dev = &front->device;
	int rc = blk_disk_read(&dev->store, dev->xb.otherend, &front->disk, err);

	if (rc == 0)
		rc = check_request_size(front, err);
	return rc ? rc : front_device_add_port(dev, &front->queue.port, err);
}

static const struct front_steps steps = {
	.kind = "vbd",
	.prepare = prepare,
	.publish = publish,
	.published = XB_INITIALISED,
	.connected = connected,
};

int blkfront_connect(struct blkfront *front, struct errbuf *err)
{
	int rc;

	assert(front->state == BLKFRONT_CLOSED);
	rc = front_device_connect(&front->device, &steps, front->config.devid, front->config.timeout_ms, front, err);
	if (rc)
		release(front);
	else
		front->state = BLKFRONT_CONNECTED;
	return rc;
}

int blkfront_disconnect(struct blkfront *front, struct errbuf *err)
{
	int rc;

	if (front->state == BLKFRONT_CLOSED)
		return 0;
	rc = front_device_close(&front->device, front->config.timeout_ms, err);
	release(front);
	return rc;
}
