// SPDX-License-Identifier: MIT
#include "tests/conform/peer/flight.h"

#include "tests/conform/verdict.h"

#define PLACE_BITS 10 /* the low bits of an id say where it is kept; a backend has no use for any bit of it */

_Static_assert(FLIGHT_MAX == 1 << PLACE_BITS, "an id names its place");

void flight_begin(struct flight *flight, struct front *front, const char *clause)
{
	*flight = (struct flight){ .front = front, .clause = clause };
	for (unsigned int i = 0; i < FLIGHT_MAX; i++)
		flight->free_places[i] = i;
}

unsigned int flight_room(const struct flight *flight)
{
	return flight->front->layout.nr_slots - flight->nr_out;
}

static struct flight_request *take_place(struct flight *flight, struct blk_request *request)
{
	unsigned int place = flight->free_places[flight->nr_out++];
	uint64_t number = ++flight->nr_sent * 0x9e3779b97f4a7c15ULL;

	request->id = number << PLACE_BITS | place;
	flight->requests[place] = (struct flight_request){ .id = request->id, .is_out = true };
	return &flight->requests[place];
}

void flight_put(struct flight *flight, struct blk_request *request)
{
	take_place(flight, request);
	front_put(flight->front, request);
}

static uint8_t *place_of_data(const struct flight *flight, uint64_t id)
{
	unsigned int sector = id % FLIGHT_MAX % (FRONT_DATA_PAGES * 8);

	return front_page(flight->front, sector / 8) + sector % 8 * 512;
}

void flight_read(struct flight *flight, uint64_t sector)
{
	struct blk_request request = { .operation = BLKIF_OP_READ, .nr_segments = 1, .sector = sector };
	struct flight_request *kept = take_place(flight, &request);
	unsigned int at = request.id % FLIGHT_MAX % (FRONT_DATA_PAGES * 8);

	kept->is_read = true;
	kept->sector = sector;
	request.segment[0] = (struct blk_segment){ front_gref(flight->front, at / 8), at % 8, at % 8 };
	front_put(flight->front, &request);
}

static void check_read(const struct flight *flight, const struct flight_request *request, int16_t status)
{
	MUST(flight->clause, status == BLKIF_RSP_OKAY, "request %llu of this ring, a read, is answered %d",
	     (unsigned long long)flight->nr_sent, status);
	MUST(flight->clause, pattern_is(place_of_data(flight, request->id), request->sector, 1),
	     "a read of sector %llu is answered OKAY and has brought something else",
	     (unsigned long long)request->sector);
}

bool flight_take(struct flight *flight, struct blk_response *response, unsigned int ms)
{
	struct front *front = flight->front;
	struct flight_request *request;

	if (!front_take(front, response, ms))
		return false;
	request = &flight->requests[response->id % FLIGHT_MAX];
	MUST("RING-10", request->is_out && request->id == response->id,
	     "response %u of the ring has the id %#llx, which was answered before or never sent", front->rsp_cons - 1,
	     (unsigned long long)response->id);
	request->is_out = false;
	flight->free_places[--flight->nr_out] = response->id % FLIGHT_MAX;
	if (request->is_read)
		check_read(flight, request, response->status);
	return true;
}

void flight_take_some(struct flight *flight, unsigned int nr)
{
	struct blk_response response;

	while (nr--)
		MUST(flight->clause, flight_take(flight, &response, FRONT_PATIENCE_MS),
		     "%u of %llu requests are not answered", flight->nr_out, (unsigned long long)flight->nr_sent);
}

void flight_take_all(struct flight *flight)
{
	flight_take_some(flight, flight->nr_out);
}

void flight_end(struct flight *flight)
{
	struct blk_response response;

	flight_take_all(flight);
	MUST("RING-10", !flight_take(flight, &response, FRONT_SILENCE_MS), "it answers more than it was asked");
}
