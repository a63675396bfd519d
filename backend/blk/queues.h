/* SPDX-License-Identifier: MIT */
/*
 * All queues of a connected disk, which start and stop together, and the image that they share: locked when they start,
 * given back when the last request of the last of them is back. Each has a worker, the next one's turn.
 *
 * blk_queues_start() -> started() -> blk_queues_stop() -> stopped(). It frees itself: before stopped(), or after it if
 * there are orphans or it hands over.
 * Thread: the main thread, but for the counters.
 */
#ifndef BACKEND_BLK_QUEUES_H
#define BACKEND_BLK_QUEUES_H

#include <jansson.h>

#include "backend/blk/blk_queue.h"

struct blk_queues;
struct device_host;
struct device_rings;

/* What the main thread is told, on its loop. */
struct blk_queues_events {
	void *device;
	/* On failure all is gone, and the image unlocked. */
	void (*started)(void *device, int rc, const struct errbuf *err);
	/* The guest has broken the protocol: they are to be stopped. Once. */
	void (*failed)(void *device, const char *reason);
	void (*measured)(void *device, uint64_t size_bytes); /* the image, which may grow; 0: cannot be found out */
	void (*stopped)(void *device, uint32_t nr_orphans);
};

/*
 * One for each of the rings; like: what they have in common, but for ring, nr_queues and growth. NULL: no memory; the
 * image is as it was.
 */
struct blk_queues *blk_queues_start(struct device_host *host, struct device_rings *rings,
				    const struct blk_queue_params *like, const struct blk_queues_events *events);
void blk_queues_stop(struct blk_queues *queues, enum queue_stop how);

/* measured() follows, while they are not stopped. false: it is to follow already. */
bool blk_queues_measure(struct blk_queues *queues);
/* Requests may be beyond what was the disk's end. */
void blk_queues_grow(struct blk_queues *queues, uint64_t nr_sectors);

/* Adds what they have counted so far. Any thread. */
void blk_queues_count(const struct blk_queues *queues, struct blk_counters *sum);
/* How many requests each has taken: [1, 2, ...]. */
json_t *blk_queues_requests(const struct blk_queues *queues);

#endif
