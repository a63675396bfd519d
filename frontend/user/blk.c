// SPDX-License-Identifier: MIT
#include "frontend/user/blk_front.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "frontend/user/segments.h"

enum blkfront_state blkfront_state(const struct blkfront *front)
{
	return front->state;
}

const char *blkfront_why(const struct blkfront *front)
{
	return front->why.text;
}

const struct blk_disk *blkfront_disk(const struct blkfront *front)
{
	return &front->disk;
}

uint32_t blkfront_nr_buffers(const struct blkfront *front)
{
	return front->nr_buffers;
}

uint32_t blkfront_buffer_sectors(const struct blkfront *front)
{
	return front->config.buffer_pages * BLK_SECTORS_PER_PAGE;
}

uint32_t blkfront_nr_out(const struct blkfront *front)
{
	return front->nr_out;
}

uint32_t blkfront_gref(const struct blkfront *front, const struct blkfront_io *io, uint32_t page)
{
	assert(page < front->config.buffer_pages);
	return front->buffers.refs[io->index * front->pages_per_io + page];
}

struct blkfront_io *blkfront_get(struct blkfront *front)
{
	return front->nr_free ? front->free[--front->nr_free] : NULL;
}

void blkfront_put(struct blkfront *front, struct blkfront_io *io)
{
	assert(!front->flight[io->index].is_out && front->nr_free < front->nr_buffers);
	front->free[front->nr_free++] = io;
}

static int check_submission(const struct blkfront *front, uint8_t operation, uint64_t sector, uint32_t nr_sectors)
{
	const struct blk_disk *disk = &front->disk;
	uint32_t unit = disk->sector_bytes / BLK_SECTOR_BYTES;

	if (operation == BLKIF_OP_FLUSH_DISKCACHE || operation == BLKIF_OP_WRITE_BARRIER) {
		bool can = operation == BLKIF_OP_WRITE_BARRIER ? disk->can_barrier : disk->can_flush;

		if (nr_sectors == 0)
			return !can ? -EOPNOTSUPP : sector ? -EINVAL : 0;
		if (operation == BLKIF_OP_FLUSH_DISKCACHE || !can)
			return can ? -EINVAL : -EOPNOTSUPP;
	} else if (operation == BLKIF_OP_DISCARD) {
		if (!disk->can_discard)
			return -EOPNOTSUPP;
	} else if (operation != BLKIF_OP_READ && operation != BLKIF_OP_WRITE) {
		return -EINVAL;
	}
	if (operation != BLKIF_OP_READ && disk->is_read_only)
		return -EROFS;
	if (nr_sectors == 0 || nr_sectors > disk->nr_sectors || sector > disk->nr_sectors - nr_sectors)
		return -EINVAL;
	return sector % unit || nr_sectors % unit ? -EINVAL : 0;
}

/* There is a ring slot for every io, so a put cannot fail. */
static void put_request(struct blkfront *front, struct blkfront_io *io, struct blk_request *req)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];

	req->id = flight_start(front->flight, io->index, req->operation);
	io->operation = req->operation;
	io->sector = req->sector;
	blk_request_encode(front->config.abi, req, slot);
	if (!ring_front_put(&front->queue[io->queue].ring, slot))
		assert(!"more buffers than slots");
	front->nr_out++;
}

/* More segments than a slot holds go into the pages behind the data. false: there is no such operation. */
static bool name_segments(struct blkfront *front, const struct blkfront_io *io, struct blk_request *req)
{
	uint32_t page = io->index * front->pages_per_io + front->config.buffer_pages;

	req->is_indirect = req->nr_segments > BLK_MAX_SEGMENTS;
	if (!req->is_indirect) {
		memcpy(req->segment, front->segment, req->nr_segments * sizeof(*front->segment));
		return req->nr_segments > 0;
	}
	for (unsigned int i = 0; i < blk_nr_segment_pages(req->nr_segments); i++)
		req->segments_gref[i] = front->buffers.refs[page + i];
	blk_segments_encode(front->segment, req->nr_segments, grant_pool_page(&front->buffers, page));
	return req->operation == BLKIF_OP_READ || req->operation == BLKIF_OP_WRITE;
}

