// SPDX-License-Identifier: MIT
/* Requests: what stands in their padding, and those with more segments than a slot has room for. */
#include "tests/conform/case.h"

#include <string.h>

#define SEGMENTS_PER_PAGE 512
#define SEGMENT_OCTETS    8

/* Where the tables of docs/protocol.md, 7.1, have them. */
static const struct {
	unsigned int seg, nr_octets, indirect_grefs;
} at[] = {
	[BLK_ABI_NATIVE] = { 24, 112, 28 },
	[BLK_ABI_X86_32] = { 20, 108, 24 },
};

/* ---- padding --------------------------------------------------------------------------------------------------- */

static void judge_padding(struct play *play, const struct blk_request *request)
{
	unsigned int seg = at[play->back.abi].seg, end = seg + request->nr_segments * SEGMENT_OCTETS;

	for (unsigned int i = seg; i < end; i += SEGMENT_OCTETS)
		MUST("BLK-18", play->slot[i + 6] == 0 && play->slot[i + 7] == 0,
		     "the padding of segment %u is not zero", (i - seg) / SEGMENT_OCTETS);
	for (unsigned int i = end; i < at[play->back.abi].nr_octets; i++)
		MUST("BLK-18", play->slot[i] == 0, "octet %u of a request with %u segments is %#x", i,
		     request->nr_segments, play->slot[i]);
}

static void padding_is_zero(struct play *play)
{
	struct blk_request request;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	while (play_take(play, &request)) {
		judge_padding(play, &request);
		play_answer(play, &request, play_carry_out(play, &request));
	}
}

/* ---- INDIRECT -------------------------------------------------------------------------------------------------- */

static void fetch_segments(struct play *play, unsigned int page, uint8_t octets[BACK_PAGE_BYTES])
{
	struct blk_segment whole = { .last_sect = 7 };

	memcpy(&whole.gref, play->slot + at[play->back.abi].indirect_grefs + 4 * page, sizeof(whole.gref));
	MUST("GNT-1", back_copy_from(&play->back, &whole, octets), "grant %u, page %u of segments, cannot be read",
	     whole.gref, page);
}

static struct blk_segment decode_segment(const uint8_t octets[SEGMENT_OCTETS])
{
	struct blk_segment segment = { .first_sect = octets[4], .last_sect = octets[5] };

	memcpy(&segment.gref, octets, sizeof(segment.gref));
	return segment;
}

static uint64_t transfer_segment(struct play *play, bool is_read, uint64_t sector, const struct blk_segment *segment)
{
	uint64_t nr_sectors = back_segment_bytes(segment) / BACK_SECTOR_BYTES;
	uint8_t *data = play->disk + sector * BACK_SECTOR_BYTES;

	MUST("BLK-67", sector < play->back.nr_sectors && nr_sectors <= play->back.nr_sectors - sector,
	     "it asks for sector %llu of a disk that has %llu", (unsigned long long)(sector + nr_sectors - 1),
	     (unsigned long long)play->back.nr_sectors);
	MUST("GNT-1", is_read ? back_copy_to(&play->back, segment, data) : back_copy_from(&play->back, segment, data),
	     "grant %u cannot be used", segment->gref);
	return sector + nr_sectors;
}

static void serve_indirect(struct play *play, const struct blk_request *request)
{
	uint8_t octets[BACK_PAGE_BYTES], operation = play->slot[1];
	unsigned int nr = play->slot[2] | play->slot[3] << 8;
	uint64_t sector = request->sector;
	struct blk_segment segment;

	MUST("BLK-67", operation == BLKIF_OP_READ || operation == BLKIF_OP_WRITE, "indirect_op is %u", operation);
	MUST("BLK-67", nr > 0 && nr <= play->back.max_indirect_segments, "it sends %u segments where %u are offered",
	     nr, play->back.max_indirect_segments);
	for (unsigned int i = 0; i < nr; i++) {
		if (i % SEGMENTS_PER_PAGE == 0)
			fetch_segments(play, i / SEGMENTS_PER_PAGE, octets);
		segment = decode_segment(octets + i % SEGMENTS_PER_PAGE * SEGMENT_OCTETS);
		play_judge_segment(play, &segment, i);
		sector = transfer_segment(play, operation == BLKIF_OP_READ, sector, &segment);
	}
	back_put(&play->back, &(struct blk_response){ request->id, operation, BLKIF_RSP_OKAY });
	back_push(&play->back);
}

static void with_indirect(struct play *play, const char *work, unsigned int max_segments)
{
	struct blk_request request;

	play->back.max_indirect_segments = max_segments;
	play_drive(play, work);
	must_come_up(play, "BUS-10");
	while (play_take(play, &request)) {
		if (request.operation == BLKIF_OP_INDIRECT)
			serve_indirect(play, &request);
		else
			play_answer(play, &request, play_carry_out(play, &request));
	}
	if (play->nr_of[BLKIF_OP_INDIRECT] == 0)
		skip("it sends no INDIRECT requests");
	MUST("BLK-67", play->status == 0, "its workload fails with status %d", play->status);
}

static void indirect(struct play *play)
{
	with_indirect(play, "big", 64);
}

static void indirect_few(struct play *play)
{
	with_indirect(play, "big", 13);
}

static void indirect_most(struct play *play)
{
	with_indirect(play, "big", 4096);
}

static void indirect_verify(struct play *play)
{
	with_indirect(play, "verify", 256);
}

const struct frontend_case front_request_cases[] = {
	CASE("request-padding", "BLK-18 BUS-10", "what is not used of a request is zero", padding_is_zero),
	CASE("request-indirect", "BLK-67 GNT-1 BUS-10", "64 segments are offered", indirect),
	CASE("request-indirect-few", "BLK-67 GNT-1 BUS-10", "13 segments are offered", indirect_few),
	CASE("request-indirect-most", "BLK-67 GNT-1 BUS-10", "4096 segments are offered", indirect_most),
	CASE("request-indirect-verify", "BLK-67 GNT-1 BUS-10", "256 are offered, and the data is checked",
	     indirect_verify),
	{ .name = NULL },
};
