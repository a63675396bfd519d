// SPDX-License-Identifier: MIT
/* A front whose backend is this test: it can write everything a backend can, and does. */
#include "tests/unit/cm.h"

#include <sys/eventfd.h>
#include <unistd.h>

#define xs_fileno fake_has_no_fileno /* epoll wants a real one */
#include "tests/unit/xenbus_fake.h"
#undef xs_fileno

#include "common/ring/back.h"
#include "frontend/user/blk.h"
#include "frontend/user/queue.h"

#define BACK	"/local/domain/0/backend/vbd/5/51712"
#define FRONT	"/local/domain/5/device/vbd/51712"
#define SECTORS "2048"

static struct {
	int evtchn_fd, store_fd;
	struct ring_back ring;
	void *area[3];
	int nr_areas, fail_share_at, nr_notified;
	const char *state_after_setup;
} peer;

int xs_fileno(struct xs_handle *h);
int xs_fileno(struct xs_handle *h)
{
	return peer.store_fd;
}

xengntshr_handle *xengntshr_open(struct xentoollog_logger *logger, unsigned int flags)
{
	return (void *)&peer;
}

int xengntshr_close(xengntshr_handle *h)
{
	return 0;
}

void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count, uint32_t *refs, int writable)
{
	void *area;

	if (peer.nr_areas == peer.fail_share_at) {
		errno = ENOSPC;
		return NULL;
	}
	area = aligned_alloc(4096, (size_t)count * 4096);
	for (int i = 0; i < count; i++)
		refs[i] = 100 * (peer.nr_areas + 1) + i;
	peer.area[peer.nr_areas++] = area;
	return area;
}

int xengntshr_unshare(xengntshr_handle *h, void *start, uint32_t count)
{
	peer.nr_areas--;
	free(start);
	return 0;
}

/* A descriptor of its own for each: epoll takes none twice. */
xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	int *fd = malloc(sizeof(*fd));

	*fd = dup(peer.evtchn_fd);
	return (void *)fd;
}

int xenevtchn_close(xenevtchn_handle *h)
{
	close(*(int *)h);
	free(h);
	return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
	return *(int *)h;
}

/* The backend connects as soon as there is something to connect to. */
xenevtchn_port_or_error_t xenevtchn_bind_unbound_port(xenevtchn_handle *h, uint32_t domid)
{
	fake_set(BACK "/state", peer.state_after_setup);
	return 7;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *h)
{
	eventfd_t value;

	eventfd_read(peer.evtchn_fd, &value);
	return 7;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t port)
{
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t port)
{
	peer.nr_notified++;
	return 0;
}

static struct blkfront *front;
static struct errbuf err;

static int setup(void **state)
{
	static const struct blkfront_config config = { .devid = 51712, .nr_buffers = 4, .timeout_ms = 50 };

	fake_reset();
	memset(&peer, 0, sizeof(peer));
	peer.evtchn_fd = eventfd(0, EFD_CLOEXEC);
	peer.store_fd = eventfd(0, EFD_CLOEXEC);
	peer.fail_share_at = -1;
	peer.state_after_setup = "4";
	fake_set("domid", "5");
	fake_set(FRONT "/backend", BACK);
	fake_set(FRONT "/backend-id", "0");
	fake_set(FRONT "/state", "1");
	fake_set(BACK "/state", "2");
	fake_set(BACK "/sectors", SECTORS);
	fake_set(BACK "/sector-size", "512");
	fake_set(BACK "/feature-flush-cache", "1");
	err.text[0] = '\0';
	front = blkfront_new(&config);
	return front ? 0 : -1;
}

static int teardown(void **state)
{
	blkfront_free(front);
	assert_int_equal(peer.nr_areas, 0);
	close(peer.evtchn_fd);
	close(peer.store_fd);
	fake_reset();
	return 0;
}

static void connect_front(void)
{
	struct ring_layout layout = { 0 };

	assert_int_equal(blkfront_connect(front, &err), 0);
	assert_true(
		ring_layout_init(&layout, 4096, blk_request_bytes(BLK_ABI_NATIVE), blk_response_bytes(BLK_ABI_NATIVE)));
	ring_back_init(&peer.ring, peer.area[0], &layout);
}

