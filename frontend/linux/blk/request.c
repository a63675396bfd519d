// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/blk/request.h"

#include <linux/highmem.h>
#include <xen/events.h>

#include "common/ring/order.h"
#include "frontend/linux/blk/blk.h"
#include "frontend/linux/compat.h"

/* A part of one page. */
struct segment {
	struct page *page;
	u16 offset, bytes;
	bool is_copied;
	struct blk_grant *grant;
};

struct blk_request {
	struct request *next;
	u8 operation; /* BLKIF_OP_*, never INDIRECT */
	u16 nr_segments;
	u16 nr_unanswered; /* slots */
	s16 status;        /* BLKIF_RSP_*, the worst of its slots' */
	struct blk_grant *indirect;
	struct segment segment[];
};

static struct blk_request *of(struct request *rq)
{
	return blk_mq_rq_to_pdu(rq);
}

size_t request_data_bytes(unsigned int max_segments)
{
	return struct_size((struct blk_request *)NULL, segment, max_segments);
}

struct request **request_next(struct request *rq)
{
	return &of(rq)->next;
}

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

/* OK, or what the block layer is to be told without asking the backend. */
static blk_status_t operation_of(const struct blk_front *front, struct request *rq, u8 *operation)
{
	bool is_read_only = front->terms.info & VDISK_READONLY;

	switch (req_op(rq)) {
	case REQ_OP_READ:
		*operation = BLKIF_OP_READ;
		return BLK_STS_OK;
	case REQ_OP_WRITE:
		*operation = BLKIF_OP_WRITE;
		return is_read_only ? BLK_STS_IOERR : BLK_STS_OK;
	case REQ_OP_FLUSH:
		*operation = READ_ONCE(front->flush_op);
		return BLK_STS_OK;
	case REQ_OP_DISCARD:
	case REQ_OP_SECURE_ERASE:
		*operation = BLKIF_OP_DISCARD;
		if (is_read_only)
			return BLK_STS_IOERR;
		return READ_ONCE(front->has_discard) ? BLK_STS_OK : BLK_STS_NOTSUPP;
	default:
		return BLK_STS_NOTSUPP;
	}
}

/*
 * The parts of pages that it is about; the block layer counts no fewer. false: one is not whole logical sectors, which
 * the protocol cannot say, or there are more than there is room for.
 */
static bool find_segments(const struct blk_front *front, struct request *rq)
{
	struct blk_request *r = of(rq);
	struct segment *last = NULL;
	struct req_iterator i;
	struct bio_vec part;

	rq_for_each_segment(part, rq, i) {
		if (last && last->page == part.bv_page && last->offset + last->bytes == part.bv_offset) {
			last->bytes += part.bv_len;
			continue;
		}
		if (r->nr_segments == front->max_request_segments)
			return false;
		last = &r->segment[r->nr_segments++];
		*last = (struct segment){ .page = part.bv_page, .offset = part.bv_offset, .bytes = part.bv_len };
	}
	for (last = r->segment; last < r->segment + r->nr_segments; last++)
		if (last->bytes % front->terms.sector_bytes)
			return false;
	return true;
}

/* ---- what is lent ------------------------------------------------------------------------------------------------ */

static bool must_copy(const struct blk_front *front, const struct segment *segment)
{
	return front->terms.is_persistent || !front->is_trusted || segment->bytes < PAGE_SIZE;
}

static bool is_indirect(const struct blk_front *front, const struct blk_request *r)
{
	return r->nr_segments > BLKIF_MAX_SEGMENTS_PER_REQUEST && r->nr_segments <= front->max_segments;
}

static bool take_grants(struct blk_queue *queue, struct blk_request *r)
{
	struct blk_front *front = queue->front;
	bool is_complete = true, with_page;
	struct segment *segment;
	unsigned long flags;

	spin_lock_irqsave(&queue->grants.lock, flags);
	if (is_indirect(front, r)) {
		r->indirect = grants_take(&queue->grants, true);
		is_complete = r->indirect;
	}
	for (segment = r->segment; is_complete && segment < r->segment + r->nr_segments; segment++) {
		with_page = must_copy(front, segment);
		segment->grant = grants_take(&queue->grants, with_page);
		is_complete = segment->grant;
		segment->is_copied = is_complete && segment->grant->page;
		if (is_complete)
			grants_lend(&queue->grants, segment->grant, segment->page, r->operation == BLKIF_OP_WRITE);
	}
	if (is_complete && r->indirect)
		grants_lend(&queue->grants, r->indirect, NULL, true);
	spin_unlock_irqrestore(&queue->grants.lock, flags);
	return is_complete;
}

