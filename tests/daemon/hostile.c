// SPDX-License-Identifier: MIT
/*
 * A frontend that misbehaves: one CASE per run, on a device that a backend serves. What comes of it is printed, not
 * judged; the test that runs it knows what it wants:
 *
 *	response operation=N status=N		each answer
 *	answered N				so many were, where the answers cannot be relied on
 *	backend NAME				its state at the end
 *	afterwards STATUS			what an ordinary read gives then: 0, -1 or -2; "none": no answer
 *
 * "afterwards" is left out when the ring cannot be used any more. Exit status: 0 done, 2 usage, 3 could not connect.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/wire/vdev.h"
#include "frontend/user/blk_front.h"
#include "frontend/user/segments.h"

#define SETTLE_MS 2000

static struct blkfront *front;
static uint32_t timeout_ms = 10000;

static struct ring_shared *shared_ring(void)
{
	return front->queue.ring.shared;
}

static const char *backend_state(void)
{
	enum xb_state state;
	struct errbuf err;

	if (xb_device_peer_state(&front->device.xb, &state, &err))
		return "unreadable";
	return xb_state_name(state);
}

/* Prints answers until `wanted` have come, the backend leaves Connected, or time is up. Returns how many came. */
static int settle(int wanted, int ms)
{
	uint64_t deadline = clock_now_ns() + ms * 1000000ULL;
	struct blkfront_io *done[1];
	int nr = 0, got;

	while (nr < wanted && clock_now_ns() < deadline) {
		got = blkfront_poll(front, done, 1);
		if (got < 0) {
			printf("front %s\n", blkfront_why(front));
			break;
		}
		if (got > 0) {
			printf("response operation=%u status=%d\n", done[0]->operation,
			       done[0]->rc == 0 ? 0 : done[0]->rc == -EOPNOTSUPP ? -2 : -1);
			blkfront_put(front, done[0]);
			nr++;
			continue;
		}
		if (strcmp(backend_state(), "Connected") != 0)
			break;
		blkfront_wait(front, 20);
	}
	return nr;
}

/* The same for answers that the frontend could not place: as they stand in the ring. */
static void settle_raw(unsigned int wanted)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * 1000000ULL;
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];
	struct blk_response rsp;

	while (wanted) {
		if (ring_front_pop(&front->queue.ring, slot) != RING_GOT) {
			if (clock_now_ns() > deadline) {
				printf("response missing status=none\n");
				break;
			}
			usleep(1000);
			continue;
		}
		blk_response_decode(front->config.abi, slot, &rsp);
		printf("response operation=%u status=%d\n", rsp.operation, rsp.status);
		wanted--;
	}
}

static void await_backend(enum xb_state wanted)
{
	uint64_t deadline = clock_now_ns() + timeout_ms * 1000000ULL;

	while (strcmp(backend_state(), xb_state_name(wanted)) != 0 && clock_now_ns() < deadline)
		usleep(1000);
}

/* A read of the first sector as it should be; a case changes what it is about. */
static struct blk_request good_request(const struct blkfront_io *io)
{
	struct blk_request req = { .operation = BLKIF_OP_READ, .nr_segments = 1 };

	for (uint32_t i = 0; i < BLK_MAX_SEGMENTS; i++)
		req.segment[i] = (struct blk_segment){ blkfront_gref(front, io, i), 0, 7 };
	return req;
}

static void send_raw(struct blkfront_io *io, const struct blk_request *req)
{
	blkfront_submit_raw(front, io, req);
	blkfront_push(front);
}

/* ---- requests: the ring stays in order, so an answer is due -------------------------------------------------- */

struct bad_request {
	const char *name;
	void (*spoil)(struct blk_request *req);
};

#define SPOIL(NAME, STATEMENTS)                        \
	static void spoil_##NAME(struct blk_request *req) \
	{                                              \
		STATEMENTS;                            \
	}
