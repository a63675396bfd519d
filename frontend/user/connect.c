// SPDX-License-Identifier: MIT
/* A block front from nothing to Connected, and back. */
#include "frontend/user/blk_front.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/user/nodes.h"
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
	if (front->config.nr_queues == 0)
		front->config.nr_queues = 1;
	front->pages_per_io = front->config.buffer_pages;
	if (front->config.buffer_pages > BLK_MAX_SEGMENTS)
		front->pages_per_io += blk_nr_segment_pages(front->config.buffer_pages);
	front_device_init(&front->device);
	grant_pool_init(&front->buffers);
	return front;
}

/* The backend has let go, or never will. */
static void release(struct blkfront *front)
{
	while (front->nr_queues > 0)
		front_queue_fini(&front->queue[--front->nr_queues]);
	grant_pool_fini(&front->buffers);
	front_device_fini(&front->device);
	free(front->io);
	free(front->flight);
	free(front->free);
	free(front->segment);
	front->io = NULL;
	front->flight = NULL;
	front->free = NULL;
	front->segment = NULL;
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
	uint32_t pages = front->pages_per_io, nr = front->nr_queues * front->queue[0].ring.layout.nr_slots;
	int rc;

	if (front->config.nr_buffers && front->config.nr_buffers < nr)
		nr = front->config.nr_buffers;
	front->io = calloc(nr, sizeof(*front->io));
	front->flight = calloc(nr, sizeof(*front->flight));
	front->free = calloc(nr, sizeof(struct blkfront_io *));
	front->segment = calloc(front->config.buffer_pages, sizeof(*front->segment));
	if (!front->io || !front->flight || !front->free || !front->segment)
		return errbuf_set(err, -ENOMEM, "%u buffers: out of memory", nr);
	rc = grant_pool_share(&front->buffers, front->device.gntshr, front->device.xb.domid, nr * pages, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < nr; i++) {
		front->io[i].data = grant_pool_page(&front->buffers, i * pages);
		front->io[i].index = i;
		front->io[i].queue = i % front->nr_queues;
		front->free[nr - 1 - i] = &front->io[i];
	}
	front->nr_buffers = front->nr_free = nr;
	return 0;
}

static int check_offer(const struct blkfront_config *config, const struct blk_offer *offer, struct errbuf *err)
{
	if (config->ring_order > offer->max_ring_order)
		return errbuf_set(err, -EINVAL, "ring order %u: the backend offers up to %u", config->ring_order,
				  offer->max_ring_order);
	if (config->nr_queues > BLKFRONT_MAX_QUEUES || config->nr_queues > offer->max_queues)
		return errbuf_set(err, -EINVAL, "%u queues: the backend offers up to %u, and we use up to %u",
				  config->nr_queues, offer->max_queues, BLKFRONT_MAX_QUEUES);
	return 0;
}

static int open_queues(struct blkfront *front, struct errbuf *err)
{
	const struct blkfront_config *config = &front->config;
	const struct front_device *dev = &front->device;
	int rc = 0;

	while (rc == 0 && front->nr_queues < config->nr_queues) {
		rc = front_queue_open(&front->queue[front->nr_queues], dev->gntshr, dev->xb.domid, config->ring_order,
				      blk_request_bytes(config->abi), blk_response_bytes(config->abi), err);
		front->nr_queues += rc == 0;
	}
	return rc;
}

static int prepare(void *arg, struct errbuf *err)
{
	struct blkfront *front = arg;
	struct blk_offer offer;
	int rc;

	rc = blk_offer_read(&front->device.store, front->device.xb.otherend, &offer, err);
	if (rc == 0)
		rc = check_offer(&front->config, &offer, err);
	if (rc == 0)
		rc = open_queues(front, err);
	return rc ? rc : make_buffers(front, err);
}

static int unpublish(struct xb_store *store, const char *dir, struct errbuf *err)
{
	static const char *const names[] = { "ring-ref", "ring-page-order", "num-ring-pages",
					     "multi-queue-num-queues", "protocol" };

	return front_unpublish(store, dir, names, sizeof(names) / sizeof(names[0]), err);
}

/* With one page backends disagree on what the ring is called. */
static int publish_queue(struct xb_store *store, const char *dir, const void *arg, unsigned int number,
			 struct errbuf *err)
{
	const struct blkfront *front = arg;
	const struct front_queue *queue = &front->queue[number];
	const uint32_t *refs = queue->pages.refs;
	char name[24];
	int rc = 0;

	if (queue->pages.nr_pages == 1)
		rc = xb_write(store, dir, "ring-ref", err, "%u", refs[0]);
	for (unsigned int i = 0; rc == 0 && queue->pages.nr_pages > 1 && i < queue->pages.nr_pages; i++) {
		snprintf(name, sizeof(name), "ring-ref%u", i);
		rc = xb_write(store, dir, name, err, "%u", refs[i]);
	}
	return rc ? rc : xb_write(store, dir, "event-channel", err, "%d", queue->port.number);
}

/* Everything this frontend tells its backend. With one page `ring-page-order` stays away. */
static int publish(struct xb_store *store, const char *dir, void *arg, struct errbuf *err)
{
	const struct blkfront *front = arg;
	int rc = unpublish(store, dir, err);

	if (rc == 0 && front->config.ring_order > 0)
		rc = xb_write(store, dir, "ring-page-order", err, "%u", front->config.ring_order);
	if (rc == 0)
		rc = front_publish_queues(store, dir, front, front->nr_queues, publish_queue, err);
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

	if (front->config.has_small_sectors)
		front->disk.sector_bytes = BLK_SECTOR_BYTES;
	if (rc == 0)
		rc = check_request_size(front, err);
	for (uint32_t i = 0; rc == 0 && i < front->nr_queues; i++)
		rc = front_device_add_port(dev, &front->queue[i].port, err);
	return rc;
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
