/* SPDX-License-Identifier: MIT */
/*
 * Which requests are out, and whether a response can be the answer to one of them. Pure.
 *
 * A request's id is its slot here and the slot's generation, so that an id answered twice, or one of long ago, is
 * recognised instead of completing another request.
 * Thread: one owner. Trust: responses come from the backend. Never fails otherwise, never logs.
 */
#ifndef FRONTEND_USER_FLIGHT_H
#define FRONTEND_USER_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/blk.h"

struct flight {
	uint32_t generation;
	uint8_t operation;
	bool is_out;
};

/* Marks the slot as out and returns the id for the request. The slot must not be out. */
uint64_t flight_start(struct flight *table, uint32_t slot, uint8_t operation);

/*
 * NULL: the response answers slot *slot, which is no longer out. Otherwise what is wrong with it, in words: nothing
 * this backend says can be believed any more.
 */
const char *flight_land(struct flight *table, uint32_t nr_slots, const struct blk_response *rsp, uint32_t *slot);

/* 0, -EOPNOTSUPP or -EIO: a status that is not in the protocol is an error like any other. */
int flight_status(int16_t status);

#endif