/* One write of one sector, as the backend sees it. */
static struct blk_request submit_one(void)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct blk_request req;

	assert_int_equal(blkfront_submit(front, blkfront_get(front), BLKIF_OP_WRITE, 8, 1), 0);
	blkfront_push(front);
	assert_int_equal(ring_back_pop(&peer.ring, slot), RING_GOT);
	blk_request_decode(BLK_ABI_NATIVE, slot, &req);
	return req;
}

static void respond(uint64_t id, uint8_t operation, int16_t status)
{
	struct blk_response rsp = { .id = id, .operation = operation, .status = status };
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];

	blk_response_encode(BLK_ABI_NATIVE, &rsp, slot);
	ring_back_put(&peer.ring, slot);
	ring_back_push(&peer.ring);
}

static void it_publishes_what_a_backend_needs_and_no_ring_order(void **state)
{
	connect_front();
	assert_string_equal(fake_get(FRONT "/ring-ref"), "100");
	assert_string_equal(fake_get(FRONT "/event-channel"), "7");
	assert_string_equal(fake_get(FRONT "/protocol"), "x86_64-abi");
	assert_string_equal(fake_get(FRONT "/feature-persistent"), "1");
	assert_null(fake_get(FRONT "/ring-page-order"));
	assert_string_equal(fake_get(FRONT "/state"), "4");
	assert_int_equal(blkfront_disk(front)->nr_sectors, 2048);
	assert_int_equal(blkfront_nr_buffers(front), 4);
}

static void a_request_goes_out_and_its_answer_comes_back(void **state)
{
	struct blkfront_io *done[4];
	struct blk_request req;

	connect_front();
	req = submit_one();
	assert_int_equal(req.operation, BLKIF_OP_WRITE);
	assert_int_equal(req.sector, 8);
	assert_int_equal(req.nr_segments, 1);
	assert_int_equal(peer.nr_notified, 1);
	assert_int_equal(blkfront_poll(front, done, 4), 0);
	respond(req.id, req.operation, -1);
	assert_int_equal(blkfront_poll(front, done, 4), 1);
	assert_int_equal(done[0]->rc, -EIO);
	assert_int_equal(done[0]->sector, 8);
	blkfront_put(front, done[0]);
	assert_int_equal(blkfront_nr_out(front), 0);
}

enum lie { UNKNOWN_ID, ZERO_ID, TWICE, OTHER_OPERATION, PROD_TOO_FAR, PROD_BACKWARDS };

static const struct {
	const char *name;
	enum lie lie;
	int good; /* completions before it shows */
	const char *why;
} lies[] = {
	{ "an id that was never used", UNKNOWN_ID, 0, "never used" },
	{ "an id of zeroes", ZERO_ID, 0, "not in use" },
	{ "one answer twice", TWICE, 1, "second response" },
	{ "another operation", OTHER_OPERATION, 0, "another operation" },
	{ "an index too far", PROD_TOO_FAR, 0, "index" },
	{ "an index that goes backwards", PROD_BACKWARDS, 0, "index" },
};

static void tell(enum lie lie, const struct blk_request *req)
{
	struct ring_shared *shared = peer.area[0];

	switch (lie) {
	case UNKNOWN_ID:
		respond(req->id + 1000, req->operation, 0);
		break;
	case ZERO_ID:
		respond(0, req->operation, 0);
		break;
	case TWICE:
		respond(req->id, req->operation, 0);
		respond(req->id, req->operation, 0);
		break;
	case OTHER_OPERATION:
		respond(req->id, BLKIF_OP_READ, 0);
		break;
	case PROD_TOO_FAR:
		shared->rsp_prod += 3; /* two are out */
		break;
	case PROD_BACKWARDS:
		shared->rsp_prod--;
		break;
	}
}

