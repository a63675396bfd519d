// SPDX-License-Identifier: MIT
#include "frontend/user/flight.h"

#include <assert.h>
#include <errno.h>

#include <xen/xen.h>
#include <xen/io/ring.h>
#include <xen/io/blkif.h>

uint64_t flight_start(struct flight *table, uint32_t slot, uint8_t operation)
{
	struct flight *flight = &table[slot];

	assert(!flight->is_out);
	flight->generation++;
	flight->operation = operation;
	flight->is_out = true;
	return (uint64_t)flight->generation << 32 | slot;
}

const char *flight_land(struct flight *table, uint32_t nr_slots, const struct blk_response *rsp, uint32_t *slot)
{
	uint32_t index = (uint32_t)rsp->id;
	struct flight *flight;

	if (index >= nr_slots)
		return "a response to an id that was never used";
	flight = &table[index];
	if (flight->generation != rsp->id >> 32)
		return "a response to an id that is not in use";
	if (!flight->is_out)
		return "a second response to one request";
	if (flight->operation != rsp->operation)
		return "a response with another operation than its request";
	flight->is_out = false;
	*slot = index;
	return NULL;
}

int flight_status(int16_t status)
{
	switch (status) {
	case BLKIF_RSP_OKAY:
		return 0;
	case BLKIF_RSP_EOPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EIO;
	}
}
