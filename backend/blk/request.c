// SPDX-License-Identifier: MIT
#include "backend/blk/request.h"
#include "common/wire/xen_blkif.h"

#define SECTORS_PER_PAGE (4096 / BLK_SECTOR_BYTES)

static enum blk_verdict refuse(enum blk_verdict verdict, const char **why, const char *reason)
{
	*why = reason;
	return verdict;
}

static enum blk_verdict check_count(const struct blk_request *req, uint32_t most, const char **why)
{
	if (req->nr_segments > most)
		return refuse(BLK_REJECT, why, "too many segments");
	if (req->nr_segments == 0 && (req->operation == BLKIF_OP_READ || req->operation == BLKIF_OP_WRITE))
		return refuse(BLK_REJECT, why, "no segments");
	return BLK_OK;
}

enum blk_verdict blk_indirect_check(const struct blk_limits *limits, const struct blk_request *req, const char **why)
{
	if (req->operation != BLKIF_OP_READ && req->operation != BLKIF_OP_WRITE)
		return refuse(BLK_REJECT, why, "indirect, and neither read nor write");
	return check_count(req, limits->max_indirect_segments, why);
}

static enum blk_verdict check_segments(const struct blk_segment *segment, unsigned int nr, uint64_t *nr_sectors,
				       const char **why)
{
	*nr_sectors = 0;
	for (; nr > 0; segment++, nr--) {
		if (segment->last_sect < segment->first_sect)
			return refuse(BLK_REJECT, why, "a segment ends before it begins");
		if (segment->last_sect >= SECTORS_PER_PAGE)
			return refuse(BLK_REJECT, why, "a segment ends outside its page");
		*nr_sectors += segment->last_sect - segment->first_sect + 1;
	}
	return BLK_OK;
}

static enum blk_verdict check_range(const struct blk_limits *limits, const struct blk_request *req,
				    uint64_t nr_sectors, const char **why)
{
	uint64_t end;

	if (nr_sectors == 0)
		return BLK_OK; /* some frontends leave any sector number in a flush or barrier */
	if (req->operation != BLKIF_OP_READ && limits->is_read_only)
		return refuse(BLK_REJECT, why, "a write to a read-only disk");
	if (__builtin_add_overflow(req->sector, nr_sectors, &end) || end > limits->nr_sectors)
		return refuse(BLK_REJECT, why, "beyond the end of the disk");
	return BLK_OK;
}

enum blk_verdict blk_segments_check(const struct blk_limits *limits, const struct blk_request *req,
				    const struct blk_segment *segment, uint64_t *nr_sectors, const char **why)
{
	enum blk_verdict verdict = check_segments(segment, req->nr_segments, nr_sectors, why);

	return verdict == BLK_OK ? check_range(limits, req, *nr_sectors, why) : verdict;
}

enum blk_verdict blk_request_check(const struct blk_limits *limits, const struct blk_request *req,
				   uint64_t *nr_sectors, const char **why)
{
	enum blk_verdict verdict;

	*nr_sectors = 0;
	switch (req->operation) {
	case BLKIF_OP_READ:
	case BLKIF_OP_WRITE:
	case BLKIF_OP_WRITE_BARRIER:
	case BLKIF_OP_FLUSH_DISKCACHE:
		verdict = check_count(req, BLK_MAX_SEGMENTS, why);
		return verdict == BLK_OK ? blk_segments_check(limits, req, req->segment, nr_sectors, why) : verdict;
	case BLKIF_OP_DISCARD:
		if (!limits->has_discard)
			return refuse(BLK_UNSUPPORTED, why, "a discard, which is not offered");
		*nr_sectors = req->nr_sectors;
		return check_range(limits, req, *nr_sectors, why);
	case BLKIF_OP_INDIRECT:
		return refuse(BLK_UNSUPPORTED, why, "an indirect request, which is not offered");
	default:
		return refuse(BLK_UNSUPPORTED, why, "unknown operation");
	}
}
