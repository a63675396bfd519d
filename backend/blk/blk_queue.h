/* SPDX-License-Identifier: MIT */
/*
 * The life of one queue of a disk, from a connection to its end, between the threads: the main thread asks and is told,
 * the queue's worker does (io.h).
 *
 * blk_queue_new() -> blk_queue_start() -> started() -> blk_queue_stop() -> stopped() -> released() -> blk_queue_free().
 * Thread: the main thread, but for the counters.
 * Logs: what a request was refused for, bounded by the caller's limit.
 */
#ifndef BACKEND_BLK_BLK_QUEUE_H
#define BACKEND_BLK_BLK_QUEUE_H

#include "backend/blk/counters.h"
#include "backend/blk/image.h"
#include "backend/blk/request.h"
#include "backend/core/guest.h"
#include "backend/core/queue.h"
#include "common/base/errbuf.h"
#include "common/wire/blk.h"

struct blk_growth;
struct blk_queue;
struct device_ring;

struct blk_queue_params {
	const char *label;
	struct guest_limits *log_limits; /* of all the guest's devices; used until stopped() */
	struct image *image; /* open and locked until released() */
	struct blk_growth *growth; /* of the disk; until released() */
	uint32_t nr_queues; /* of the disk */
	struct device_ring *ring; /* identified; its journal is used until stopped() */
	enum blk_abi abi;
	struct blk_limits limits; /* but nr_sectors, which are the growth's */
	bool maps_data;     /* the pages of each request are mapped for its time, not copied */
	uint32_t max_persistent_pages; /* of the guest's, that may stay mapped */
	enum blk_zeros zeros; /* what is to become of a write of nothing else */
	struct persistent_budget *budget;
	bool is_resumed;
};

/* What the main thread is told, on its loop; `owner` is the caller's. */
struct blk_queue_events {
	struct loop *loop;
	void *owner;
	/* On failure nothing is held, and it is only to be freed. */
	void (*started)(void *owner, int rc, const struct errbuf *err);
	/* It takes nothing more, and is to be stopped. */
	void (*failed)(void *owner, const char *reason);
	void (*stopped)(void *owner, uint32_t nr_orphans);
	/* Its last request is back. */
	void (*released)(void *owner);
};

/* NULL: no memory. */
struct blk_queue *blk_queue_new(const struct blk_queue_params *params, const struct blk_queue_events *events);
void blk_queue_start(struct blk_queue *bq, struct worker *worker);
void blk_queue_stop(struct blk_queue *bq, enum queue_stop how);
void blk_queue_free(struct blk_queue *bq);

uint64_t blk_queue_nr_taken(const struct blk_queue *bq); /* any thread */
/* Adds what it has counted so far. Any thread. */
void blk_queue_count(const struct blk_queue *bq, struct blk_counters *sum);

#endif
