// SPDX-License-Identifier: MIT
/* Requests that are not as they should be: which status each gets, and that nothing else happens. */
#include <string.h>

#include "tests/conform/case.h"
#include "tests/conform/peer/judge.h"

/* The offered ones of those operations that write when they have segments. */
static unsigned int writing_operations(struct front *front, uint8_t operations[3])
{
	unsigned int nr = 0;

	operations[nr++] = BLKIF_OP_WRITE;
	if (front_backend_number(front, "feature-flush-cache", 0))
		operations[nr++] = BLKIF_OP_FLUSH_DISKCACHE;
	if (front_backend_number(front, "feature-barrier", 0))
		operations[nr++] = BLKIF_OP_WRITE_BARRIER;
	return nr;
}

/* READ and all that write. */
static unsigned int all_operations(struct front *front, uint8_t operations[4])
{
	operations[0] = BLKIF_OP_READ;
	return 1 + writing_operations(front, operations + 1);
}

/* ---- operations ------------------------------------------------------------------------------------------------ */

static void answer_unsupported(struct front *front, uint8_t operation)
{
	struct blk_request request = front_request(front, operation, 8, 0);
	struct blk_response response = must_respond(front, "BLK-10", &request);

	MUST("BLK-10", response.status == BLKIF_RSP_EOPNOTSUPP, "it answers %s to operation %u",
	     judge_status(response.status), operation);
	MUST("BLK-13", response.operation == operation, "it answers to operation %u with operation %u", operation,
	     response.operation);
}

static void unknown_operation(struct front *front)
{
	static const uint8_t operations[] = { 4, 7, 8, 127, 128, 255 };

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(operations); i++)
		answer_unsupported(front, operations[i]);
	must_go_on(front, "BLK-10");
}

static void not_offered(struct front *front)
{
	static const struct {
		uint8_t operation;
		const char *node;
	} offers[] = {
		{ BLKIF_OP_WRITE_BARRIER, "feature-barrier" },
		{ BLKIF_OP_FLUSH_DISKCACHE, "feature-flush-cache" },
		{ BLKIF_OP_DISCARD, "feature-discard" },
		{ BLKIF_OP_INDIRECT, "feature-max-indirect-segments" },
	};

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(offers) / sizeof(offers[0]); i++) {
		if (front_backend_number(front, offers[i].node, 0) == 0)
			answer_unsupported(front, offers[i].operation);
	}
	must_go_on(front, "BLK-10");
}

/* Linux blkfront stops using the disk when a refusal has another operation, or id. */
static void echo_of_refused(struct front *front)
{
	static const struct {
		uint8_t operation, nr_segments;
	} refused[] = { { BLKIF_OP_READ, 12 }, { BLKIF_OP_WRITE, 12 }, { BLKIF_OP_FLUSH_DISKCACHE, 12 }, { 77, 1 } };

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct blk_request request = front_request(front, refused[i].operation, 8, refused[i].nr_segments);
		struct blk_response response;

		request.id = UINT64_MAX - i;
		response = must_respond(front, "BLK-13", &request);
		MUST("BLK-13", response.id == request.id, "it refuses id %#llx with id %#llx",
		     (unsigned long long)request.id, (unsigned long long)response.id);
		MUST("BLK-13", response.operation == request.operation, "it refuses operation %u with operation %u",
		     request.operation, response.operation);
	}
}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static void no_segments(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_READ, 8, 0);
	must_answer(front, "BLK-20", &request, BLKIF_RSP_ERROR);
	request = front_request(front, BLKIF_OP_WRITE, 8, 0);
	must_answer(front, "BLK-20", &request, BLKIF_RSP_ERROR);
	must_be_unchanged(front, "BLK-20");
}

static void too_many_segments(struct front *front)
{
	static const uint8_t numbers[] = { 12, 13, 128, 255 };
	struct blk_request request;
	uint8_t operations[4];
	unsigned int nr;

	front_connect(front, "BUS-21");
	nr = all_operations(front, operations);
	for (unsigned int i = 0; i < nr * sizeof(numbers); i++) {
		request = front_request(front, operations[i % nr], 64, numbers[i / nr]);
		must_answer(front, "BLK-21", &request, BLKIF_RSP_ERROR);
	}
	must_be_unchanged(front, "BLK-24");
}

/* One such segment among good ones, first, in between and last; in no case is anything done. */
static void refuse_segment(struct front *front, const char *clause, unsigned int first, unsigned int last)
{
	struct blk_request request;
	uint8_t operations[4];
	unsigned int nr = all_operations(front, operations);

	for (unsigned int i = 0; i < 3 * nr; i++) {
		request = front_request(front, operations[i % nr], 64, BLK_MAX_SEGMENTS);
		request.segment[i / nr * 5] = (struct blk_segment){ front_gref(front, i / nr * 5), first, last };
		memset(front_page(front, 0), 0xee, BLK_MAX_SEGMENTS * 4096);
		must_answer(front, clause, &request, BLKIF_RSP_ERROR);
		MUST("BLK-24", judge_is_filled(front_page(front, 0), 0xee, BLK_MAX_SEGMENTS * 4096),
		     "a READ with a segment from %u to %u is refused, and gives data", first, last);
	}
	must_be_unchanged(front, "BLK-24");
}

static void last_before_first(struct front *front)
{
	front_connect(front, "BUS-21");
	refuse_segment(front, "BLK-22", 1, 0);
	refuse_segment(front, "BLK-22", 5, 4);
	refuse_segment(front, "BLK-22", 7, 0);
	refuse_segment(front, "BLK-22", 255, 7);
	must_go_on(front, "BLK-22");
}