/* false: the backend has kept one. */
static bool return_grants(struct blk_queue *queue, struct blk_request *r)
{
	struct segment *segment;
	unsigned long flags;
	bool all = true;

	spin_lock_irqsave(&queue->grants.lock, flags);
	for (segment = r->segment; segment < r->segment + r->nr_segments; segment++)
		if (segment->grant)
			all &= grants_return(&queue->grants, segment->grant);
	if (r->indirect)
		all &= grants_return(&queue->grants, r->indirect);
	spin_unlock_irqrestore(&queue->grants.lock, flags);
	r->indirect = NULL;
	r->nr_segments = 0;
	return all;
}

static void copy_out(const struct segment *segment)
{
	char *from = kmap_local_page(segment->page);

	memcpy(page_address(segment->grant->page), from + segment->offset, segment->bytes);
	kunmap_local(from);
}

/* Once: with persistent grants the backend may write there at any time. */
static void copy_in(const struct segment *segment)
{
	char *to = kmap_local_page(segment->page);

	peer_copy_long(to + segment->offset, page_address(segment->grant->page), segment->bytes);
	kunmap_local(to);
}

static void copy_all(const struct blk_request *r, void (*copy)(const struct segment *segment))
{
	const struct segment *segment;

	for (segment = r->segment; segment < r->segment + r->nr_segments; segment++)
		if (segment->is_copied)
			copy(segment);
}

/* ---- what stands in the ring ------------------------------------------------------------------------------------- */

/* Whole pages begin at their first sector, and what is copied is put there. */
static void describe(struct blkif_request_segment *to, const struct segment *segment)
{
	to->gref = segment->grant->ref;
	to->first_sect = 0;
	to->last_sect = segment->bytes / SECTOR_SIZE - 1;
}

static void put_indirect(struct blk_queue *queue, struct request *rq)
{
	struct blkif_request request = { .operation = BLKIF_OP_INDIRECT };
	struct blk_request *r = of(rq);
	struct blkif_request_segment *segments = page_address(r->indirect->page);
	unsigned int i;

	memset(segments, 0, PAGE_SIZE);
	for (i = 0; i < r->nr_segments; i++)
		describe(&segments[i], &r->segment[i]);
	request.u.indirect.indirect_op = r->operation;
	request.u.indirect.nr_segments = r->nr_segments;
	request.u.indirect.sector_number = blk_rq_pos(rq);
	request.u.indirect.indirect_grefs[0] = r->indirect->ref;
	queue_put(queue, rq, &request, r->operation);
}

/* As many slots as there are elevens of segments; one for what has none. */
static void put_direct(struct blk_queue *queue, struct request *rq)
{
	struct blk_request *r = of(rq);
	u64 sector = blk_rq_sectors(rq) ? blk_rq_pos(rq) : 0;
	unsigned int i = 0, nr;

	do {
		struct blkif_request request = { .operation = r->operation };

		request.u.rw.sector_number = sector;
		for (nr = 0; nr < BLKIF_MAX_SEGMENTS_PER_REQUEST && i < r->nr_segments; nr++, i++) {
			describe(&request.u.rw.seg[nr], &r->segment[i]);
			sector += r->segment[i].bytes / SECTOR_SIZE;
		}
		request.u.rw.nr_segments = nr;
		queue_put(queue, rq, &request, r->operation);
	} while (i < r->nr_segments);
}

static void put_discard(struct blk_queue *queue, struct request *rq)
{
	struct blkif_request request = { .operation = BLKIF_OP_DISCARD };

	request.u.discard.flag = req_op(rq) == REQ_OP_SECURE_ERASE ? BLKIF_DISCARD_SECURE : 0;
	request.u.discard.sector_number = blk_rq_pos(rq);
	request.u.discard.nr_sectors = blk_rq_sectors(rq);
	queue_put(queue, rq, &request, BLKIF_OP_DISCARD);
}

/*
 * Into the ring; the last one publishes what was put before it, too. There is a slot for each request of the block
 * layer's, but for a disk that has come to a backend with smaller rings.
 */
static blk_status_t put(struct blk_queue *queue, struct request *rq, bool is_last)
{
	blk_status_t status = BLK_STS_OK;
	struct blk_request *r = of(rq);
	unsigned long flags;
	bool notify;

	r->nr_unanswered = r->indirect ? 1 : max(1U, DIV_ROUND_UP(r->nr_segments, BLKIF_MAX_SEGMENTS_PER_REQUEST));
	spin_lock_irqsave(&queue->lock, flags);
	if (queue->ring.broken)
		status = BLK_STS_IOERR;
	else if (queue->nr_free < r->nr_unanswered)
		status = BLK_STS_RESOURCE;
	else if (r->operation == BLKIF_OP_DISCARD)
		put_discard(queue, rq);
	else if (r->indirect)
		put_indirect(queue, rq);
	else
		put_direct(queue, rq);
	notify = status == BLK_STS_OK && is_last && ring_front_push(&queue->ring);
	spin_unlock_irqrestore(&queue->lock, flags);
	if (notify)
		notify_remote_via_irq(queue->irq);
	return status;
}