int blkfront_submit_at(struct blkfront *front, struct blkfront_io *io, uint8_t operation, uint64_t sector,
		       uint32_t nr_sectors, uint32_t first_sector)
{
	struct blk_request req = { .operation = operation, .sector = sector };
	const uint32_t *refs = &front->buffers.refs[io->index * front->pages_per_io];
	int rc;

	if (front->state != BLKFRONT_CONNECTED)
		return -ESHUTDOWN;
	rc = check_submission(front, operation, sector, nr_sectors);
	if (rc)
		return rc;
	if (operation == BLKIF_OP_DISCARD) {
		req.nr_sectors = nr_sectors;
	} else if (nr_sectors) {
		req.nr_segments = blk_cut_segments(refs, front->config.buffer_pages, first_sector, nr_sectors,
						   front->segment);
		if (!name_segments(front, io, &req))
			return -EINVAL;
	}
	io->nr_sectors = nr_sectors;
	io->first_sector = first_sector;
	put_request(front, io, &req);
	return 0;
}

int blkfront_submit(struct blkfront *front, struct blkfront_io *io, uint8_t operation, uint64_t sector,
		    uint32_t nr_sectors)
{
	return blkfront_submit_at(front, io, operation, sector, nr_sectors, 0);
}

int blkfront_submit_raw(struct blkfront *front, struct blkfront_io *io, const struct blk_request *request)
{
	struct blk_request req = *request;

	if (front->state != BLKFRONT_CONNECTED)
		return -ESHUTDOWN;
	io->nr_sectors = 0;
	io->first_sector = 0;
	put_request(front, io, &req);
	return 0;
}

void blkfront_push(struct blkfront *front)
{
	if (front->state != BLKFRONT_CONNECTED)
		return;
	for (uint32_t i = 0; i < front->nr_queues; i++) {
		if (ring_front_push(&front->queue[i].ring))
			front_queue_notify(&front->queue[i]);
	}
}

static int broken(struct blkfront *front, const char *why)
{
	if (front->state != BLKFRONT_BROKEN)
		errbuf_set(&front->why, 0, "the backend gave %s", why);
	front->state = BLKFRONT_BROKEN;
	return -EPROTO;
}

/* What was offered may turn out not to be possible: it is not asked for again. */
static void note_refusal(struct blkfront *front, const struct blkfront_io *io)
{
	if (io->rc != -EOPNOTSUPP)
		return;
	if (io->operation == BLKIF_OP_FLUSH_DISKCACHE)
		front->disk.can_flush = 0;
	else if (io->operation == BLKIF_OP_WRITE_BARRIER)
		front->disk.can_barrier = 0;
	else if (io->operation == BLKIF_OP_DISCARD)
		front->disk.can_discard = 0;
}

static const char *complete(struct blkfront *front, uint32_t queue, const void *slot, struct blkfront_io **done)
{
	struct blk_response rsp;
	const char *why;
	uint32_t index;

	blk_response_decode(front->config.abi, slot, &rsp);
	why = flight_land(front->flight, front->nr_buffers, &rsp, &index);
	if (why)
		return why;
	if (front->io[index].queue != queue)
		return "a response on another ring than its request";
	*done = &front->io[index];
	(*done)->rc = flight_status(rsp.status);
	note_refusal(front, *done);
	front->nr_out--;
	return NULL;
}

