// SPDX-License-Identifier: MIT
/* Pages of data: what is touched of them, and what a request may do with them. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/front_disk.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/loan.h"


static void mark_pages(struct front *front)
{
	mark_fill(front->data.area, (size_t)FRONT_DATA_PAGES * GRANT_PAGE_BYTES);
}

/* ---- what is touched ------------------------------------------------------------------------------------------- */

static void check_part(struct front *front, unsigned int first, unsigned int last)
{
	const uint8_t *page = front_page(front, 0);

	MUST("GNT-9", pattern_is(page + first * 512, 100, last - first + 1), "sectors %u to %u of the page are wrong",
	     first, last);
	MUST("GNT-9", mark_is(page, first * 512) && mark_is(page + (last + 1) * 512, (7 - last) * 512),
	     "a read to sectors %u to %u of a page has changed others", first, last);
}

static void reads_parts_of_a_page(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int part = 0; part < 64; part++) {
		if (part / 8 > part % 8)
			continue;
		mark_pages(front);
		request = front_request(front, BLKIF_OP_READ, 100, 1);
		request.segment[0].first_sect = part / 8;
		request.segment[0].last_sect = part % 8;
		MUST("GNT-9", front_do(front, &request) == BLKIF_RSP_OKAY, "a read to sectors %u to %u fails", part / 8,
		     part % 8);
		check_part(front, part / 8, part % 8);
	}
}

/* The first segment ends a page, the last one begins one, and there is a page between. */
static void reads_across_pages(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	mark_pages(front);
	request = front_request(front, BLKIF_OP_READ, 40, 3);
	request.segment[0].first_sect = 5;
	request.segment[2].last_sect = 1;
	MUST("GNT-9", front_do(front, &request) == BLKIF_RSP_OKAY, "the read fails");
	MUST("GNT-9", pattern_is(front_page(front, 0) + 5 * 512, 40, 13), "the read has brought something else");
	MUST("GNT-9", mark_is(front_page(front, 0), 5 * 512), "it has changed the page before the first sector");
	MUST("GNT-9", mark_is(front_page(front, 2) + 2 * 512, 61 * GRANT_PAGE_BYTES + 6 * 512),
	     "it has changed the page after the last sector");
}

static void write_leaves_the_page(struct front *front)
{
	static uint8_t before[BLK_MAX_SEGMENTS * GRANT_PAGE_BYTES];
	struct blk_request request;

	front_connect(front, "BUS-21");
	pattern_fill(front_page(front, 0), 5000, BLK_MAX_SEGMENTS * 8);
	memcpy(before, front->data.area, sizeof(before));
	request = front_request(front, BLKIF_OP_WRITE, 256, BLK_MAX_SEGMENTS);
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
		request.segment[i].last_sect = 7 - i % 4;
	MUST("GNT-8", front_do(front, &request) == BLKIF_RSP_OKAY, "the write fails");
	MUST("GNT-8", memcmp(before, front->data.area, sizeof(before)) == 0, "a write has changed its own pages");
}

/* ---- what failed ----------------------------------------------------------------------------------------------- */

static void beyond_the_end(struct blk_request *request)
{
	request->sector = DISK_SECTORS - 12;
}

static void far_beyond_the_end(struct blk_request *request)
{
	request->sector = UINT64_MAX - 20;
}

static void last_before_first(struct blk_request *request)
{
	request->segment[5].first_sect = 6;
	request->segment[5].last_sect = 2;
}

static void last_beyond_the_page(struct blk_request *request)
{
	request->segment[10].last_sect = 8;
}

static void no_such_grant(struct blk_request *request)
{
	request->segment[4].gref = 60000;
}

static void no_such_operation(struct blk_request *request)
{
	request->operation = 77;
}

static void too_many_segments(struct blk_request *request)
{
	request->nr_segments = BLK_MAX_SEGMENTS + 1;
}

static bool is_of_the_disk(const uint8_t *bytes)
{
	for (unsigned int sector = 0; sector < DISK_SECTORS; sector++) {
		if (pattern_is(bytes, sector, 1))
			return true;
	}
	return false;
}

static void check_nothing_else(struct front *front, const char *clause)
{
	for (unsigned int sector = 0; sector < FRONT_DATA_PAGES * 8; sector++) {
		const uint8_t *bytes = front_page(front, sector / 8) + sector % 8 * 512;

		MUST(clause, mark_is(bytes, 512) || is_of_the_disk(bytes),
		     "sector %u of page %u has what is neither the disk's nor was there", sector % 8, sector / 8);
	}
}

