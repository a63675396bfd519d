// SPDX-License-Identifier: MIT
/* XSA-155: shared memory that changes between its check and its use. Too slow a thread misses a fault. */
#include "tests/conform/case.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/race.h"
#include "tests/conform/peer/toolstack.h"

#define RACE_NS	     100000000ULL
#define WRITTEN_FROM 1024 /* the only sectors that a WRITE may reach */
#define WRITTEN_TO   (WRITTEN_FROM + BLK_MAX_SEGMENTS * 8)
#define NR_SLOTS_SEEN 64
#define LATE_US      5000 /* an entry that comes after its index has come by then */

/* Only the upper bits of an id are left alone: the lower two bytes of a response are where a request's type stands. */
#define ID_MARK 0x5ca1ab1eba5eULL

/* ---- what changes ---------------------------------------------------------------------------------------------- */

static uint8_t one_of(unsigned int *seed, const uint8_t *values, unsigned int nr)
{
	return values[rand_r(seed) % nr];
}

/*
 * One byte of one slot: operation, number of segments, the last byte of the id, one of the sector's number that puts it
 * far beyond the end, or something of a segment.
 */
static void change_slot(struct front *front, unsigned int *seed)
{
	static const uint8_t operations[] = { BLKIF_OP_READ, BLKIF_OP_WRITE, BLKIF_OP_FLUSH_DISKCACHE, 77 };
	static const uint8_t numbers[] = { 0, 1, 5, 11, 12, 255 };
	static const uint8_t sectors[] = { 0, 0, 3, 7, 7, 8, 255 };
	volatile uint8_t *slot = front_slot(front, rand_r(seed) % front->layout.nr_slots);
	volatile uint8_t *segment = slot + 24 + rand_r(seed) % BLK_MAX_SEGMENTS * 8;

	switch (rand_r(seed) % 7) {
	case 0:
		slot[0] = one_of(seed, operations, sizeof(operations));
		break;
	case 1:
		slot[1] = one_of(seed, numbers, sizeof(numbers));
		break;
	case 2:
		slot[8] = rand_r(seed);
		break;
	case 3:
		slot[19] = rand_r(seed) % 2;
		break;
	case 4:
		segment[4] = one_of(seed, sectors, sizeof(sectors));
		break;
	case 5:
		segment[5] = one_of(seed, sectors, sizeof(sectors));
		break;
	default:
		*(volatile uint32_t *)segment = rand_r(seed) % 8 ? front_gref(front, rand_r(seed) % 11) : 50000;
	}
}

/* That byte alone, of every slot: however short the time to a second look, half of them differ. */
static void toggle_sectors(struct front *front, unsigned int *seed)
{
	(void)seed;
	for (unsigned int i = 0; i < front->layout.nr_slots; i++)
		((volatile uint8_t *)front_slot(front, i))[19] ^= 1;
}

static void change_data(struct front *front, unsigned int *seed)
{
	volatile uint8_t *page = front_page(front, rand_r(seed) % BLK_MAX_SEGMENTS);

	page[rand_r(seed) % GRANT_PAGE_BYTES]++;
}

/* ---- meanwhile ------------------------------------------------------------------------------------------------- */

static void put_marked(struct front *front, uint8_t operation)
{
	struct blk_request request = front_request(front, operation, WRITTEN_FROM, BLK_MAX_SEGMENTS);

	request.id = ID_MARK << 16 | (front->req_prod & 0xff);
	front_put(front, &request);
}

static void take_marked(struct front *front)
{
	struct blk_response response;

	MUST("RING-13", front_take(front, &response, FRONT_PATIENCE_MS), "of %u requests it has answered %u",
	     front->req_prod, front->rsp_cons);
	MUST("RING-13", response.id >> 16 == ID_MARK, "it answers the id %#llx, and all begin with %#llx",
	     (unsigned long long)response.id, ID_MARK);
}

static void keep_busy(struct front *front, const uint8_t operations[2], unsigned int batch)
{
	uint64_t end = clock_now_ns() + RACE_NS;

	while (clock_now_ns() < end) {
		for (unsigned int i = 0; i < batch; i++)
			put_marked(front, operations[i % 2]);
		front_push(front);
		for (unsigned int i = 0; i < batch; i++)
			take_marked(front);
	}
}

static void check_disk(struct front *front, const char *clause)
{
	struct flight flight;

	flight_begin(&flight, front, clause);
	for (unsigned int sector = 0; sector < DISK_SECTORS; sector++) {
		if (sector >= WRITTEN_FROM && sector < WRITTEN_TO)
			continue;
		if (!flight_room(&flight))
			flight_take_all(&flight);
		flight_read(&flight, sector);
		front_push(front);
	}
	flight_end(&flight);
}

