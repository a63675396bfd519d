// SPDX-License-Identifier: MIT
/* The ring and the rest of what is shared: no answer may be due. */
#include "tests/daemon/hostile/hostile.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"

static struct ring_shared *shared_ring(void)
{
	return front->queue[0].ring.shared;
}

/* settle() for answers that the frontend could not place: as they stand in the ring. */
static void settle_raw(unsigned int wanted)
{
	uint64_t deadline = clock_now_ns() + TIMEOUT_MS * 1000000ULL;
	uint8_t slot[BLK_MAX_RESPONSE_BYTES];
	struct blk_response rsp;

	while (wanted) {
		if (ring_front_pop(&front->queue[0].ring, slot) != RING_GOT) {
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

static void notify_and_settle(void)
{
	front_queue_notify(&front->queue[0]);
	settle(INT32_MAX, SETTLE_MS);
}

static void set_prod(ring_idx prod)
{
	peer_store_release(&shared_ring()->req_prod, prod);
	notify_and_settle();
}

static void run_prod_too_far(void)
{
	set_prod(front->queue[0].ring.req_pushed + front->queue[0].ring.layout.nr_slots + 1);
}

static void run_prod_far_off(void)
{
	set_prod(front->queue[0].ring.req_pushed + 0x80000000U);
}

static void run_prod_backwards(void)
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);

	send_raw(io, &req);
	settle(1, SETTLE_MS);
	set_prod(front->queue[0].ring.req_pushed - 1);
}

/* A full ring of slots that nobody filled in: as many answers are due as there are slots. */
static void run_garbage_slots(void)
{
	struct ring_front *ring = &front->queue[0].ring;

	memset((char *)ring->shared + RING_HEADER_BYTES, 0xff, (size_t)ring->layout.nr_slots * ring->layout.slot_bytes);
	ring->req_prod += ring->layout.nr_slots;
	ring->req_pushed = ring->req_prod;
	peer_store_release(&shared_ring()->req_prod, ring->req_prod);
	front_queue_notify(&front->queue[0]);
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
	ring_front_put(&front->queue[0].ring, slot);
	blkfront_push(front);
	settle_raw(2);
}

/* The response side of the page is ours to spoil too: a backend that reads its own indexes back would believe it. */
static void run_rsp_prod(void)
{
	struct blkfront_io *io = blkfront_get(front);
	struct blk_request req = good_request(io);
	ring_idx expected = front->queue[0].ring.rsp_cons + 1;
	uint64_t deadline = clock_now_ns() + TIMEOUT_MS * 1000000ULL;

	peer_store_release(&shared_ring()->rsp_prod, front->queue[0].ring.rsp_cons + 20);
	peer_store(&shared_ring()->req_event, 12345);
	send_raw(io, &req);
	front_queue_notify(&front->queue[0]); /* req_event asks for none */
	while (ring_shared_rsp_prod(shared_ring()) != expected && clock_now_ns() < deadline)
		usleep(1000);
	if (ring_shared_rsp_prod(shared_ring()) == expected)
		settle_raw(1);
}

static void run_storm(void)
{
	for (uint64_t end = clock_now_ns() + NSEC_PER_SEC; clock_now_ns() < end;)
		front_queue_notify(&front->queue[0]);
}

static volatile bool is_mutating;

static void *mutate(void *unused)
{
	uint8_t *slots = (uint8_t *)shared_ring() + RING_HEADER_BYTES;
	size_t bytes = (size_t)front->queue[0].ring.layout.nr_slots * front->queue[0].ring.layout.slot_bytes;
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
			nr += ring_front_put(&front->queue[0].ring, request);
		}
		if (ring_front_push(&front->queue[0].ring))
			front_queue_notify(&front->queue[0]);
		while (ring_front_pop(&front->queue[0].ring, slot) == RING_GOT)
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

const struct hostile_case ring_cases[] = {
	{ "prod-too-far", .run = run_prod_too_far },
	{ "prod-far-off", .run = run_prod_far_off },
	{ "prod-backwards", .run = run_prod_backwards },
	{ "garbage-slots", .run = run_garbage_slots },
	{ "same-id", .run = run_same_id },
	{ "rsp-prod", .run = run_rsp_prod },
	{ "event-storm", .run = run_storm, .is_usable = true },
	{ "mutate", .run = run_mutate },
	{ "revoked", .run = run_revoked },
	{ "revoke", .run = run_revoke },
	{ 0 },
};
