// SPDX-License-Identifier: MIT
/* What a frontend may ask for, of the disk that it was offered. */
#include "tests/conform/peer/play.h"

#include "tests/conform/peer/octets.h"
#include "tests/conform/verdict.h"

#define SEGMENTS_PER_PAGE 512
#define SEGMENT_OCTETS    8
#define FLAG_SECURE       1U

static bool is_offered(const struct back *back, uint8_t operation)
{
	switch (operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
		return true;
	case BLKIF_OP_WRITE_BARRIER:
		return back->has_barrier;
	case BLKIF_OP_FLUSH_DISKCACHE:
		return back->has_flush;
	case BLKIF_OP_DISCARD:
		return back->has_discard;
	case BLKIF_OP_INDIRECT:
		return back->max_indirect_segments > 0;
	default:
		return false;
	}
}

static unsigned int unit_sectors(const struct play *play)
{
	return play->back.sector_bytes / BACK_SECTOR_BYTES;
}

static void judge_range(const struct play *play, uint64_t sector, uint64_t nr_sectors)
{
	uint64_t end = play->back.nr_sectors;

	MUST(play->unit_clause, sector % unit_sectors(play) == 0 || nr_sectors == 0,
	     "it asks for sector %llu of a disk with sectors of %u octets", (unsigned long long)sector,
	     play->back.sector_bytes);
	MUST("BLK-67", nr_sectors == 0 || (nr_sectors <= end && sector <= end - nr_sectors),
	     "it asks for sectors %llu to %llu of a disk that has %llu", (unsigned long long)sector,
	     (unsigned long long)(sector + nr_sectors - 1), (unsigned long long)end);
}

static void judge_read_only(const struct play *play, const struct blk_request *request, bool changes_disk)
{
	MUST("BLK-42", !play->back.is_read_only || !changes_disk, "it asks for operation %u (%s) of a read-only disk",
	     request->operation, blk_operation_name(request->operation));
}

/* ---- READ, WRITE, BARRIER, FLUSH ------------------------------------------------------------------------------- */

static void judge_segment(const struct play *play, const struct blk_segment *segment, unsigned int i)
{
	unsigned int unit = unit_sectors(play);

	MUST("BLK-67", segment->first_sect <= segment->last_sect && segment->last_sect < 8,
	     "segment %u goes from sector %u to %u of its page", i, segment->first_sect, segment->last_sect);
	MUST(play->unit_clause, segment->first_sect % unit == 0 && (segment->last_sect + 1) % unit == 0,
	     "segment %u goes from sector %u to %u of its page, on a disk with sectors of %u octets", i,
	     segment->first_sect, segment->last_sect, play->back.sector_bytes);
}

static void judge_transfer(struct play *play, const struct blk_request *request, const struct blk_segment *segment,
			   unsigned int nr)
{
	uint64_t nr_sectors = 0;

	judge_read_only(play, request, request->operation != BLKIF_OP_READ && nr > 0);
	for (unsigned int i = 0; i < nr; i++) {
		judge_segment(play, &segment[i], i);
		nr_sectors += back_segment_bytes(&segment[i]) / BACK_SECTOR_BYTES;
	}
	judge_range(play, request->sector, nr_sectors);
	if (nr > play->most_segments)
		play->most_segments = nr;
	if (nr > 0 && request->sector + nr_sectors > play->end_sector)
		play->end_sector = request->sector + nr_sectors;
}

static void read_direct(struct play *play, const struct blk_request *request)
{
	bool needs_one = request->operation == BLKIF_OP_READ || request->operation == BLKIF_OP_WRITE;

	MUST("BLK-67", request->nr_segments <= BLK_MAX_SEGMENTS && request->nr_segments >= needs_one,
	     "operation %u (%s) has %u segments", request->operation, blk_operation_name(request->operation),
	     request->nr_segments);
	judge_transfer(play, request, request->segment, request->nr_segments);
}

/* ---- DISCARD --------------------------------------------------------------------------------------------------- */

/* One that is not aligned to what was offered is none of its faults: BLK-56. */
static void read_discard(const struct play *play, struct blk_request *request)
{
	uint64_t nr_sectors = octets_nr_sectors(play->back.abi, play->slot);

	judge_read_only(play, request, true);
	MUST(play->offer_clause, !(play->slot[1] & FLAG_SECURE), "it asks for a secure DISCARD, which was not offered");
	MUST("BLK-67", nr_sectors % unit_sectors(play) == 0,
	     "it discards %llu sectors of 512 octets on a disk with sectors of %u", (unsigned long long)nr_sectors,
	     play->back.sector_bytes);
	judge_range(play, request->sector, nr_sectors);
	request->nr_segments = 0;
}

/* ---- INDIRECT -------------------------------------------------------------------------------------------------- */

static void fetch_segments(struct play *play, unsigned int page, unsigned int nr)
{
	uint32_t gref = octets_indirect_gref(play->back.abi, play->slot, page);
	uint8_t octets[BACK_PAGE_BYTES];

	MUST("GNT-1", back_copy_from(&play->back, &(struct blk_segment){ gref, 0, 7 }, octets),
	     "grant %u, page %u of segments, cannot be read", gref, page);
	for (unsigned int i = 0; i < nr; i++)
		play->segment[page * SEGMENTS_PER_PAGE + i] = octets_read_segment(octets + i * SEGMENT_OCTETS);
}

static void read_indirect(struct play *play, struct blk_request *request)
{
	unsigned int nr = octets_nr_segments(play->slot), most = play->back.max_indirect_segments;

	request->is_indirect = true;
	request->operation = play->slot[1];
	request->nr_segments = 0;
	MUST("BLK-67", request->operation == BLKIF_OP_READ || request->operation == BLKIF_OP_WRITE, "indirect_op is %u",
	     request->operation);
	MUST("BLK-67", nr > 0 && nr <= most && nr <= PLAY_MAX_SEGMENTS, "it sends %u segments where %u are offered", nr,
	     most);
	play->nr_segments = nr;
	for (unsigned int page = 0; nr > 0; page++) {
		unsigned int here = nr < SEGMENTS_PER_PAGE ? nr : SEGMENTS_PER_PAGE;

		fetch_segments(play, page, here);
		nr -= here;
	}
	judge_transfer(play, request, play->segment, play->nr_segments);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

void play_read_request(struct play *play, struct blk_request *request)
{
	blk_request_decode(play->back.abi, play->slot, request);
	MUST(play->offer_clause, is_offered(&play->back, request->operation),
	     "it asks for operation %u (%s), which was not offered", request->operation,
	     blk_operation_name(request->operation));
	if (request->operation == BLKIF_OP_DISCARD)
		read_discard(play, request);
	else if (request->operation == BLKIF_OP_INDIRECT)
		read_indirect(play, request);
	else
		read_direct(play, request);
}
