// SPDX-License-Identifier: MIT
#include "backend/core/queue_recover.h"

#include <errno.h>

#include "common/base/errbuf.h"

static int check_left(const struct queue *queue, uint32_t nr_left, uint32_t nr_slots, struct errbuf *err)
{
	enum queue_left left = queue->ops->left;

	if (nr_left > nr_slots)
		return errbuf_set(err, -EUCLEAN, "%u requests are unanswered by a ring of %u slots", nr_left, nr_slots);
	if (nr_left && left == QUEUE_LEFT_FORBIDS)
		return errbuf_set(err, -EUCLEAN, "%u requests are unanswered, and the ring does not say which: the "
				  "guest would hang with one of them that never is", nr_left);
	if (nr_left == nr_slots && left == QUEUE_LEFT_HANGS)
		return errbuf_set(err, -EUCLEAN, "all %u slots of the ring are of requests that nobody will answer: "
				  "there is no room for another", nr_left);
	return 0;
}

int queue_recover_attach(struct queue *queue, const struct ring_layout *layout, struct errbuf *err)
{
	ring_idx rsp_prod = ring_shared_rsp_prod(queue->shared), req_prod = ring_shared_req_prod(queue->shared);
	uint32_t nr_left = req_prod - rsp_prod;
	int rc = check_left(queue, nr_left, layout->nr_slots, err);

	if (rc)
		return rc;
	if (queue->ops->left == QUEUE_LEFT_HANGS)
		queue->nr_abandoned = nr_left;
	ring_back_attach(&queue->ring, queue->shared, layout, rsp_prod + queue->nr_abandoned, rsp_prod);
	return 0;
}

/* All that is there, with one push: until then a guest can add no more than its ring holds. */
static void disown_all(struct queue *queue)
{
	_Alignas(8) uint8_t request[JOURNAL_REQUEST_BYTES], response[JOURNAL_REQUEST_BYTES];

	while (ring_back_pop(&queue->ring, request) == RING_GOT) {
		queue->ops->disown(queue, request, response);
		ring_back_put(&queue->ring, response);
	}
	(void)ring_back_push(&queue->ring); /* who takes a ring up notifies in any case */
}

int queue_recover_begin(struct queue *queue, const struct journal_identity *identity, struct errbuf *err)
{
	int rc;

	if (queue->ops->left == QUEUE_LEFT_DISOWNED)
		disown_all(queue);
	rc = journal_begin(queue->journal, identity, ring_back_req_cons(&queue->ring), err);
	if (rc == 0)
		journal_abandon(queue->journal, queue->nr_abandoned);
	return rc;
}
