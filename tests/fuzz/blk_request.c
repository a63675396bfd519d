// SPDX-License-Identifier: MIT
/*
 * A disk's request, from its slot to the verdict. What holds:
 *
 * - written as either ABI has it and read again, it is the same request, and gets the same verdict;
 * - it is accepted if, and only if, it is of a kind that the disk takes, its segments lie in their pages, and what they
 *   are about lies on the disk: told apart here in wider numbers and another way;
 * - one that is not accepted has a reason;
 * - an answer is read as it was written, and has no byte of anything else.
 */
#include "backend/blk/request.h"
#include "common/wire/xen_blkif.h"
#include "tests/fuzz/fuzz.h"

/* Often the end of the disk is not far from where the request begins: that is where there is something to find. */
static struct blk_limits take_limits(struct fuzz_input *input, uint64_t sector)
{
	uint8_t kind = fuzz_u8(input);
	uint64_t number = kind & 1 ? fuzz_u64(input) : fuzz_u16(input);

	return (struct blk_limits){
		.nr_sectors = kind & 16 ? number : sector + number,
		.is_read_only = kind & 4,
		.has_discard = kind & 8,
		.max_indirect_segments = kind & 32 ? 256 : kind & 64 ? BLK_MAX_INDIRECT_SEGMENTS : 32,
	};
}

/* ---- the same from either ABI ---------------------------------------------------------------------------------- */

static void check_same_segments(const struct blk_segment *a, const struct blk_segment *b, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		assert(a[i].gref == b[i].gref && a[i].first_sect == b[i].first_sect &&
		       a[i].last_sect == b[i].last_sect);
	}
}

static void check_same(const struct blk_request *a, const struct blk_request *b)
{
	assert(a->operation == b->operation && a->is_indirect == b->is_indirect);
	assert(a->id == b->id && a->sector == b->sector && a->nr_segments == b->nr_segments);
	if (a->is_indirect)
		assert(memcmp(a->segments_gref, b->segments_gref, sizeof(a->segments_gref)) == 0);
	else if (a->operation == BLKIF_OP_DISCARD)
		assert(a->nr_sectors == b->nr_sectors);
	else
		check_same_segments(a->segment, b->segment, BLK_MAX_SEGMENTS);
}

static void check_round_trips(const struct blk_request *req)
{
	for (unsigned int abi = 0; abi < BLK_NR_ABIS; abi++) {
		uint8_t *slot = malloc(blk_request_bytes(abi));
		struct blk_request again;

		blk_request_encode(abi, req, slot);
		blk_slot_decode(abi, slot, &again);
		check_same(req, &again);
		free(slot);
	}
}

static void check_answer(const struct blk_request *req, int16_t status)
{
	const struct blk_response written = { .id = req->id, .operation = req->operation, .status = status };

	for (unsigned int abi = 0; abi < BLK_NR_ABIS; abi++) {
		uint8_t slot[BLK_MAX_RESPONSE_BYTES + 1], other[BLK_MAX_RESPONSE_BYTES + 1];
		size_t bytes = blk_response_bytes(abi);
		struct blk_response read;

		memset(slot, 0x55, sizeof(slot));
		memset(other, 0xaa, sizeof(other));
		blk_response_encode(abi, &written, slot);
		blk_response_encode(abi, &written, other);
		assert(memcmp(slot, other, bytes) == 0 && slot[bytes] == 0x55 && other[bytes] == 0xaa);
		blk_response_decode(abi, slot, &read);
		assert(read.id == written.id && read.operation == written.operation && read.status == written.status);
	}
}

/* ---- the verdict ----------------------------------------------------------------------------------------------- */

static bool has_good_segments(const struct blk_limits *limits, const struct blk_request *req,
			      const struct blk_segment *segment, unsigned __int128 *nr_sectors)
{
	bool must_have_data = req->operation == BLKIF_OP_READ || req->operation == BLKIF_OP_WRITE;
	unsigned int most = req->is_indirect ? limits->max_indirect_segments : 11;

	if (req->nr_segments > most || (must_have_data && req->nr_segments == 0))
		return false;
	for (unsigned int i = 0; i < req->nr_segments; i++) {
		int nr = segment[i].last_sect + 1 - segment[i].first_sect;

		if (nr <= 0 || segment[i].last_sect > 7)
			return false;
		*nr_sectors += (unsigned int)nr;
	}
	return true;
}

static bool is_to_be_served(const struct blk_limits *limits, const struct blk_request *req,
			    const struct blk_segment *segment, unsigned __int128 *nr_sectors)
{
	*nr_sectors = 0;
	switch (req->operation) {
	case BLKIF_OP_DISCARD:
		if (!limits->has_discard)
			return false;
		*nr_sectors = req->nr_sectors;
		break;
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
	case BLKIF_OP_WRITE_BARRIER:
	case BLKIF_OP_FLUSH_DISKCACHE:
		if (!has_good_segments(limits, req, segment, nr_sectors))
			return false;
		break;
	default:
		return false;
	}
	if (*nr_sectors == 0)
		return true;
	return (req->operation == BLKIF_OP_READ || !limits->is_read_only) &&
	       req->sector + *nr_sectors <= limits->nr_sectors;
}

static void check_verdict(const struct blk_limits *limits, const struct blk_request *req,
			  const struct blk_segment *segment)
{
	unsigned __int128 expected;
	uint64_t nr_sectors = 0;
	const char *why = NULL;
	enum blk_verdict verdict = req->is_indirect ? blk_segments_check(limits, req, segment, &nr_sectors, &why) :
						      blk_request_check(limits, req, &nr_sectors, &why);

	assert((verdict == BLK_OK) == is_to_be_served(limits, req, segment, &expected));
	assert((verdict == BLK_OK) == !why);
	assert(verdict != BLK_OK || nr_sectors == expected);
}

/* As the backend does it: the segments of an indirect one are fetched once it is clear how many there are. */
static void check_indirect(struct fuzz_input *input, const struct blk_limits *limits, const struct blk_request *req)
{
	static uint8_t bytes[BLK_MAX_INDIRECT_SEGMENTS * BLK_SEGMENT_BYTES];
	static struct blk_segment segment[BLK_MAX_INDIRECT_SEGMENTS], again[BLK_MAX_INDIRECT_SEGMENTS];
	const char *why = NULL;

	if (blk_indirect_check(limits, req, &why) != BLK_OK) {
		assert(why);
		return;
	}
	assert(req->nr_segments > 0 && req->nr_segments <= limits->max_indirect_segments);
	fuzz_take(input, bytes, req->nr_segments * BLK_SEGMENT_BYTES);
	blk_segments_decode(bytes, req->nr_segments, segment);
	blk_segments_encode(segment, req->nr_segments, bytes);
	blk_segments_decode(bytes, req->nr_segments, again);
	check_same_segments(segment, again, req->nr_segments);
	check_verdict(limits, req, segment);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	enum blk_abi abi = fuzz_u8(&input) % BLK_NR_ABIS;
	uint8_t *slot = malloc(blk_request_bytes(abi));
	struct blk_limits limits;
	struct blk_request req;

	fuzz_take(&input, slot, blk_request_bytes(abi));
	memset(&req, 0xa5, sizeof(req)); /* as an earlier one has left it */
	blk_slot_decode(abi, slot, &req);
	free(slot);
	limits = take_limits(&input, req.sector);
	check_round_trips(&req);
	check_answer(&req, (int16_t)req.sector);
	if (req.is_indirect)
		check_indirect(&input, &limits, &req);
	else
		check_verdict(&limits, &req, req.segment);
	return 0;
}