static void failed_reads_show_nothing(struct front *front)
{
	static void (*const spoil[])(struct blk_request * request) = {
		beyond_the_end, far_beyond_the_end, last_before_first, last_beyond_the_page,
		no_such_grant,	no_such_operation,  too_many_segments,
	};
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		mark_pages(front);
		request = front_request(front, BLKIF_OP_READ, 0, BLK_MAX_SEGMENTS);
		spoil[i](&request);
		MUST("GNT-8", front_do(front, &request) != FRONT_NO_ANSWER, "it does not answer a bad read");
		check_nothing_else(front, "GNT-8");
	}
}

/* ---- read-only, twice ------------------------------------------------------------------------------------------ */

static void writes_from_read_only_pages(struct front *front)
{
	struct blk_request request;
	struct loan loan;

	front_connect(front, "BUS-21");
	loan = loan_page(front, false);
	pattern_fill(loan.page, 7000, 8);
	request = front_request(front, BLKIF_OP_WRITE, 64, 1);
	request.segment[0].gref = loan.gref;
	MUST("GNT-2", front_do(front, &request) == BLKIF_RSP_OKAY, "it cannot write what it may only read");
	request = front_request(front, BLKIF_OP_READ, 64, 1);
	MUST("GNT-2", front_do(front, &request) == BLKIF_RSP_OKAY && pattern_is(front_page(front, 0), 7000, 8),
	     "what it wrote from a read-only page is something else");
}

static void same_page_twice(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_READ, 16, 2);
	request.segment[0] = (struct blk_segment){ front_gref(front, 0), 4, 7 };
	request.segment[1] = (struct blk_segment){ front_gref(front, 0), 0, 3 };
	MUST("BLK-30", front_do(front, &request) == BLKIF_RSP_OKAY, "a read of both halves of one page fails");
	MUST("BLK-30", pattern_is(front_page(front, 0) + 2048, 16, 4) && pattern_is(front_page(front, 0), 20, 4),
	     "a read of both halves of one page has mixed them up");
	request = front_request(front, BLKIF_OP_WRITE, 800, BLK_MAX_SEGMENTS);
	for (unsigned int i = 1; i < BLK_MAX_SEGMENTS; i++)
		request.segment[i] = request.segment[0];
	pattern_fill(front_page(front, 0), 3000, 8);
	MUST("BLK-30", front_do(front, &request) == BLKIF_RSP_OKAY, "a write of one page 11 times fails");
	request = front_request(front, BLKIF_OP_READ, 800, BLK_MAX_SEGMENTS);
	MUST("BLK-30", front_do(front, &request) == BLKIF_RSP_OKAY, "a read fails");
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
		MUST("BLK-30", pattern_is(front_page(front, i), 3000, 8), "copy %u of the page is wrong on the disk",
		     i);
}

/* A page that the backend has mapped already, and writes itself. Here a part that is behind the slots. */
static void ring_page_as_data(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_READ, 8, 1);
	request.segment[0] = (struct blk_segment){ front->ring_pages.refs[0], 7, 7 };
	MUST("BLK-30", front_do(front, &request) == BLKIF_RSP_OKAY, "a read into the ring's own page fails");
	MUST("BLK-30", pattern_is(front->ring_pages.area + 7 * 512, 8, 1), "it has brought something else");
	request = front_request(front, BLKIF_OP_READ, 16, 1);
	MUST("BLK-30", front_do(front, &request) == BLKIF_RSP_OKAY && pattern_is(front_page(front, 0), 16, 8),
	     "the ring does not go on after it");
}

const struct backend_case grant_cases[] = {
	CASE("gnt-parts-of-a-page", "GNT-9 BUS-21", "a READ to every range of sectors of a page leaves the rest",
	     reads_parts_of_a_page),
	CASE("gnt-across-pages", "GNT-9 BUS-21", "a READ that begins and ends within a page", reads_across_pages),
	CASE("gnt-write-leaves-page", "GNT-8 BUS-21", "a WRITE does not change its pages", write_leaves_the_page),
	CASE("gnt-failed-reads", "GNT-8 BUS-21", "a READ that fails shows nothing but the disk's data",
	     failed_reads_show_nothing),
	CASE("gnt-read-only-write", "GNT-2 BUS-21", "a WRITE needs no write permission", writes_from_read_only_pages),
	CASE("gnt-same-page-twice", "BLK-30 BUS-21", "a page twice, and eleven times, in one request", same_page_twice),
	CASE("gnt-ring-page-as-data", "BLK-30 BUS-21", "a page of the ring is a page like others", ring_page_as_data),
	{ .head.name = NULL },
};