static void a_backend_that_lies_breaks_the_front_and_nothing_else(void **state)
{
	for (unsigned int i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		struct blkfront_io *done[4];
		struct blk_request req;

		print_message("# %s\n", lies[i].name);
		if (i) {
			teardown(state);
			setup(state);
		}
		connect_front();
		req = submit_one();
		submit_one();
		tell(lies[i].lie, &req);
		if (lies[i].good)
			assert_int_equal(blkfront_poll(front, done, 4), lies[i].good);
		assert_int_equal(blkfront_poll(front, done, 4), -EPROTO);
		assert_int_equal(blkfront_state(front), BLKFRONT_BROKEN);
		assert_non_null(strstr(blkfront_why(front), lies[i].why));
		assert_int_equal(blkfront_poll(front, done, 4), -EPROTO);
		assert_int_equal(blkfront_submit(front, blkfront_get(front), BLKIF_OP_READ, 0, 1), -ESHUTDOWN);
		fake_set(BACK "/state", "6");
		assert_int_equal(blkfront_disconnect(front, &err), 0);
		assert_int_equal(blkfront_state(front), BLKFRONT_CLOSED);
		assert_string_equal(fake_get(FRONT "/state"), "6");
	}
}

static const struct {
	const char *name, *node, *value;
	int rc;
	const char *text;
} disks[] = {
	{ "no sectors", "sectors", "0", -EPROTO, "sectors is 0" },
	{ "sectors that overflow bytes", "sectors", "18446744073709551615", -EPROTO, "sectors is" },
	{ "sectors that are no number", "sectors", "-1", -EINVAL, "sectors" },
	{ "sector size 0", "sector-size", "0", -EPROTO, "sector-size is 0" },
	{ "sector size no power of two", "sector-size", "520", -EPROTO, "sector-size is 520" },
	{ "sector size below 512", "sector-size", "256", -EPROTO, "sector-size is 256" },
	{ "sector size above a page", "sector-size", "8192", -EPROTO, "sector-size is 8192" },
	{ "physical sectors smaller than sectors", "physical-sector-size", "256", -EPROTO,
	  "physical-sector-size is 256" },
	{ "sectors of a page", "sector-size", "4096", 0, "" },
	{ "flush neither yes nor no", "feature-flush-cache", "2", -ERANGE, "feature-flush-cache" },
	{ "an info that is no number", "info", "x", -EINVAL, "info" },
	{ "an offer that is no number", "max-ring-page-order", "none", -EINVAL, "max-ring-page-order" },
};

static void a_disk_that_cannot_be_is_refused(void **state)
{
	for (unsigned int i = 0; i < sizeof(disks) / sizeof(disks[0]); i++) {
		char path[128];

		print_message("# %s\n", disks[i].name);
		if (i) {
			teardown(state);
			setup(state);
		}
		snprintf(path, sizeof(path), BACK "/%s", disks[i].node);
		fake_set(path, disks[i].value);
		assert_int_equal(blkfront_connect(front, &err), disks[i].rc);
		assert_non_null(strstr(err.text, disks[i].text));
		assert_int_equal(blkfront_state(front), disks[i].rc ? BLKFRONT_CLOSED : BLKFRONT_CONNECTED);
	}
}

static void what_the_backend_cannot_do_after_all_is_not_asked_for_again(void **state)
{
	struct blkfront_io *done[1], *io;
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct blk_request req;

	connect_front();
	io = blkfront_get(front);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_FLUSH_DISKCACHE, 0, 0), 0);
	blkfront_push(front);
	assert_int_equal(ring_back_pop(&peer.ring, slot), RING_GOT);
	blk_request_decode(BLK_ABI_NATIVE, slot, &req);
	respond(req.id, BLKIF_OP_FLUSH_DISKCACHE, BLKIF_RSP_EOPNOTSUPP);
	assert_int_equal(blkfront_poll(front, done, 1), 1);
	assert_int_equal(done[0]->rc, -EOPNOTSUPP);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_FLUSH_DISKCACHE, 0, 0), -EOPNOTSUPP);
}

static void what_is_not_on_the_disk_is_not_asked_for(void **state)
{
	struct blkfront_io *io;

	fake_set(BACK "/sector-size", "4096");
	fake_set(BACK "/feature-flush-cache", "0");
	connect_front();
	io = blkfront_get(front);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 2048, 8), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 2044, 8), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, UINT64_MAX - 7, 8), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 4, 8), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 0, 4), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 0, 0), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 0, 96), -EINVAL);
	assert_int_equal(blkfront_submit_at(front, io, BLKIF_OP_READ, 0, 88, 1), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_FLUSH_DISKCACHE, 0, 0), -EOPNOTSUPP);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_DISCARD, 0, 8), -EOPNOTSUPP);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_INDIRECT, 0, 8), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_READ, 2040, 8), 0);
}

