// SPDX-License-Identifier: MIT
#include "backend/core/queue_setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "backend/core/queue_recover.h"
#include "common/base/errbuf.h"

static int alloc_slots(struct queue *queue, uint32_t nr_slots, struct errbuf *err)
{
	queue->free_slots = calloc(nr_slots, sizeof(*queue->free_slots));
	queue->answered_slots = calloc(nr_slots, sizeof(*queue->answered_slots));
	queue->replays.slots = calloc(nr_slots, sizeof(*queue->replays.slots));
	if (!queue->free_slots || !queue->answered_slots || !queue->replays.slots)
		return errbuf_set(err, -ENOMEM, "no memory for %u requests", nr_slots);
	queue->nr_slots = nr_slots;
	return 0;
}

static int map_ring(struct queue *queue, const struct journal_identity *identity, struct errbuf *err)
{
	int rc = grants_open(&queue->grants, identity->domid);

	if (rc)
		return errbuf_set(err, rc, "/dev/xen/gntdev: %s", strerror(-rc));
	rc = grants_map(&queue->grants, identity->ref, identity->nr_refs, PROT_READ | PROT_WRITE, &queue->shared);
	if (rc)
		return errbuf_set(err, rc, "cannot map the ring of %u page(s), first grant %u of domain %u: %s",
				  identity->nr_refs, identity->ref[0], identity->domid, strerror(-rc));
	queue->nr_pages = identity->nr_refs;
	return 0;
}

int queue_ring_layout(const struct journal_identity *identity, struct ring_layout *layout, struct errbuf *err)
{
	if (ring_layout_init(layout, identity->nr_refs * 4096UL, identity->request_bytes, identity->response_bytes))
		return 0;
	return errbuf_set(err, -EINVAL, "a ring of %u page(s) holds no request", identity->nr_refs);
}

static int attach_ring(struct queue *queue, const struct queue_params *params, struct errbuf *err)
{
	const struct journal_identity *identity = params->identity;
	struct ring_layout layout;
	int rc = queue_ring_layout(identity, &layout, err);

	if (rc)
		return rc;
	if (!params->is_resumed) {
		ring_back_init(&queue->ring, queue->shared, &layout);
		return 0;
	}
	if (queue->journal->is_given_up)
		return queue_recover_attach(queue, &layout, err);
	rc = journal_find_unanswered(queue->journal, ring_shared_rsp_prod(queue->shared), &queue->replays, err);
	if (rc)
		return rc;
	if (!ring_back_attach(&queue->ring, queue->shared, &layout, queue->replays.req_cons, queue->replays.rsp_prod))
		return errbuf_set(err, -EUCLEAN, "no ring can have indexes as in the journal");
	queue->nr_abandoned = queue->replays.nr_abandoned;
	return 0;
}

int queue_set_up(struct queue *queue, const struct queue_params *params, struct errbuf *err)
{
	const struct journal_identity *identity = params->identity;
	int rc = alloc_slots(queue, identity->nr_slots, err);

	if (rc == 0)
		rc = map_ring(queue, identity, err);
	if (rc)
		return rc;
	if (params->max_persistent_pages)
		rc = grants_keep(&queue->grants, params->max_persistent_pages, params->budget);
	if (rc)
		return errbuf_set(err, rc, "no memory for persistent grants");
	return attach_ring(queue, params, err);
}

/* Once the journal says which are. The first one is used first. */
static void find_free_slots(struct queue *queue)
{
	queue->nr_free = 0;
	for (uint32_t slot = queue->nr_slots; slot-- > 0;) {
		if (queue->journal->file->entry[slot].state == JOURNAL_ENTRY_FREE)
			queue->free_slots[queue->nr_free++] = slot;
	}
}

int queue_begin_journal(struct queue *queue, const struct queue_params *params, struct errbuf *err)
{
	int rc;

	if (params->is_resumed && queue->journal->is_given_up)
		rc = queue_recover_begin(queue, params->identity, err);
	else if (params->is_resumed)
		rc = journal_resume(queue->journal, &queue->replays, err);
	else
		rc = journal_begin(queue->journal, params->identity, ring_back_req_cons(&queue->ring), err);
	if (rc == 0)
		find_free_slots(queue);
	return rc;
}

void queue_let_go(struct queue *queue)
{
	if (queue->port_owner)
		queue->port_owner->port_sharer = NULL;
	worker_unbind(queue->worker, &queue->port);
	grants_forget(&queue->grants);
	grants_unmap(&queue->grants, queue->shared, queue->nr_pages);
	queue->shared = NULL;
}

void queue_release(struct queue *queue)
{
	grants_close(&queue->grants);
	free(queue->free_slots);
	free(queue->answered_slots);
	free(queue->replays.slots);
	queue->free_slots = queue->answered_slots = queue->replays.slots = NULL;
	queue->state = QUEUE_CLOSED;
}
