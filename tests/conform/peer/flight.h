/* SPDX-License-Identifier: MIT */
/*
 * Requests that are out, by id: whose response comes, that each comes once, and that what a READ brought is right.
 *
 * Use: flight_begin(), flight_read() or flight_put(), front_push(), flight_take(). A response to what is not out fails
 * RING-10, an answer that is missing or wrong the clause that flight_begin() was given.
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_FLIGHT_H
#define TESTS_CONFORM_PEER_FLIGHT_H

#include "tests/conform/peer/front_disk.h"

#define FLIGHT_MAX 1024

struct flight {
	struct front *front;
	const char *clause;
	unsigned int nr_out;
	uint64_t nr_sent;
	unsigned int free_places[FLIGHT_MAX]; /* those from nr_out on */
	struct flight_request {
		uint64_t id;
		uint64_t sector;
		bool is_out, is_read;
	} requests[FLIGHT_MAX];
};

void flight_begin(struct flight *flight, struct front *front, const char *clause);
/* How many more the ring has room for. */
unsigned int flight_room(const struct flight *flight);
/* Into the ring, not published yet; it gets an id that was never used before. */
void flight_put(struct flight *flight, struct blk_request *request);
/* A READ of one sector, to a place of its own; it has to be answered OKAY. */
void flight_read(struct flight *flight, uint64_t sector);
/* One answer, whatever its status if it is not to flight_read(); false: none in that time. */
bool flight_take(struct flight *flight, struct blk_response *response, unsigned int ms);
/* So many; all come. */
void flight_take_some(struct flight *flight, unsigned int nr);
void flight_take_all(struct flight *flight);
/* After the last one nothing comes. */
void flight_end(struct flight *flight);

#endif