static void a_read_only_disk_is_not_written(void **state)
{
	fake_set(BACK "/info", "4");
	connect_front();
	assert_int_equal(blkfront_submit(front, blkfront_get(front), BLKIF_OP_WRITE, 0, 1), -EROFS);
}

static void a_backend_that_gives_up_is_named(void **state)
{
	peer.state_after_setup = "5";
	assert_int_equal(blkfront_connect(front, &err), -ECONNREFUSED);
	assert_non_null(strstr(err.text, "Closing"));
	assert_string_equal(fake_get(FRONT "/state"), "6");
}

static void a_backend_that_is_ahead_is_connected_to(void **state)
{
	fake_set(BACK "/state", "3");
	connect_front();
	assert_string_equal(fake_get(FRONT "/state"), "4");
}

static void no_backend_is_a_timeout_that_says_so(void **state)
{
	fake_set(BACK "/state", "1");
	assert_int_equal(blkfront_connect(front, &err), -ETIMEDOUT);
	assert_non_null(strstr(err.text, "stays in state Initialising"));
	assert_string_equal(fake_get(FRONT "/state"), "1");
}

static void the_grant_limit_is_explained(void **state)
{
	peer.fail_share_at = 1;
	assert_int_equal(blkfront_connect(front, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "granting 44 pages"));
	assert_int_equal(blkfront_state(front), BLKFRONT_CLOSED);
}

static void a_ring_larger_than_offered_is_refused(void **state)
{
	struct blkfront_config config = { .devid = 51712, .ring_order = 2, .timeout_ms = 50 };

	blkfront_free(front);
	front = blkfront_new(&config);
	assert_int_equal(blkfront_connect(front, &err), -EINVAL);
	assert_non_null(strstr(err.text, "offers up to 0"));
	fake_set(BACK "/max-ring-page-order", "4294967295");
	fake_set(FRONT "/ring-ref", "1"); /* of an earlier life */
	assert_int_equal(blkfront_connect(front, &err), 0);
	assert_string_equal(fake_get(FRONT "/ring-page-order"), "2");
	assert_string_equal(fake_get(FRONT "/ring-ref3"), "103");
	assert_null(fake_get(FRONT "/ring-ref"));
}

static void use_buffers(uint32_t nr_pages)
{
	struct blkfront_config config = { .devid = 51712, .nr_buffers = 2, .buffer_pages = nr_pages, .timeout_ms = 50 };

	blkfront_free(front);
	front = blkfront_new(&config);
}

/* Grants of the buffers are 200 and up; each of the two has 32 pages and one for segments. */
static void a_request_that_fits_no_slot_names_its_segments_in_a_page(void **state)
{
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct blkfront_io *io, *done[1];
	struct blk_segment segment[12];
	struct blk_request req;

	use_buffers(32);
	fake_set(BACK "/feature-max-indirect-segments", "32");
	connect_front();
	blkfront_get(front);
	io = blkfront_get(front);
	assert_int_equal(io->index, 1);
	assert_int_equal(blkfront_submit_at(front, io, BLKIF_OP_WRITE, 8, 88, 3), 0);
	blkfront_push(front);
	assert_int_equal(ring_back_pop(&peer.ring, slot), RING_GOT);
	assert_int_equal(slot[0], BLKIF_OP_INDIRECT);
	blk_indirect_decode(BLK_ABI_NATIVE, slot, &req);
	assert_int_equal(req.operation, BLKIF_OP_WRITE);
	assert_int_equal(req.nr_segments, 12);
	assert_int_equal(req.segments_gref[0], 200 + 33 + 32);
	blk_segments_decode((uint8_t *)peer.area[1] + (33 + 32) * 4096, 12, segment);
	assert_int_equal(segment[0].gref, 200 + 33);
	assert_int_equal(segment[0].first_sect, 3);
	assert_int_equal(segment[11].gref, 200 + 33 + 11);
	assert_int_equal(segment[11].last_sect, 2);
	respond(req.id, BLKIF_OP_WRITE, 0);
	assert_int_equal(blkfront_poll(front, done, 1), 1);
	assert_int_equal(done[0]->rc, 0);
}

