// SPDX-License-Identifier: MIT
#include "tests/fuzz/guest/guest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "frontend/user/blk_front.h"
#include "tests/fuzz/guest/dice.h"

#define MAX_REQUESTS	  600
#define MAX_BUFFERED_PAGES 16384 /* a guest can grant no more than some times as many */
#define SECTORS_PER_PAGE  8
#define ONE_SPOILT_OF	  12
#define NO_GREF		  1000000 /* more than there are */

static struct blkfront *front;
static enum expected *expected; /* by the request's buffer */
static unsigned int nr_spoilt;
static struct blk_segment segments[BLK_MAX_INDIRECT_SEGMENTS]; /* of the request that is being made */

/* ---- requests as they should be -------------------------------------------------------------------------------- */

static bool has_data(const struct blk_request *req)
{
	return req->operation != BLKIF_OP_DISCARD && req->nr_segments > 0;
}

/* How many sectors they are. */
static uint64_t choose_segments(const struct blkfront_io *io, struct blk_request *req)
{
	uint32_t pages = front->config.buffer_pages;
	bool is_whole = front->disk.sector_bytes > 512;
	uint64_t sum = 0;

	req->is_indirect = pages > BLK_MAX_SEGMENTS && dice_one_in(2);
	req->nr_segments = dice_from(1, req->is_indirect ? pages : BLK_MAX_SEGMENTS);
	for (unsigned int i = 0; i < req->nr_segments; i++) {
		struct blk_segment *segment = &segments[i];

		segment->gref = blkfront_gref(front, io, i);
		segment->first_sect = is_whole ? 0 : dice_below(SECTORS_PER_PAGE);
		segment->last_sect = is_whole ? SECTORS_PER_PAGE - 1 :
						dice_from(segment->first_sect, SECTORS_PER_PAGE - 1);
		sum += segment->last_sect - segment->first_sect + 1;
	}
	return sum;
}

static void choose_place(struct blk_request *req, uint64_t nr_sectors)
{
	uint64_t unit = front->disk.sector_bytes / 512;

	req->sector = dice_below((front->disk.nr_sectors - nr_sectors) / unit + 1) * unit;
}

static enum expected choose_without_data(struct blk_request *req)
{
	if (dice_one_in(2) && front->disk.can_discard) {
		req->operation = BLKIF_OP_DISCARD;
		req->nr_sectors = dice_from(1, 64) * (front->disk.sector_bytes / 512);
		choose_place(req, req->nr_sectors);
		return MAY_DO_EITHER; /* as what is below the image can */
	}
	req->operation = dice_one_in(2) && front->disk.can_barrier ? BLKIF_OP_WRITE_BARRIER :
								     BLKIF_OP_FLUSH_DISKCACHE;
	return MUST_SUCCEED;
}

static enum expected choose_request(const struct blkfront_io *io, struct blk_request *req)
{
	*req = (struct blk_request){ .operation = dice_one_in(2) ? BLKIF_OP_READ : BLKIF_OP_WRITE };
	if (dice_one_in(10))
		return choose_without_data(req);
	choose_place(req, choose_segments(io, req));
	if (!req->is_indirect && front->disk.can_barrier && dice_one_in(20))
		req->operation = BLKIF_OP_WRITE_BARRIER;
	return MUST_SUCCEED;
}

/* ---- and as they should not ------------------------------------------------------------------------------------ */

static struct blk_segment *any_segment(struct blk_request *req)
{
	return &segments[dice_below(req->nr_segments)];
}

static void spoil_operation(struct blk_request *req)
{
	req->is_indirect = false;
	req->operation = dice_from(7, 255);
}

static void spoil_count(struct blk_request *req)
{
	if (req->is_indirect)
		req->nr_segments = dice_from(front->disk.max_indirect_segments + 1, UINT16_MAX);
	else
		req->nr_segments = dice_from(BLK_MAX_SEGMENTS + 1, UINT8_MAX);
}

static void spoil_order(struct blk_request *req)
{
	struct blk_segment *segment = any_segment(req);

	segment->first_sect = dice_from(1, UINT8_MAX);
	segment->last_sect = dice_below(segment->first_sect);
}

static void spoil_end(struct blk_request *req)
{
	any_segment(req)->last_sect = dice_from(SECTORS_PER_PAGE, UINT8_MAX);
}

static void spoil_gref(struct blk_request *req)
{
	any_segment(req)->gref = dice_one_in(4) ? UINT32_MAX : NO_GREF + (uint32_t)dice_below(NO_GREF);
}

static void spoil_segments_gref(struct blk_request *req)
{
	if (req->is_indirect)
		req->segments_gref[dice_below(blk_nr_segment_pages(req->nr_segments))] = NO_GREF;
	else
		spoil_gref(req);
}

/* Just beyond, or so far that sums wrap. */
static void spoil_sector(struct blk_request *req)
{
	req->sector = dice_one_in(2) ? front->disk.nr_sectors + dice_below(16) : UINT64_MAX - dice_below(1 << 20);
}

static void spoil(struct blk_request *req)
{
	static void (*const with_data[])(struct blk_request *) = {
		spoil_operation, spoil_count, spoil_order,	   spoil_end,
		spoil_gref,	 spoil_sector, spoil_segments_gref,
	};

	nr_spoilt++;
	if (has_data(req))
		with_data[dice_below(sizeof(with_data) / sizeof(with_data[0]))](req);
	else
		spoil_operation(req);
}

/* ---- to the ring, and back ------------------------------------------------------------------------------------- */