/* ---- its life ---------------------------------------------------------------------------------------------------- */

/* That it was to be polled for: its ring has interrupts, since the disk has come to another backend. */
static void forget_polling(struct request *rq)
{
	struct bio *bio;

	rq->cmd_flags &= ~REQ_POLLED;
	__rq_for_each_bio(bio, rq)
		bio_clear_polled(bio);
}

static blk_status_t send(struct blk_queue *queue, struct request *rq, bool is_last)
{
	struct blk_request *r = of(rq);
	blk_status_t status;

	r->nr_segments = 0;
	r->indirect = NULL;
	r->status = BLKIF_RSP_OKAY;
	status = operation_of(queue->front, rq, &r->operation);
	if (status != BLK_STS_OK)
		return status;
	if (r->operation != BLKIF_OP_DISCARD && !find_segments(queue->front, rq))
		return BLK_STS_IOERR;
	if (!take_grants(queue, r)) {
		return_grants(queue, r);
		return BLK_STS_RESOURCE;
	}
	if (r->operation == BLKIF_OP_WRITE)
		copy_all(r, copy_out);
	status = put(queue, rq, is_last);
	if (status != BLK_STS_OK)
		return_grants(queue, r);
	return status;
}

blk_status_t request_send(struct blk_queue *queue, struct request *rq, bool is_last)
{
	blk_status_t status = BLK_STS_OK;

	if (!queue->is_polled && rq->cmd_flags & REQ_POLLED)
		forget_polling(rq);
	blk_mq_start_request(rq);
	if (req_op(rq) == REQ_OP_FLUSH && READ_ONCE(queue->front->flush_op) == 0) {
		blk_mq_end_request(rq, BLK_STS_OK); /* what was answered is durable: there is no cache */
	} else {
		status = send(queue, rq, is_last);
		if (status == BLK_STS_OK)
			return status;
	}
	queue_push(queue);
	return status;
}

bool request_answered(struct request *rq, s16 status)
{
	struct blk_request *r = of(rq);

	if (status == BLKIF_RSP_EOPNOTSUPP && r->status == BLKIF_RSP_OKAY)
		r->status = status;
	else if (status != BLKIF_RSP_OKAY && status != BLKIF_RSP_EOPNOTSUPP)
		r->status = BLKIF_RSP_ERROR;
	return --r->nr_unanswered == 0;
}

/* An operation that was offered, and is not served after all. */
static blk_status_t go_on_without(struct blk_front *front, u8 operation)
{
	switch (operation) {
	case BLKIF_OP_FLUSH_DISKCACHE:
	case BLKIF_OP_WRITE_BARRIER:
		if (xchg(&front->flush_op, 0))
			dev_warn(&front->life.dev->dev,
				 "the backend does not flush after all: taken for without a cache\n");
		return BLK_STS_OK;
	case BLKIF_OP_DISCARD:
		if (xchg(&front->has_discard, false))
			dev_warn(&front->life.dev->dev, "the backend does not discard after all\n");
		compat_disable_discard(front->disk->queue);
		return BLK_STS_NOTSUPP;
	default:
		return BLK_STS_IOERR;
	}
}

void request_end(struct blk_queue *queue, struct request *rq, struct io_comp_batch *batch)
{
	struct blk_request *r = of(rq);
	blk_status_t status;

	if (r->operation == BLKIF_OP_READ && r->status == BLKIF_RSP_OKAY)
		copy_all(r, copy_in);
	if (!return_grants(queue, r)) {
		life_break(&queue->front->life, "a page is in use still that was answered");
		r->status = BLKIF_RSP_ERROR;
	}
	if (r->status == BLKIF_RSP_OKAY)
		status = BLK_STS_OK;
	else if (r->status == BLKIF_RSP_EOPNOTSUPP)
		status = go_on_without(queue->front, r->operation);
	else
		status = BLK_STS_IOERR;
	if (status != BLK_STS_OK || !blk_mq_add_to_batch(rq, batch, 0, blk_mq_end_request_batch))
		blk_mq_end_request(rq, status);
}

void request_undo(struct blk_queue *queue, struct request *rq)
{
	return_grants(queue, of(rq));
}
