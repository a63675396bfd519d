// SPDX-License-Identifier: MIT
/* Requests that are not as they should be: the ring stays in order, so an answer is due. */
#include "tests/daemon/hostile/hostile.h"

#define SPOIL(NAME, STATEMENTS)                        \
	static void spoil_##NAME(struct blk_request *req) \
	{                                              \
		STATEMENTS;                            \
	}
SPOIL(operation, req->operation = 77)
SPOIL(operation_255, req->operation = 255)
SPOIL(discard_beyond, req->operation = BLKIF_OP_DISCARD; req->nr_sectors = front->disk.nr_sectors + 1)
SPOIL(discard_wraps, req->operation = BLKIF_OP_DISCARD; req->sector = 16; req->nr_sectors = -16ULL)
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

const struct hostile_case request_cases[] = {
	{ "operation", .spoil = spoil_operation },
	{ "operation-255", .spoil = spoil_operation_255 },
	{ "discard-beyond", .spoil = spoil_discard_beyond },
	{ "discard-wraps", .spoil = spoil_discard_wraps },
	{ "barrier", .spoil = spoil_barrier },
	{ "write", .spoil = spoil_write },
	{ "write-barrier", .spoil = spoil_write_barrier },
	{ "no-segments", .spoil = spoil_no_segments },
	{ "segments-12", .spoil = spoil_segments_12 },
	{ "segments-255", .spoil = spoil_segments_255 },
	{ "first-after-last", .spoil = spoil_first_after_last },
	{ "last-8", .spoil = spoil_last_8 },
	{ "last-255", .spoil = spoil_last_255 },
	{ "second-bad", .spoil = spoil_second_bad },
	{ "gref-unused", .spoil = spoil_gref_unused },
	{ "gref-max", .spoil = spoil_gref_max },
	{ "last-gref", .spoil = spoil_last_gref },
	{ "write-gref", .spoil = spoil_write_gref },
	{ "beyond-end", .spoil = spoil_beyond },
	{ "across-end", .spoil = spoil_across_end },
	{ "sector-wraps", .spoil = spoil_sector_wraps },
	{ "sector-shift-wraps", .spoil = spoil_sector_shift_wraps },
	{ "flush-with-segments", .spoil = spoil_flush_with_segments },
	{ "same-page-twice", .spoil = spoil_same_page_twice },
	{ 0 },
};