/* An indirect one's segments stand in the pages behind its buffer. */
static void write_segments(const struct blkfront_io *io, struct blk_request *req)
{
	uint32_t page = io->index * front->pages_per_io + front->config.buffer_pages;
	uint32_t nr = front->config.buffer_pages;

	if (req->is_indirect)
		blk_segments_encode(segments, nr, grant_pool_page(&front->buffers, page));
	else
		memcpy(req->segment, segments, sizeof(req->segment));
}

static void name_pages(const struct blkfront_io *io, struct blk_request *req)
{
	uint32_t page = io->index * front->pages_per_io + front->config.buffer_pages;

	for (unsigned int i = 0; i < blk_nr_segment_pages(req->nr_segments); i++)
		req->segments_gref[i] = front->buffers.refs[page + i];
}

static void submit(struct blkfront_io *io)
{
	struct blk_request req;
	enum expected result = choose_request(io, &req);

	if (req.is_indirect)
		name_pages(io, &req);
	if (dice_one_in(ONE_SPOILT_OF)) {
		spoil(&req);
		result = MUST_FAIL;
	}
	write_segments(io, &req);
	expected[io->index] = result;
	blkfront_submit_raw(front, io, &req);
}

static bool take_answers(void)
{
	struct blkfront_io *done[16];
	int nr = blkfront_poll(front, done, 16);

	for (int i = 0; i < nr; i++) {
		enum expected result = expected[done[i]->index];

		if (result == MUST_SUCCEED && done[i]->rc)
			return does_not_hold("a good request of operation %u was refused", done[i]->operation);
		if (result == MUST_FAIL && done[i]->rc == 0)
			return does_not_hold("a bad request of operation %u was served", done[i]->operation);
		blkfront_put(front, done[i]);
	}
	return nr >= 0 || does_not_hold("%s", blkfront_why(front));
}

static bool wait_for_all(unsigned int most_out)
{
	uint64_t end_ns = clock_in_ms(ANSWER_MS);

	while (blkfront_nr_out(front) > most_out) {
		if (!take_answers())
			return false;
		if (blkfront_state(front) != BLKFRONT_CONNECTED)
			return does_not_hold("it ended the connection: %s", blkfront_why(front));
		if (clock_now_ns() > end_ns)
			return does_not_hold("%u requests have no answer", blkfront_nr_out(front));
		if (blkfront_nr_out(front) > most_out)
			blkfront_wait(front, 100);
	}
	return true;
}

/* Where the backend asks for an event is ours to write, too; an event for nothing is allowed. */
static void disturb(void)
{
	if (dice_one_in(2))
		peer_store(&front->queue[0].ring.shared->req_event, (uint32_t)dice_u64());
	front_queue_notify(&front->queue[0]);
}

static bool ask(unsigned int nr_requests)
{
	for (unsigned int i = 0; i < nr_requests; i++) {
		struct blkfront_io *io = blkfront_get(front);

		begin_step(i + 1);
		if (io)
			submit(io);
		if (io && !dice_one_in(8))
			continue;
		blkfront_push(front);
		front_queue_notify(&front->queue[0]);
		if (dice_one_in(10))
			disturb();
		if (!wait_for_all(dice_below(blkfront_nr_buffers(front))))
			return false;
	}
	blkfront_push(front);
	front_queue_notify(&front->queue[0]);
	return true;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static bool leave_by_a_bad_index(void)
{
	struct ring_front *ring = &front->queue[0].ring;
	uint64_t end_ns = clock_in_ms(ANSWER_MS);
	uint32_t far = ring->layout.nr_slots + 1;

	peer_store_release(&ring->shared->req_prod,
			   ring->req_pushed + (uint32_t)dice_from(far, UINT32_MAX - far));
	front_queue_notify(&front->queue[0]);
	while (blkfront_state(front) == BLKFRONT_CONNECTED) {
		if (clock_now_ns() > end_ns)
			return does_not_hold("an impossible index has not ended the connection");
		blkfront_wait(front, 100);
	}
	return true;
}

/* With what is out, of which the pages may be gone, too. */
static void leave_without_a_word(void)
{
	if (dice_one_in(2))
		grant_pool_fini(&front->buffers);
	_exit(0);
}

static bool leave(enum leaving leaving)
{
	struct errbuf err;

	if (leaving == WITHOUT_A_WORD)
		leave_without_a_word();
	if (!wait_for_all(0) || (leaving == BY_A_BAD_INDEX && !leave_by_a_bad_index()))
		return false;
	return !blkfront_disconnect(front, &err) || does_not_hold("closing: %s", err.text);
}

bool guest_blk(uint32_t devid)
{
	static const uint32_t nrs_pages[] = { BLK_MAX_SEGMENTS, 32, 256 }; /* of a slot, its buffer, all */
	uint32_t nr_pages = nrs_pages[dice_below(sizeof(nrs_pages) / sizeof(nrs_pages[0]))];
	const struct blkfront_config config = {
		.devid = devid,
		.timeout_ms = ANSWER_MS,
		.ring_order = (unsigned int)dice_below(5),
		.nr_queues = (uint32_t)dice_from(1, 2), /* as many as the daemon has workers */
		.buffer_pages = nr_pages,
		.nr_buffers = MAX_BUFFERED_PAGES / nr_pages,
		.is_not_persistent = dice_one_in(2),
		.abi = dice_below(BLK_NR_ABIS),
	};
	unsigned int nr = (unsigned int)dice_from(1, MAX_REQUESTS);
	enum leaving leaving = choose_leaving();
	struct errbuf err;

	front = blkfront_new(&config);
	if (!front || blkfront_connect(front, &err))
		return does_not_hold("cannot connect: %s", front ? err.text : "no memory");
	expected = calloc(blkfront_nr_buffers(front), sizeof(*expected));
	if (!expected || !ask(nr))
		return false;
	say("%u requests, %u of them bad", nr, nr_spoilt);
	return leave(leaving);
}