/* Each buffer has 1025 pages, and three for their segments. */
static void so_many_segments_stand_in_several_pages(void **state)
{
	struct blk_segment segment[1025];
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct blk_request req;

	use_buffers(1025);
	fake_set(BACK "/feature-max-indirect-segments", "1025");
	fake_set(BACK "/sectors", "8200");
	connect_front();
	assert_int_equal(blkfront_submit(front, blkfront_get(front), BLKIF_OP_READ, 0, 8200), 0);
	blkfront_push(front);
	assert_int_equal(ring_back_pop(&peer.ring, slot), RING_GOT);
	blk_indirect_decode(BLK_ABI_NATIVE, slot, &req);
	assert_int_equal(req.nr_segments, 1025);
	for (unsigned int page = 0; page < BLK_MAX_SEGMENT_PAGES; page++)
		assert_int_equal(req.segments_gref[page], page < 3 ? 200 + 1025 + page : 0);
	blk_segments_decode((uint8_t *)peer.area[1] + 1025 * 4096, 1025, segment);
	for (unsigned int i = 0; i < 1025; i++) {
		assert_int_equal(segment[i].gref, 200 + i);
		assert_int_equal(segment[i].last_sect, 7);
	}
}

static void only_reads_and_writes_are_that_large(void **state)
{
	struct blkfront_io *io;

	use_buffers(32);
	fake_set(BACK "/feature-max-indirect-segments", "32");
	fake_set(BACK "/feature-barrier", "1");
	connect_front();
	io = blkfront_get(front);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_WRITE_BARRIER, 0, 89), -EINVAL);
	assert_int_equal(blkfront_submit(front, io, BLKIF_OP_WRITE_BARRIER, 0, 88), 0);
}

static void buffers_larger_than_any_request_are_refused(void **state)
{
	use_buffers(32);
	assert_int_equal(blkfront_connect(front, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "requests of 32 segments: the backend offers 0"));
	assert_int_equal(blkfront_state(front), BLKFRONT_CLOSED);
}

static void a_backend_that_wants_the_disk_back_is_heard(void **state)
{
	struct blkfront_io *done[1];

	connect_front();
	fake_set(BACK "/state", "5");
	eventfd_write(peer.store_fd, 1);
	assert_int_equal(blkfront_wait(front, 100), 0);
	assert_int_equal(blkfront_state(front), BLKFRONT_CLOSING);
	assert_int_equal(blkfront_poll(front, done, 1), 0);
	fake_set(BACK "/state", "6");
	assert_int_equal(blkfront_disconnect(front, &err), 0);
}

static void a_disk_that_grew_is_seen_and_nothing_else(void **state)
{
	connect_front();
	fake_set(BACK "/sectors", "4096");
	fake_set(BACK "/sector-size", "4096");
	fake_set(BACK "/feature-barrier", "1");
	eventfd_write(peer.store_fd, 1);
	assert_int_equal(blkfront_wait(front, 100), 0);
	assert_int_equal(blkfront_disk(front)->nr_sectors, 4096);
	assert_int_equal(blkfront_disk(front)->sector_bytes, 512);
	assert_int_equal(blkfront_disk(front)->can_barrier, 0);
	assert_int_equal(blkfront_state(front), BLKFRONT_CONNECTED);
}

static void connect_two_queues(void)
{
	const struct blkfront_config config = { .devid = 51712, .nr_queues = 2, .nr_buffers = 4, .timeout_ms = 50 };

	blkfront_free(front);
	front = blkfront_new(&config);
	fake_set(BACK "/multi-queue-max-queues", "2");
	connect_front();
}