SPOIL(operation, req->operation = 77)
SPOIL(operation_255, req->operation = 255)
SPOIL(indirect, req->operation = BLKIF_OP_INDIRECT)
SPOIL(discard, req->operation = BLKIF_OP_DISCARD)
SPOIL(barrier, req->operation = BLKIF_OP_WRITE_BARRIER; req->nr_segments = 0)
SPOIL(write, req->operation = BLKIF_OP_WRITE)
SPOIL(write_barrier, req->operation = BLKIF_OP_WRITE_BARRIER)
SPOIL(no_segments, req->nr_segments = 0)
SPOIL(segments_12, req->nr_segments = 12)
SPOIL(segments_255, req->nr_segments = 255)
SPOIL(first_after_last, req->segment[0].first_sect = 5; req->segment[0].last_sect = 4)
SPOIL(last_8, req->segment[0].last_sect = 8)
SPOIL(last_255, req->segment[0].last_sect = 255)
SPOIL(second_bad, req->nr_segments = 2; req->segment[1].last_sect = 9)
SPOIL(gref_unused, req->segment[0].gref = 1000000)
SPOIL(gref_max, req->segment[0].gref = UINT32_MAX)
SPOIL(last_gref, req->nr_segments = 11; req->segment[10].gref = 1000000)
SPOIL(write_gref, req->operation = BLKIF_OP_WRITE; req->segment[0].gref = 1000000)
SPOIL(beyond, req->sector = front->disk.nr_sectors)
SPOIL(across_end, req->sector = front->disk.nr_sectors - 4)
SPOIL(sector_wraps, req->sector = UINT64_MAX - 3)
SPOIL(sector_shift_wraps, req->sector = 1ULL << 55)
SPOIL(flush_with_segments, req->operation = BLKIF_OP_FLUSH_DISKCACHE)
SPOIL(same_page_twice, req->nr_segments = 2; req->segment[1] = req->segment[0])

static const struct bad_request bad_requests[] = {
	{ "operation", spoil_operation },
	{ "operation-255", spoil_operation_255 },
	{ "indirect", spoil_indirect },
	{ "discard", spoil_discard },
	{ "barrier", spoil_barrier },
	{ "write", spoil_write },
	{ "write-barrier", spoil_write_barrier },
	{ "no-segments", spoil_no_segments },
	{ "segments-12", spoil_segments_12 },
	{ "segments-255", spoil_segments_255 },
	{ "first-after-last", spoil_first_after_last },
	{ "last-8", spoil_last_8 },
	{ "last-255", spoil_last_255 },
	{ "second-bad", spoil_second_bad },
	{ "gref-unused", spoil_gref_unused },
	{ "gref-max", spoil_gref_max },
	{ "last-gref", spoil_last_gref },
	{ "write-gref", spoil_write_gref },
	{ "beyond-end", spoil_beyond },
	{ "across-end", spoil_across_end },
	{ "sector-wraps", spoil_sector_wraps },
	{ "sector-shift-wraps", spoil_sector_shift_wraps },
	{ "flush-with-segments", spoil_flush_with_segments },
	{ "same-page-twice", spoil_same_page_twice },
};

static void run_bad_request(const struct bad_request *bad)
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);

	bad->spoil(&req);
	send_raw(io, &req);
	settle(1, SETTLE_MS);
}

/* ---- the ring and the rest: no answer may be due ---------------------------------------------------------------- */

static void notify_and_settle(void)
{
	front_queue_notify(&front->queue);
	settle(INT32_MAX, SETTLE_MS);
}

static void set_prod(ring_idx prod)
{
	peer_store_release(&shared_ring()->req_prod, prod);
	notify_and_settle();
}

static void run_prod_too_far(void)
{
	set_prod(front->queue.ring.req_pushed + front->queue.ring.layout.nr_slots + 1);
}

static void run_prod_far_off(void)
{
	set_prod(front->queue.ring.req_pushed + 0x80000000U);
}

static void run_prod_backwards(void)
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);

	send_raw(io, &req);
	settle(1, SETTLE_MS);
	set_prod(front->queue.ring.req_pushed - 1);
}

/* A full ring of slots that nobody filled in: as many answers are due as there are slots. */
static void run_garbage_slots(void)
{
	struct ring_front *ring = &front->queue.ring;

	memset((char *)ring->shared + RING_HEADER_BYTES, 0xff, (size_t)ring->layout.nr_slots * ring->layout.slot_bytes);
	ring->req_prod += ring->layout.nr_slots;
	ring->req_pushed = ring->req_prod;
	peer_store_release(&shared_ring()->req_prod, ring->req_prod);
	front_queue_notify(&front->queue);
	settle_raw(ring->layout.nr_slots);
}

/* Two requests with one id: an answer to each is due, the second of which this frontend cannot place. */
static void run_same_id(void)
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);
	uint8_t slot[BLK_MAX_REQUEST_BYTES];

	blkfront_submit_raw(front, io, &req);
	req.id = (uint64_t)front->flight[io->index].generation << 32 | io->index;
	blk_request_encode(front->config.abi, &req, slot);
	ring_front_put(&front->queue.ring, slot);
	blkfront_push(front);
	settle_raw(2);
}

