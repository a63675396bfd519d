// SPDX-License-Identifier: MIT
#include "tests/conform/peer/octets.h"

#include <string.h>

#include "tests/conform/verdict.h"

static const struct {
	unsigned int request_octets, response_octets;
	unsigned int id, sector, seg, nr_sectors, indirect_grefs;
} at[] = {
	[BLK_ABI_NATIVE] = { 112, 16, 8, 16, 24, 24, 28 },
	[BLK_ABI_X86_32] = { 108, 12, 4, 12, 20, 20, 24 },
};

static void put(uint8_t *bytes, uint64_t value, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		bytes[i] = value >> (8 * i);
}

static uint64_t get(const uint8_t *bytes, unsigned int nr)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < nr; i++)
		value |= (uint64_t)bytes[i] << (8 * i);
	return value;
}

static struct octets begin(enum blk_abi abi, int padding, uint8_t operation, uint8_t second, uint64_t id,
			   uint64_t sector)
{
	struct octets octets = { .abi = abi };

	memset(octets.slot, padding, sizeof(octets.slot));
	octets.slot[0] = operation;
	octets.slot[1] = second;
	put(octets.slot + at[abi].id, id, 8);
	put(octets.slot + at[abi].sector, sector, 8);
	return octets;
}

struct octets octets_begin(enum blk_abi abi, uint8_t operation, uint8_t second, uint64_t id, uint64_t sector)
{
	return begin(abi, 0xff, operation, second, id, sector);
}

struct octets octets_begin_zero(enum blk_abi abi, uint8_t operation, uint8_t second, uint64_t id, uint64_t sector)
{
	return begin(abi, 0, operation, second, id, sector);
}

void octets_write_segment(uint8_t *bytes, uint32_t gref, uint8_t first, uint8_t last)
{
	memset(bytes, 0xff, 8);
	put(bytes, gref, 4);
	bytes[4] = first;
	bytes[5] = last;
}

void octets_segment(struct octets *octets, unsigned int i, uint32_t gref, uint8_t first, uint8_t last)
{
	octets_write_segment(octets->slot + at[octets->abi].seg + 8 * i, gref, first, last);
}

void octets_discard(struct octets *octets, uint64_t nr_sectors)
{
	put(octets->slot + at[octets->abi].nr_sectors, nr_sectors, 8);
}

void octets_indirect(struct octets *octets, uint16_t nr_segments)
{
	put(octets->slot + 2, nr_segments, 2);
}

void octets_indirect_page(struct octets *octets, unsigned int i, uint32_t gref)
{
	put(octets->slot + at[octets->abi].indirect_grefs + 4 * i, gref, 4);
}

uint64_t octets_nr_sectors(enum blk_abi abi, const uint8_t *slot)
{
	return get(slot + at[abi].nr_sectors, 8);
}

uint16_t octets_nr_segments(const uint8_t *slot)
{
	return get(slot + 2, 2);
}

uint32_t octets_indirect_gref(enum blk_abi abi, const uint8_t *slot, unsigned int i)
{
	return get(slot + at[abi].indirect_grefs + 4 * i, 4);
}

struct blk_segment octets_read_segment(const uint8_t *bytes)
{
	return (struct blk_segment){ get(bytes, 4), bytes[4], bytes[5] };
}

struct octets_response octets_response(enum blk_abi abi, const uint8_t *slot)
{
	struct octets_response response = { .id = get(slot, 8),
					    .operation = slot[8],
					    .status = (int16_t)get(slot + 10, 2),
					    .has_padding_0 = slot[9] == 0 };

	for (unsigned int i = 12; i < at[abi].response_octets; i++)
		response.has_padding_0 &= slot[i] == 0;
	return response;
}

int octets_do(struct front *front, const char *clause, const struct octets *octets, uint8_t operation)
{
	uint64_t id = get(octets->slot + at[octets->abi].id, 8);
	struct octets_response response;
	struct blk_response ignored;

	if (front->layout.request_bytes != at[octets->abi].request_octets)
		error("the slots of the ring have %u octets", (unsigned int)front->layout.request_bytes);
	front_put_raw(front, octets->slot);
	front_push(front);
	if (!front_take(front, &ignored, FRONT_PATIENCE_MS))
		return FRONT_NO_ANSWER;
	response = octets_response(octets->abi, front_last_slot(front));
	MUST(clause, response.id == id, "it answers to id %#llx with id %#llx", (unsigned long long)id,
	     (unsigned long long)response.id);
	MUST(clause, response.operation == operation, "it answers to operation %u with operation %u", operation,
	     response.operation);
	return response.status;
}
