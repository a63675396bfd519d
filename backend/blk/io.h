/* SPDX-License-Identifier: MIT */
/*
 * The data path of one queue: a request from the ring to the engine and its answer back.
 *
 *	request -> decode -> check -> grants (copy in, or map) -> engine -> (copy out, or unmap) -> respond
 *
 * Copies of a whole batch are one call: segments and writes are gathered while requests are taken, reads while the
 * engine's completions come in, and all are done in flush().
 * Of an indirect request first its segments are copied in, once, and checked then; one that has many waits before that
 * until there is memory for it.
 * A request's data lies in its slot's own buffer or a larger one (copy), or in the guest's pages (map); never is a
 * guest's page given to direct I/O in a PV domain (image.c and connect.c refuse that).
 *
 * For blk_queue.c alone. Thread: the queue's worker. Logs as blk_queue.h says.
 */
#ifndef BACKEND_BLK_IO_H
#define BACKEND_BLK_IO_H

#include "backend/blk/blk_queue.h"
#include "backend/blk/buffers.h"
#include "backend/blk/io_list.h"
#include "backend/blk/large.h"
#include "backend/blk/order.h"
#include "common/base/container.h"

/* In this order. A FLUSH makes earlier writes durable, then its own data is written; a BARRIER's is durable, too. */
enum io_step { IO_STEP_FLUSH_BEFORE = 1, IO_STEP_DATA = 2, IO_STEP_FLUSH_AFTER = 4 };

/* A request in flight. The slot's for life; owner: the worker. */
struct blk_io {
	struct blk_op op;
	struct blk_queue *bq;
	struct blk_io *next; /* in one of the queue's lists */
	uint32_t slot;
	struct blk_request req;
	enum blk_io_kind kind;
	unsigned int steps; /* enum io_step: what the engine has still to do */
	bool is_running;    /* owner: order.c */
	bool copy_failed;
	void *mapped; /* the guest's pages, side by side; NULL: copied */
	uint64_t taken_ns;
	struct blk_large *large;     /* instead of the slot's buffer; NULL: none */
	struct blk_segment *segment; /* of req, of large, or these: */
	struct blk_segment own_segment[BLK_BUFFER_SEGMENTS];
	struct iovec iov; /* of the data in our memory */
};

struct blk_queue {
	struct queue queue;
	struct blk_queue_params params;
	struct blk_queue_events events;
	char label[48];
	struct guest_limits orphans_log_limits; /* the guest may be gone before they come back */
	/* owner: the worker */
	struct blk_io *io; /* by slot */
	struct blk_buffers buffers;
	struct blk_large_pool large;
	struct io_list to_grow;  /* indirect ones that need more memory than a slot has */
	struct io_list to_learn; /* indirect ones whose segments are still the guest's */
	struct io_list to_fetch; /* writes whose data is still the guest's */
	struct io_list to_store; /* reads whose data is not yet the guest's */
	struct blk_order order;
	struct blk_counters counters;
	bool has_said_without_room;
	/* messages between the threads; each is on its way at most once */
	struct worker *worker;
	struct loop_msg start_msg, stop_msg, started_msg, failed_msg, stopped_msg, released_msg;
	enum queue_stop stop_how;
	int start_rc;
	struct errbuf start_err;
	uint32_t nr_orphans;
	const char *failed_reason;
};

static inline struct blk_queue *to_bq(struct queue *queue)
{
	return container_of(queue, struct blk_queue, queue);
}

void blk_io_init(struct blk_queue *bq);
/* For struct queue_ops. */
void blk_io_request(struct queue *queue, uint32_t slot, const void *bytes);
void blk_io_refuse(struct queue *queue, uint32_t slot, const void *bytes);
void blk_io_flush(struct queue *queue);

#endif