/* The response side of the page is ours to spoil too: a backend that reads its own indexes back would believe it. */
static void run_rsp_prod(void)
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);
	ring_idx expected = front->queue.ring.rsp_cons + 1;
	uint64_t deadline = clock_now_ns() + timeout_ms * 1000000ULL;

	peer_store_release(&shared_ring()->rsp_prod, front->queue.ring.rsp_cons + 20);
	peer_store(&shared_ring()->req_event, 12345);
	send_raw(io, &req);
	front_queue_notify(&front->queue); /* req_event asks for none */
	while (ring_shared_rsp_prod(shared_ring()) != expected && clock_now_ns() < deadline)
		usleep(1000);
	if (ring_shared_rsp_prod(shared_ring()) == expected)
		settle_raw(1);
}

static void run_storm(void)
{
	for (uint64_t end = clock_now_ns() + NSEC_PER_SEC; clock_now_ns() < end;)
		front_queue_notify(&front->queue);
}

static volatile bool is_mutating;

static void *mutate(void *unused)
{
	uint8_t *slots = (uint8_t *)shared_ring() + RING_HEADER_BYTES;
	size_t bytes = (size_t)front->queue.ring.layout.nr_slots * front->queue.ring.layout.slot_bytes;
	unsigned int seed = 1;

	while (is_mutating) {
		size_t at = rand_r(&seed) % bytes;
		uint8_t was = slots[at];

		((volatile uint8_t *)slots)[at] = rand_r(&seed);
		((volatile uint8_t *)slots)[at] = was;
	}
	return NULL;
}

/* Requests and responses change while they are looked at; the frontend's own answers may be spoilt by it too. */
static void run_mutate(void)
{
	uint64_t end = clock_now_ns() + SETTLE_MS * 1000000ULL;
	uint32_t nr = 0, nr_answered = 0;
	uint8_t slot[BLK_MAX_RESPONSE_BYTES], request[BLK_MAX_REQUEST_BYTES];
	struct blk_request req = good_request(&front->io[0]);
	pthread_t thread;

	is_mutating = true;
	if (pthread_create(&thread, NULL, mutate, NULL))
		return;
	while (clock_now_ns() < end && strcmp(backend_state(), "Connected") == 0) {
		for (unsigned int i = 0; i < 64; i++) {
			req.id = nr;
			blk_request_encode(front->config.abi, &req, request);
			nr += ring_front_put(&front->queue.ring, request);
		}
		if (ring_front_push(&front->queue.ring))
			front_queue_notify(&front->queue);
		while (ring_front_pop(&front->queue.ring, slot) == RING_GOT)
			nr_answered++;
	}
	is_mutating = false;
	pthread_join(thread, NULL);
	printf("answered %u\n", nr_answered);
}

static void put_writes(void)
{
	struct blkfront_io *io;

	while ((io = blkfront_get(front)))
		blkfront_submit(front, io, BLKIF_OP_WRITE, (uint64_t)io->index * 88, 88);
}

/* After pages were taken back: what is answered, then the process ends without a word. */
static void watch_and_vanish(void)
{
	settle(INT32_MAX, SETTLE_MS);
	printf("backend %s\n", backend_state());
	fflush(stdout);
	_exit(0);
}

/* Requests whose pages are gone before the backend can see them. */
static void run_revoked(void)
{
	put_writes();
	grant_pool_fini(&front->buffers);
	blkfront_push(front);
	watch_and_vanish();
}

/* The same in a race: each page goes before, while or after it is read. */
static void run_revoke(void)
{
	put_writes();
	blkfront_push(front);
	grant_pool_fini(&front->buffers);
	watch_and_vanish();
}

/* Straight from Connected to state N, with requests out, and where that is to lead. */
static void jump_to_state(enum xb_state state, enum xb_state wanted)
{
	struct blkfront_io *io;
	struct errbuf err;

	while ((io = blkfront_get(front)))
		blkfront_submit(front, io, BLKIF_OP_READ, (uint64_t)io->index * 88, 88);
	blkfront_push(front);
	xb_device_switch(&front->device.xb, state, &err);
	await_backend(wanted);
}

static void run_closed(void)
{
	jump_to_state(XB_CLOSED, XB_CLOSED);
}

static void run_restart(void)
{
	jump_to_state(XB_INITIALISING, XB_INIT_WAIT);
}

static void run_unknown_state(void)
{
	jump_to_state(XB_RECONFIGURED, XB_CLOSING);
}