/* In large batches and small ones: how many there are decides when the backend looks. */
static void keep_busy_meanwhile(struct front *front, void (*change)(struct front *front, unsigned int *seed))
{
	static const uint8_t operations[] = { BLKIF_OP_WRITE, BLKIF_OP_READ };
	struct race race;

	race_begin(&race, front, change);
	for (unsigned int batch = 32; batch; batch /= 4)
		keep_busy(front, operations, batch);
	race_end(&race);
}

static void slots_change(struct front *front)
{
	uint64_t image_bytes, now_bytes;

	front_connect(front, "BUS-21");
	image_bytes = toolstack_image_bytes(front);
	memset(front->data.area, 0xa5, (size_t)FRONT_DATA_PAGES * GRANT_PAGE_BYTES);
	keep_busy_meanwhile(front, change_slot);
	keep_busy_meanwhile(front, toggle_sectors);
	check_disk(front, "RING-13");
	now_bytes = toolstack_image_bytes(front);
	MUST("RING-13", now_bytes == image_bytes, "the image has %llu bytes, not %llu: it is written beyond its end",
	     (unsigned long long)now_bytes, (unsigned long long)image_bytes);
}

static void data_changes(struct front *front)
{
	static const uint8_t operations[] = { BLKIF_OP_WRITE, BLKIF_OP_WRITE };
	struct race race;

	front_connect(front, "BUS-21");
	race_begin(&race, front, change_data);
	keep_busy(front, operations, 8);
	race_end(&race);
	check_disk(front, "GNT-7");
}

/* ---- event indexes ----------------------------------------------------------------------------------------------- */

/* The frontend's and the backend's, to what asks for events and what does not. */
static void change_event_indexes(struct front *front, unsigned int *seed)
{
	(void)seed;
	front_ask_for_event(front, 0);
	front_ask_for_event(front, 0x80000000U);
	front_overwrite_req_event(front, 0);
}

static void event_indexes_change(struct front *front)
{
	struct flight flight;
	struct race race;

	front_connect(front, "BUS-21");
	race_begin(&race, front, change_event_indexes);
	flight_begin(&flight, front, "RING-22");
	for (uint64_t end = clock_now_ns() + RACE_NS; clock_now_ns() < end;) {
		for (unsigned int nr = flight.nr_sent % front->layout.nr_slots + 1; nr; nr--)
			flight_read(&flight, flight.nr_sent % DISK_SECTORS);
		front_push(front);
		front_notify(front);
		flight_take_all(&flight);
	}
	race_end(&race);
	flight_end(&flight);
}

/* ---- entries and indexes ----------------------------------------------------------------------------------------- */

static void await_response(const struct front *front)
{
	uint64_t deadline_ns = clock_in_ms(FRONT_PATIENCE_MS);

	while (peer_load_acquire(&front->ring->rsp_prod) == front->rsp_cons)
		MUST("RING-11", clock_now_ns() < deadline_ns, "request %u is not answered", front->rsp_cons);
}

/* Seen as soon as the index is; a request stood there before. */
static void response_before_index(struct front *front)
{
	uint8_t seen[BLK_MAX_RESPONSE_BYTES];
	struct blk_request request;
	const uint8_t *slot;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_SLOTS_SEEN; i++) {
		request = front_request(front, BLKIF_OP_READ, i * 8, 1);
		front_put(front, &request);
		front_push(front);
		await_response(front);
		slot = front_slot(front, front->rsp_cons++);
		peer_copy(seen, slot, front->layout.response_bytes);
		usleep(LATE_US);
		MUST("RING-11", memcmp(seen, slot, front->layout.response_bytes) == 0,
		     "it has moved rsp_prod past response %u, and then written that", i);
	}
}

/* Until it is published another one stands there; the event lets it look. */
static void request_after_index(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_SLOTS_SEEN; i++) {
		request = front_request(front, BLKIF_OP_READ, 1024, 1);
		front_put(front, &request);
		front->req_prod--;
		front_notify(front);
		usleep(LATE_US);
		request.sector = i * 8;
		MUST("RING-12", front_do(front, &request) == BLKIF_RSP_OKAY, "a READ fails");
		MUST("RING-12", pattern_is(front_page(front, 0), i * 8, 8),
		     "a READ of sector %u gives what the slot asked for before it was published", i * 8);
	}
}

const struct backend_case ring_race_cases[] = {
	CASE("ring-slots-change", "RING-13 RING-10 BUS-21",
	     "requests change while they are looked at: each is answered, and no other sector is written",
	     slots_change, .asks_toolstack = true),
	CASE("ring-data-changes", "GNT-7 RING-13 RING-10 BUS-21", "data of a WRITE changes while it is written",
	     data_changes),
	CASE("ring-event-indexes-change", "RING-22 RING-10 BUS-21", "both event indexes change all the time",
	     event_indexes_change),
	CASE("ring-response-before-index", "RING-11 BUS-21", "responses are there as soon as rsp_prod says so",
	     response_before_index),
	CASE("ring-request-after-index", "RING-12 BUS-21", "a slot that changes before it is published",
	     request_after_index),
	{ .head.name = NULL },
};
