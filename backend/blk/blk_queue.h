/* SPDX-License-Identifier: MIT */
/*
 * The life of one queue of a disk, from a connection to its end, between the threads: the main thread asks and is told,
 * the queue's worker does (io.h), a helper gives the image back.
 *
 * Thread: the main thread, but for the counters.
 * Logs: what a request was refused for, bounded by the caller's limit.
 */
#ifndef BACKEND_BLK_BLK_QUEUE_H
#define BACKEND_BLK_BLK_QUEUE_H

#include "backend/blk/counters.h"
#include "backend/blk/image.h"
#include "backend/blk/request.h"
#include "backend/core/guest.h"
#include "backend/core/helper.h"
#include "backend/core/queue.h"
#include "common/base/errbuf.h"
#include "common/wire/blk.h"

struct blk_queue;

struct blk_queue_params {
	const char *label;
	struct guest_limits *log_limits; /* of all the guest's devices; used until stopped() */
	struct image *image;
	struct journal *journal;
	struct journal_identity identity;
	enum blk_abi abi;
	struct blk_limits limits;
	bool maps_data;     /* the pages of each request are mapped for its time, not copied */
	bool is_persistent; /* the guest's pages may stay mapped */
	struct persistent_budget *budget;
	bool is_resumed;
};

/* What the main thread is told, on its loop; `device` is the caller's. */
struct blk_queue_events {
	struct loop *loop;
	struct helper *helper; /* for giving the image back */
	void *device;
	void (*started)(void *device, int rc, const struct errbuf *err);
	void (*failed)(void *device, const char *reason);
	void (*measured)(void *device, uint64_t size_bytes); /* the image, which may grow while it is used */
	void (*stopped)(void *device, uint32_t nr_orphans);
};

struct blk_queue *blk_queue_new(const struct blk_queue_params *params, const struct blk_queue_events *events);
/* started() follows. On its failure the queue is gone and the image unlocked. */
void blk_queue_start(struct blk_queue *bq, struct worker *worker);
/*
 * stopped() follows. When its last request is back the queue unlocks the image and frees itself: before stopped(), or
 * after it if there are orphans or it hands over.
 */
void blk_queue_stop(struct blk_queue *bq, enum queue_stop how);

/* Requests may be beyond what was the disk's end. */
void blk_queue_grow(struct blk_queue *bq, uint64_t nr_sectors);

/* Adds what it has counted so far. Any thread. */
void blk_queue_count(const struct blk_queue *bq, struct blk_counters *sum);

#endif