static void several_queues_have_directories_of_their_own(void **state)
{
	fake_set(FRONT "/ring-ref", "1");
	fake_set(FRONT "/queue-0", "");
	fake_set(FRONT "/queue-0/ring-ref7", "1");
	fake_set(FRONT "/queue-1", "");
	fake_set(FRONT "/queue-1/ring-ref", "1");
	fake_set(FRONT "/queue-2", "");
	fake_set(FRONT "/queue-2/ring-ref", "1");
	connect_two_queues();
	assert_string_equal(fake_get(FRONT "/multi-queue-num-queues"), "2");
	assert_string_equal(fake_get(FRONT "/queue-0/ring-ref"), "100");
	assert_string_equal(fake_get(FRONT "/queue-1/ring-ref"), "200");
	assert_string_equal(fake_get(FRONT "/queue-1/event-channel"), "7");
	assert_null(fake_get(FRONT "/ring-ref"));
	assert_null(fake_get(FRONT "/queue-0/ring-ref7"));
	assert_null(fake_get(FRONT "/queue-2/ring-ref"));
}

static void more_queues_than_are_offered_are_not_asked_for(void **state)
{
	const struct blkfront_config config = { .devid = 51712, .nr_queues = 2, .timeout_ms = 50 };

	blkfront_free(front);
	front = blkfront_new(&config);
	assert_int_equal(blkfront_connect(front, &err), -EINVAL);
	assert_non_null(strstr(err.text, "2 queues: the backend offers up to 1"));
	assert_null(fake_get(FRONT "/multi-queue-num-queues"));
}

static void requests_are_spread_over_the_queues(void **state)
{
	struct blkfront_io *io[4];
	unsigned int nr[2] = { 0 };

	connect_two_queues();
	for (unsigned int i = 0; i < 4; i++) {
		io[i] = blkfront_get(front);
		nr[io[i]->queue]++;
	}
	assert_int_equal(nr[0], 2);
	assert_int_equal(nr[1], 2);
}

static void an_answer_on_another_ring_is_none(void **state)
{
	struct blkfront_io *done[4];
	uint8_t slot[BLK_MAX_REQUEST_BYTES];
	struct ring_layout layout;
	struct blk_request req;

	connect_two_queues();
	layout = peer.ring.layout;
	req = submit_one();
	ring_back_init(&peer.ring, peer.area[1], &layout);
	assert_int_equal(blkfront_submit(front, blkfront_get(front), BLKIF_OP_WRITE, 8, 1), 0);
	blkfront_push(front);
	assert_int_equal(ring_back_pop(&peer.ring, slot), RING_GOT);
	respond(req.id, req.operation, 0);
	assert_int_equal(blkfront_poll(front, done, 4), -EPROTO);
	assert_non_null(strstr(blkfront_why(front), "another ring"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(it_publishes_what_a_backend_needs_and_no_ring_order),
		T(a_request_goes_out_and_its_answer_comes_back),
		T(a_backend_that_lies_breaks_the_front_and_nothing_else),
		T(a_disk_that_cannot_be_is_refused),
		T(what_the_backend_cannot_do_after_all_is_not_asked_for_again),
		T(what_is_not_on_the_disk_is_not_asked_for),
		T(a_read_only_disk_is_not_written),
		T(a_backend_that_gives_up_is_named),
		T(a_backend_that_is_ahead_is_connected_to),
		T(no_backend_is_a_timeout_that_says_so),
		T(the_grant_limit_is_explained),
		T(a_ring_larger_than_offered_is_refused),
		T(a_request_that_fits_no_slot_names_its_segments_in_a_page),
		T(so_many_segments_stand_in_several_pages),
		T(only_reads_and_writes_are_that_large),
		T(buffers_larger_than_any_request_are_refused),
		T(a_backend_that_wants_the_disk_back_is_heard),
		T(a_disk_that_grew_is_seen_and_nothing_else),
		cmocka_unit_test_setup_teardown(several_queues_have_directories_of_their_own, setup, teardown),
		cmocka_unit_test_setup_teardown(more_queues_than_are_offered_are_not_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(requests_are_spread_over_the_queues, setup, teardown),
		cmocka_unit_test_setup_teardown(an_answer_on_another_ring_is_none, setup, teardown),
	};

	return cmocka_run_group_tests_name("front_blk", tests, NULL, NULL);
}