static unsigned int poll_queue(struct blkfront *front, uint32_t queue, struct blkfront_io **done, unsigned int max,
			       const char **why)
{
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];
	enum ring_pop got = RING_EMPTY;
	unsigned int nr = 0;

	while (nr < max && !*why && (got = ring_front_pop(&front->queue[queue].ring, slot)) == RING_GOT) {
		*why = complete(front, queue, slot, &done[nr]);
		nr += !*why;
	}
	if (got == RING_BROKEN)
		*why = "a response index beyond what was asked";
	return nr;
}

/* false: the next response on any ring makes the fd readable. */
static bool has_more(struct blkfront *front)
{
	for (uint32_t i = 0; i < front->nr_queues; i++) {
		if (ring_front_final_check(&front->queue[i].ring))
			return true;
	}
	return false;
}

int blkfront_poll(struct blkfront *front, struct blkfront_io **done, unsigned int max)
{
	const char *why = NULL;
	unsigned int nr = 0;

	if (front->state == BLKFRONT_BROKEN)
		return -EPROTO;
	if (front->state == BLKFRONT_CLOSED)
		return -ESHUTDOWN;
	front->first_queue++;
	do {
		for (uint32_t i = 0; i < front->nr_queues; i++)
			nr += poll_queue(front, (front->first_queue + i) % front->nr_queues, done + nr, max - nr, &why);
	} while (nr == 0 && max > 0 && !why && has_more(front));
	if (why)
		broken(front, why);
	return why && nr == 0 ? -EPROTO : (int)nr;
}

int blkfront_fd(const struct blkfront *front)
{
	return front->device.epoll_fd;
}

/* The backend's state changed, or somebody touched our directory. */
static void look_at_backend(struct blkfront *front)
{
	struct front_device *dev = &front->device;
	enum xb_action action;
	struct errbuf err;
	int rc;

	rc = front_device_look(dev, &action, &err);
	if (rc == 0 && action == XB_ACT_REFRESH) {
		rc = blk_disk_read_size(&dev->store, dev->xb.otherend, &front->disk, &err);
	} else if (rc == 0 && action != XB_ACT_NONE && action != XB_ACT_CONNECT) {
		if (action == XB_ACT_PROTOCOL_ERROR)
			broken(front, "a state that makes no sense");
		else if (front->state == BLKFRONT_CONNECTED)
			errbuf_set(&front->why, 0, "the backend closes the disk (%s)", xb_action_name(action));
		if (front->state == BLKFRONT_CONNECTED)
			front->state = BLKFRONT_CLOSING;
	}
	if (rc && front->state == BLKFRONT_CONNECTED) {
		front->why = err;
		front->state = BLKFRONT_CLOSING;
	}
}

static int take_events(struct blkfront *front, int timeout_ms)
{
	bool has_news;
	int rc = front_device_take_events(&front->device, timeout_ms, &has_news);

	if (has_news)
		look_at_backend(front);
	return front->state == BLKFRONT_BROKEN ? -EPROTO : rc;
}

int blkfront_take_events(struct blkfront *front)
{
	return take_events(front, 0);
}

int blkfront_wait(struct blkfront *front, int timeout_ms)
{
	if (front->state == BLKFRONT_BROKEN || front->state == BLKFRONT_CLOSED)
		return front->state == BLKFRONT_BROKEN ? -EPROTO : -ESHUTDOWN;
	return take_events(front, timeout_ms);
}

int blkfront_do(struct blkfront *front, struct blkfront_io *io, uint8_t operation, uint64_t sector, uint32_t nr_sectors,
		int timeout_ms)
{
	uint64_t deadline = clock_in_ms(timeout_ms);
	struct blkfront_io *done;
	int rc;

	rc = blkfront_submit(front, io, operation, sector, nr_sectors);
	if (rc)
		return rc;
	blkfront_push(front);
	while ((rc = blkfront_poll(front, &done, 1)) == 0) {
		if (clock_now_ns() >= deadline)
			return -ETIMEDOUT;
		rc = blkfront_wait(front, 100);
		if (rc)
			return rc;
	}
	return rc < 0 ? rc : done->rc;
}