static void last_beyond_page(struct front *front)
{
	front_connect(front, "BUS-21");
	refuse_segment(front, "BLK-23", 0, 8);
	refuse_segment(front, "BLK-23", 8, 8);
	refuse_segment(front, "BLK-23", 0, 255);
	refuse_segment(front, "BLK-23", 255, 255);
	must_go_on(front, "BLK-23");
}

/* Segments that are not right, but that nr_segments leaves out. */
static void unused_segments(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_READ, 64, 2);
	for (unsigned int i = 2; i < BLK_MAX_SEGMENTS; i++)
		request.segment[i] = (struct blk_segment){ UINT32_MAX, 255, 0 };
	must_answer(front, "BLK-22", &request, BLKIF_RSP_OKAY);
	MUST("BLK-22", pattern_is(front_page(front, 0), 64, 2 * PAGE_SECTORS), "a READ gives other data");
}

/* ---- the range ------------------------------------------------------------------------------------------------- */

static void refuse_range(struct front *front, uint64_t sector, unsigned int nr_sectors)
{
	unsigned int nr_pages = (nr_sectors + PAGE_SECTORS - 1) / PAGE_SECTORS;
	struct blk_request request;
	uint8_t operations[4];
	unsigned int nr = all_operations(front, operations);

	for (unsigned int i = 0; i < nr; i++) {
		request = front_request(front, operations[i], sector, nr_pages);
		request.segment[nr_pages - 1].last_sect = (nr_sectors - 1) % PAGE_SECTORS;
		memset(front_page(front, 0), 0xee, nr_pages * 4096);
		must_answer(front, "BLK-25", &request, BLKIF_RSP_ERROR);
	}
}

static void beyond_end(struct front *front)
{
	uint64_t sectors;

	front_connect(front, "BUS-21");
	sectors = front_backend_number(front, "sectors", 0);
	refuse_range(front, sectors, 1);
	refuse_range(front, sectors - 1, 2);
	refuse_range(front, sectors - 7, 8);
	refuse_range(front, sectors - 87, 88);
	refuse_range(front, sectors + 1, 8);
	refuse_range(front, sectors + 1000000, 88);
	must_be_unchanged(front, "BLK-25");
}

/* Where sectors, or octets, wrap at 2^64 or turn negative. */
static void range_overflows(struct front *front)
{
	static const uint64_t sectors[] = { UINT64_MAX,	       UINT64_MAX - 7,	 UINT64_MAX - 87,
					    1ULL << 63,	       1ULL << 54,	 1ULL << 55,
					    (1ULL << 55) + 16, (1ULL << 56) - 8, (1ULL << 32) + (1ULL << 55) };

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(sectors) / sizeof(sectors[0]); i++) {
		refuse_range(front, sectors[i], 8);
		refuse_range(front, sectors[i], 88);
	}
	must_be_unchanged(front, "BLK-25");
}

/* ---- read-only disks ------------------------------------------------------------------------------------------- */

/* XSA-142: the toolstack asked for it, and the backend forgot. */
static void read_only(struct front *front)
{
	struct blk_request request;
	uint8_t operations[3];
	unsigned int nr;

	front_connect(front, "BUS-21");
	nr = writing_operations(front, operations);
	for (unsigned int i = 0; i < nr; i++) {
		request = front_request(front, operations[i], 64, 1 + i);
		memset(front_page(front, 0), 0xee, nr * 4096);
		must_answer(front, "BLK-26", &request, BLKIF_RSP_ERROR);
	}
	must_be_unchanged(front, "BLK-26");
}

static void read_only_flush(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	must_answer(front, "BLK-43", &request, BLKIF_RSP_OKAY);
}

static void read_only_barrier(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_WRITE_BARRIER, 0, 0);
	must_answer(front, "BLK-43", &request, BLKIF_RSP_OKAY);
}

const struct backend_case reject_cases[] = {
	CASE("reject-unknown-operation", "BLK-10 BLK-13 BUS-21", "operations that do not exist", unknown_operation),
	CASE("reject-not-offered", "BLK-10 BLK-13 BUS-21", "operations that it has not offered", not_offered),
	CASE("reject-echo", "BLK-13 BUS-21", "a refusal has the request's id and operation", echo_of_refused),
	CASE("reject-no-segments", "BLK-20 BUS-21", "READ and WRITE of nothing", no_segments),
	CASE("reject-too-many-segments", "BLK-21 BLK-24 BUS-21", "more segments than a slot holds", too_many_segments),
	CASE("reject-last-before-first", "BLK-22 BLK-24 BUS-21", "a segment that ends before it begins",
	     last_before_first),
	CASE("reject-last-beyond-page", "BLK-23 BLK-24 BUS-21", "a segment that ends outside its page",
	     last_beyond_page),
	CASE("reject-unused-segments", "BLK-22 BUS-21", "what stands beyond nr_segments is nobody's business",
	     unused_segments),
	CASE("reject-beyond-end", "BLK-25 BUS-21", "sectors beyond the end of the disk", beyond_end),
	CASE("reject-range-overflow", "BLK-25 BUS-21", "sector numbers that wrap", range_overflows),
	CASE("reject-read-only", "BLK-26 BUS-21", "all that writes, on a read-only disk", read_only,
	     .is_read_only = true),
	CASE("reject-cdrom", "BLK-26 BUS-21", "all that writes, on a CD-ROM", read_only, .is_cdrom = true),
	CASE("read-only-flush", "BLK-43 BUS-21", "an empty FLUSH of a read-only disk", read_only_flush,
	     .needs = "feature-flush-cache", .is_read_only = true),
	CASE("read-only-barrier", "BLK-43 BUS-21", "an empty BARRIER of a read-only disk", read_only_barrier,
	     .needs = "feature-barrier", .is_read_only = true),
	{ .head.name = NULL },
};
