// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/blk/queue.h"

#include <linux/interrupt.h>
#include <linux/mm.h>
#include <xen/events.h>

#include "frontend/linux/blk/blk.h"
#include "frontend/linux/blk/request.h"

static_assert(sizeof(struct blkif_request) == 112);
static_assert(sizeof(struct blkif_response) == 16);

/* ---- responses --------------------------------------------------------------------------------------------------- */

/* NULL: it is as it should be, and *rq is the request that is complete, if one is. */
static const char *take_response(struct blk_queue *queue, const struct blkif_response *response, struct request **rq)
{
	struct blk_slot *slot;

	*rq = NULL;
	if ((u32)response->id >= queue->ring.layout.nr_slots)
		return "a response has an id that is none of ours";
	slot = &queue->slot[(u32)response->id];
	if (!slot->rq || slot->id != response->id)
		return "a response has the id of nothing that waits for one";
	if (response->operation != slot->operation)
		return "a response has another operation than its request";
	if (request_answered(slot->rq, response->status))
		*rq = slot->rq;
	slot->rq = NULL;
	queue->free[queue->nr_free++] = (u32)response->id;
	return NULL;
}

/* Of all that are there, the requests that are complete now, as a list. Ends: no more are answered than were put. */
static struct request *take_responses(struct blk_queue *queue, unsigned int *nr)
{
	struct request *done = NULL, **end = &done, *rq;
	struct blkif_response response;
	const char *why = NULL;
	enum ring_pop got;

	do {
		while (!why && (got = ring_front_pop(&queue->ring, &response)) == RING_GOT) {
			++*nr;
			why = take_response(queue, &response, &rq);
			if (rq) {
				*end = rq;
				end = request_next(rq);
			}
		}
	} while (!why && got == RING_EMPTY && !queue->is_polled && ring_front_final_check(&queue->ring));
	*end = NULL;
	if (!why && got == RING_BROKEN)
		why = "the ring's index of responses is impossible";
	if (why) {
		queue->ring.broken = true;
		life_break(&queue->front->life, why);
	}
	return done;
}

unsigned int queue_look(struct blk_queue *queue, struct io_comp_batch *batch)
{
	struct request *rq, *next;
	unsigned int nr = 0;
	unsigned long flags;

	spin_lock_irqsave(&queue->lock, flags);
	rq = take_responses(queue, &nr);
	spin_unlock_irqrestore(&queue->lock, flags);
	for (; rq; rq = next) {
		next = *request_next(rq);
		request_end(queue, rq, batch);
	}
	return nr;
}

/* Without an end of the interrupt there is never another one: that is for a ring that is broken. */
static irqreturn_t queue_interrupt(int irq, void *data)
{
	struct blk_queue *queue = data;
	DEFINE_IO_COMP_BATCH(batch);
	unsigned int nr = 0;

	/* Who polls for its request must not find it ended by an interrupt; and none was asked for. */
	if (!queue->is_polled)
		nr = queue_look(queue, &batch);
	if (batch.complete)
		batch.complete(&batch);
	if (!READ_ONCE(queue->ring.broken))
		xen_irq_lateeoi(irq, nr > 0 ? 0 : XEN_EOI_FLAG_SPURIOUS);
	return IRQ_HANDLED;
}

/* ---- requests ---------------------------------------------------------------------------------------------------- */

void queue_put(struct blk_queue *queue, struct request *rq, struct blkif_request *request, u8 response_operation)
{
	struct blk_slot *slot = &queue->slot[queue->free[--queue->nr_free]];

	slot->rq = rq;
	slot->id += 1ULL << 32;
	slot->operation = response_operation;
	request->u.other.id = slot->id;
	ring_front_put(&queue->ring, request);
}

void queue_push(struct blk_queue *queue)
{
	unsigned long flags;
	bool notify;

	spin_lock_irqsave(&queue->lock, flags);
	notify = ring_front_push(&queue->ring);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		notify_remote_via_irq(queue->irq);
}

struct request *queue_take_back(struct blk_queue *queue)
{
	unsigned int i, nr_slots = queue->slot ? queue->ring.layout.nr_slots : 0;
	struct request *rq;

	for (i = 0; i < nr_slots; i++) {
		rq = queue->slot[i].rq;
		queue->slot[i].rq = NULL;
		if (rq && request_answered(rq, BLKIF_RSP_ERROR))
			return rq;
	}
	return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

static int make_slots(struct blk_queue *queue)
{
	unsigned int nr = queue->ring.layout.nr_slots, i;

	queue->slot = kvcalloc(nr, sizeof(*queue->slot), GFP_KERNEL);
	queue->free = kvcalloc(nr, sizeof(*queue->free), GFP_KERNEL);
	if (!queue->slot || !queue->free)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		queue->slot[i].id = i;
		queue->free[queue->nr_free++] = i;
	}
	return 0;
}

static int make_ring(struct blk_queue *queue)
{
	struct ring_layout layout;
	void *shared;
	int rc;

	rc = xenbus_setup_ring(queue->front->life.dev, GFP_KERNEL, &shared, queue->nr_ring_pages, queue->ring_ref);
	if (rc)
		return rc;
	ring_layout_init(&layout, queue->nr_ring_pages * XEN_PAGE_SIZE, sizeof(struct blkif_request),
			 sizeof(struct blkif_response));
	ring_front_init(&queue->ring, shared, &layout);
	return 0;
}

int queue_open(struct blk_queue *queue, struct blk_front *front, unsigned int nr_ring_pages)
{
	struct xenbus_device *dev = front->life.dev;
	int rc;

	queue->front = front;
	queue->nr_ring_pages = nr_ring_pages;
	spin_lock_init(&queue->lock);
	grants_init(&queue->grants, dev->otherend_id);
	rc = make_ring(queue);
	if (rc)
		return rc;
	rc = make_slots(queue);
	if (rc)
		return rc;
	rc = xenbus_alloc_evtchn(dev, &queue->port);
	if (rc)
		return rc;
	rc = bind_evtchn_to_irqhandler_lateeoi(queue->port, queue_interrupt, 0, dev_name(&dev->dev), queue);
	if (rc < 0) {
		xenbus_free_evtchn(dev, queue->port);
		xenbus_dev_error(dev, rc, "binding the event channel");
		return rc;
	}
	queue->irq = rc;
	return 0;
}

void queue_stop(struct blk_queue *queue)
{
	if (queue->irq)
		unbind_from_irqhandler(queue->irq, queue);
	queue->irq = 0;
}

void queue_fini(struct blk_queue *queue)
{
	void *shared = queue->ring.shared;

	queue_stop(queue);
	if (!queue->front)
		return;
	grants_fini(&queue->grants);
	if (shared)
		xenbus_teardown_ring(&shared, queue->nr_ring_pages, queue->ring_ref);
	queue->ring.shared = NULL;
	kvfree(queue->slot);
	kvfree(queue->free);
	queue->slot = NULL;
	queue->free = NULL;
}