static void flap(unsigned int times)
{
	struct errbuf err;

	while (times--) {
		xb_device_switch(&front->device.xb, XB_CLOSING, &err);
		xb_device_switch(&front->device.xb, XB_CLOSED, &err);
		xb_device_switch(&front->device.xb, XB_INITIALISING, &err);
		xb_device_switch(&front->device.xb, XB_CONNECTED, &err);
	}
	xb_device_switch(&front->device.xb, XB_CLOSED, &err);
	await_backend(XB_CLOSED);
}

static void run_flap(void)
{
	flap(200);
}

static void run_flap_10000(void)
{
	flap(10000);
}

/* From anywhere to anywhere, to states that there are not, too. */
static void run_jump(void)
{
	unsigned int seed = 1;
	struct errbuf err;

	for (unsigned int i = 0; i < 300; i++)
		xb_device_switch(&front->device.xb, rand_r(&seed) % (XB_NR_STATES + 2), &err);
	xb_device_switch(&front->device.xb, XB_CLOSED, &err);
	await_backend(XB_CLOSED);
}

static const struct {
	const char *name;
	void (*run)(void);
	bool is_usable; /* is an ordinary read afterwards worth a try? */
} cases[] = {
	{ "prod-too-far", run_prod_too_far, false },
	{ "prod-far-off", run_prod_far_off, false },
	{ "prod-backwards", run_prod_backwards, false },
	{ "garbage-slots", run_garbage_slots, false },
	{ "same-id", run_same_id, false },
	{ "rsp-prod", run_rsp_prod, false },
	{ "event-storm", run_storm, true },
	{ "mutate", run_mutate, false },
	{ "revoked", run_revoked, false },
	{ "revoke", run_revoke, false },
	{ "closed-with-requests-out", run_closed, false },
	{ "restart-with-requests-out", run_restart, false },
	{ "unknown-state", run_unknown_state, false },
	{ "flap", run_flap, false },
	{ "flap-10000", run_flap_10000, false },
	{ "jump", run_jump, false },
};

/* ---- the command line -------------------------------------------------------------------------------------------- */

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static int list(void)
{
	for (unsigned int i = 0; i < NR(bad_requests); i++)
		printf("%s\n", bad_requests[i].name);
	for (unsigned int i = 0; i < NR(cases); i++)
		printf("%s\n", cases[i].name);
	return 0;
}

static void try_ordinary_read(void)
{
	struct blkfront_io *io = blkfront_get(front);
	int rc = io ? blkfront_do(front, io, BLKIF_OP_READ, 0, 8, SETTLE_MS) : -EBUSY;

	if (rc == 0 || rc == -EIO || rc == -EOPNOTSUPP)
		printf("afterwards %d\n", rc == 0 ? 0 : rc == -EIO ? -1 : -2);
	else
		printf("afterwards none (%s)\n", strerror(-rc));
}

/* 0, 3, or -1: there is no such case. */
static int run_connected(uint32_t devid, const char *name)
{
	struct blkfront_config config = { .devid = devid, .timeout_ms = timeout_ms };
	const struct bad_request *bad = NULL;
	struct errbuf err;
	unsigned int i;

	for (i = 0; i < NR(bad_requests); i++)
		if (strcmp(name, bad_requests[i].name) == 0)
			bad = &bad_requests[i];
	for (i = 0; i < NR(cases) && strcmp(name, cases[i].name) != 0; i++)
		;
	if (!bad && i == NR(cases))
		return -1;
	front = blkfront_new(&config);
	if (!front || blkfront_connect(front, &err)) {
		fprintf(stderr, "hostile: %s\n", front ? err.text : "out of memory");
		return 3;
	}
	if (bad)
		run_bad_request(bad);
	else
		cases[i].run();
	printf("backend %s\n", backend_state());
	if (bad || cases[i].is_usable)
		try_ordinary_read();
	if (blkfront_disconnect(front, &err))
		printf("close %s\n", err.text);
	blkfront_free(front);
	return 0;
}

int main(int argc, char **argv)
{
	struct errbuf err;
	uint32_t devid;
	int r;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (argc != 4 || strcmp(argv[1], "--vdev") != 0 || blk_vdev_parse(argv[2], &devid, &err)) {
		fprintf(stderr, "Usage: hostile --vdev NAME CASE | hostile --list\n");
		return 2;
	}
	r = run_connected(devid, argv[3]);
	if (r < 0)
		fprintf(stderr, "hostile: there is no case '%s': see --list\n", argv[3]);
	return r < 0 ? 2 : r;
}
