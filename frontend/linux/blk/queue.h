/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A ring, its port, and which request is in which slot.
 *
 * An id is a slot's number, and in its upper half how often that was used: so what was answered is not taken for what
 * came after it. A request takes one slot, or several if it is larger than the backend takes at once.
 */
#ifndef FRONTEND_LINUX_BLK_QUEUE_H
#define FRONTEND_LINUX_BLK_QUEUE_H

#include <linux/blk-mq.h>
#include <linux/spinlock.h>
#include <xen/interface/io/blkif.h>
#include <xen/xenbus.h>

#include "common/ring/front.h"
#include "frontend/linux/blk/grants.h"

struct blk_front;

struct blk_slot {
	struct request *rq; /* NULL: it is free */
	u64 id;
	u8 operation; /* that its response is to have */
};

struct blk_queue {
	struct blk_front *front;
	bool is_polled; /* whoever waits looks for the responses: the backend is asked for no events */
	unsigned int nr_ring_pages;
	grant_ref_t ring_ref[XENBUS_MAX_RING_GRANTS];
	evtchn_port_t port;
	int irq;

	spinlock_t lock; /* over what follows; taken before the grants' */
	struct ring_front ring;
	struct blk_slot *slot;
	u16 *free; /* slots' numbers: a stack */
	unsigned int nr_free;

	struct blk_grants grants;
};

/* A ring of that many pages and its port, ready to be published; is_polled is set. -errno; says why. May sleep. */
int queue_open(struct blk_queue *queue, struct blk_front *front, unsigned int nr_ring_pages);

/* No response is looked for any more, on any CPU. Twice is as good as once. */
void queue_stop(struct blk_queue *queue);

/* One of the requests that are not answered, and not again; NULL: there is none left. Of a queue that was stopped. */
struct request *queue_take_back(struct blk_queue *queue);

/* Frees all. The backend's pages are freed when it has let go. */
void queue_fini(struct blk_queue *queue);

/* Puts a request into a slot, which fills in its id. There is room (nr_free). Under the lock. */
void queue_put(struct blk_queue *queue, struct request *rq, struct blkif_request *request, u8 response_operation);

/* Publishes what was put, and tells the backend if it wants to know. */
void queue_push(struct blk_queue *queue);

/*
 * Looks at all responses that are there, as the interrupt does. What is complete may be left to the batch, as with
 * request_end(). The number of responses.
 */
unsigned int queue_look(struct blk_queue *queue, struct io_comp_batch *batch);

#endif
