/* SPDX-License-Identifier: MIT */
/*
 * What a disk has done: counted by the worker of its queue, kept over reconnects by the device.
 *
 * Thread: reasons_count() and counter_add() on the writer's; a reader on any, at any time. Never logs.
 */
#ifndef BACKEND_BLK_COUNTERS_H
#define BACKEND_BLK_COUNTERS_H

#include <jansson.h>
#include <stdint.h>

#include "backend/core/metrics.h"
#include "backend/core/reasons.h"

enum blk_io_kind { BLK_IO_READ, BLK_IO_WRITE, BLK_IO_FLUSH, BLK_IO_BARRIER, BLK_IO_DISCARD, BLK_NR_IO_KINDS };

extern const char *const blk_io_kind_names[BLK_NR_IO_KINDS];

struct blk_counters {
	uint64_t requests[BLK_NR_IO_KINDS]; /* answered without an error */
	uint64_t bytes[BLK_NR_IO_KINDS];
	uint64_t nr_zeroed_writes; /* of those: of nothing but zeros, and done without them */
	struct reasons errors;
	uint64_t nr_taken, nr_answered; /* the difference is in flight */
	/* The queue counts these itself. */
	uint64_t nr_spurious_events;
	uint64_t nr_persistent_pages;
	uint64_t nr_pages_without_room;
	struct histogram latency;
};

/* sum belongs to the caller; counters may be counting. */
void blk_counters_add(struct blk_counters *sum, const struct blk_counters *counters);
/* The connection is over: what was not answered never will be, and is in flight no more as far as the guest goes. */
void blk_counters_close(struct blk_counters *sum);
/*
 * Adds in_flight, requests, bytes, zeroed_writes, errors, latency_ns, spurious_events, persistent_pages and
 * pages_without_room.
 */
void blk_counters_status(const struct blk_counters *counters, json_t *object);

#endif
