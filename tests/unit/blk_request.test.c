// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/blk/request.h"
#include "common/wire/xen_blkif.h"

#define DISK_SECTORS 1000 /* of 512 bytes; a multiple of 8 */

#define READ  BLKIF_OP_READ
#define WRITE BLKIF_OP_WRITE
#define FLUSH BLKIF_OP_FLUSH_DISKCACHE
#define BARRIER BLKIF_OP_WRITE_BARRIER
#define TOP   UINT64_MAX

static const struct blk_limits disk = { .nr_sectors = DISK_SECTORS };
static const struct blk_limits disk_ro = { .nr_sectors = DISK_SECTORS, .is_read_only = true };
static const struct blk_limits disk_max = { .nr_sectors = UINT64_MAX };
static const struct blk_limits disk_trim = { .nr_sectors = DISK_SECTORS, .has_discard = true };
static const struct blk_limits disk_trim_ro = { DISK_SECTORS, .is_read_only = true, .has_discard = true };
static const struct blk_limits disk_empty = { .nr_sectors = 0 };

#define PAGE         { .first_sect = 0, .last_sect = 7 }
#define SECTORS(f, l) { .first_sect = (f), .last_sect = (l) }
#define PAGES_11     { PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE }

#define TOO_MANY  BLK_REJECT, "too many segments"
#define NONE      BLK_REJECT, "no segments"
#define BACKWARDS BLK_REJECT, "a segment ends before it begins"
#define OUTSIDE   BLK_REJECT, "a segment ends outside its page"
#define READ_ONLY BLK_REJECT, "a write to a read-only disk"
#define BEYOND    BLK_REJECT, "beyond the end of the disk"
#define NOT_OFFERED BLK_UNSUPPORTED, "an indirect request, which is not offered"
#define UNKNOWN   BLK_UNSUPPORTED, "unknown operation"

static const struct {
	const char *name;
	const struct blk_limits *limits;
	uint8_t operation, nr_segments;
	uint64_t sector;
	struct blk_segment segment[BLK_MAX_SEGMENTS];
	enum blk_verdict verdict;
	const char *why;     /* NULL: fine */
	uint32_t nr_sectors; /* when fine */
} rows[] = {
	/* how many segments */
	{ "one sector", &disk, READ, 1, 0, { SECTORS(0, 0) }, BLK_OK, NULL, 1 },
	{ "11 pages", &disk, READ, 11, 0, PAGES_11, BLK_OK, NULL, 88 },
	{ "11 pages written", &disk, WRITE, 11, 0, PAGES_11, BLK_OK, NULL, 88 },
	{ "11 segments of mixed size", &disk, READ, 11, 3,
	  { PAGE, SECTORS(7, 7), SECTORS(1, 6), PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, SECTORS(3, 4) },
	  BLK_OK, NULL, 73 },
	{ "read of nothing", &disk, READ, 0, 0, { PAGE }, NONE, 0 },
	{ "write of nothing", &disk, WRITE, 0, 0, { PAGE }, NONE, 0 },
	{ "12 segments", &disk, READ, 12, 0, PAGES_11, TOO_MANY, 0 },
	{ "255 segments", &disk, WRITE, 255, 0, PAGES_11, TOO_MANY, 0 },
	{ "flush of 12 segments", &disk, FLUSH, 12, 0, PAGES_11, TOO_MANY, 0 },
	/* each segment */
	{ "the last sector of a page", &disk, READ, 1, 0, { SECTORS(7, 7) }, BLK_OK, NULL, 1 },
	{ "ends at 8", &disk, READ, 1, 0, { SECTORS(0, 8) }, OUTSIDE, 0 },
	{ "begins and ends at 8", &disk, READ, 1, 0, { SECTORS(8, 8) }, OUTSIDE, 0 },
	{ "ends at 255", &disk, WRITE, 1, 0, { SECTORS(0, 255) }, OUTSIDE, 0 },
	{ "begins and ends at 255", &disk, READ, 1, 0, { SECTORS(255, 255) }, OUTSIDE, 0 },
	{ "ends before it begins", &disk, READ, 1, 0, { SECTORS(5, 4) }, BACKWARDS, 0 },
	{ "begins at 255", &disk, READ, 1, 0, { SECTORS(255, 0) }, BACKWARDS, 0 },
	{ "begins at 8, ends at 7", &disk, WRITE, 1, 0, { SECTORS(8, 7) }, BACKWARDS, 0 },
	{ "the last of 11 is bad", &disk, READ, 11, 0,
	  { PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, PAGE, SECTORS(1, 8) }, OUTSIDE, 0 },
	{ "one past the last is not looked at", &disk, READ, 1, 0, { PAGE, SECTORS(9, 3) }, BLK_OK, NULL, 8 },
	/* the end of the disk */
	{ "the last sector", &disk, READ, 1, DISK_SECTORS - 1, { SECTORS(2, 2) }, BLK_OK, NULL, 1 },
	{ "exactly to the end", &disk, WRITE, 1, DISK_SECTORS - 8, { PAGE }, BLK_OK, NULL, 8 },
	{ "exactly to the end in 11 pages", &disk, READ, 11, DISK_SECTORS - 88, PAGES_11, BLK_OK, NULL, 88 },
	{ "one past the end", &disk, READ, 1, DISK_SECTORS - 7, { PAGE }, BEYOND, 0 },
	{ "one past the end in 11 pages", &disk, WRITE, 11, DISK_SECTORS - 87, PAGES_11, BEYOND, 0 },
	{ "from the end on", &disk, READ, 1, DISK_SECTORS, { SECTORS(0, 0) }, BEYOND, 0 },
	{ "the last sector number", &disk, READ, 1, TOP, { SECTORS(0, 0) }, BEYOND, 0 },
	{ "wraps to 0", &disk, WRITE, 1, TOP - 7, { PAGE }, BEYOND, 0 },
	{ "wraps into the disk", &disk, WRITE, 1, TOP - 3, { PAGE }, BEYOND, 0 },
	{ "wraps in bytes, not in sectors", &disk, READ, 1, (1ULL << 55) + 8, { PAGE }, BEYOND, 0 },
	{ "wraps where the disk is as large as can be", &disk_max, READ, 1, TOP, { SECTORS(0, 0) }, BEYOND, 0 },
	{ "the end of the largest disk", &disk_max, READ, 1, TOP - 1, { SECTORS(0, 0) }, BLK_OK, NULL, 1 },
	{ "a disk of nothing", &disk_empty, READ, 1, 0, { SECTORS(0, 0) }, BEYOND, 0 },
	/* read-only */
	{ "read of a read-only disk", &disk_ro, READ, 1, 0, { PAGE }, BLK_OK, NULL, 8 },
	{ "write to a read-only disk", &disk_ro, WRITE, 1, 0, { PAGE }, READ_ONLY, 0 },
	{ "write beyond a read-only disk", &disk_ro, WRITE, 1, TOP, { PAGE }, READ_ONLY, 0 },
	{ "flush with data to a read-only disk", &disk_ro, FLUSH, 1, 0, { PAGE }, READ_ONLY, 0 },
	{ "flush of a read-only disk", &disk_ro, FLUSH, 0, 0, { PAGE }, BLK_OK, NULL, 0 },
	/* flush */
	{ "flush", &disk, FLUSH, 0, 0, { PAGE }, BLK_OK, NULL, 0 },
	{ "flush at the end", &disk, FLUSH, 0, DISK_SECTORS, { PAGE }, BLK_OK, NULL, 0 },
	{ "flush at any sector", &disk, FLUSH, 0, TOP, { PAGE }, BLK_OK, NULL, 0 },
	{ "flush of a disk of nothing", &disk_empty, FLUSH, 0, 0, { PAGE }, BLK_OK, NULL, 0 },
	{ "flush with data", &disk, FLUSH, 2, DISK_SECTORS - 16, { PAGE, PAGE }, BLK_OK, NULL, 16 },
	{ "flush with data beyond", &disk, FLUSH, 2, DISK_SECTORS - 15, { PAGE, PAGE }, BEYOND, 0 },
	{ "flush with bad data", &disk, FLUSH, 1, 0, { SECTORS(0, 8) }, OUTSIDE, 0 },
	/* barrier */
	{ "barrier", &disk, BARRIER, 1, 0, { PAGE }, BLK_OK, NULL, 8 },
	{ "barrier of nothing", &disk, BARRIER, 0, TOP, { PAGE }, BLK_OK, NULL, 0 },
	{ "barrier of nothing on a read-only disk", &disk_ro, BARRIER, 0, 0, { PAGE }, BLK_OK, NULL, 0 },
	{ "barrier with data to a read-only disk", &disk_ro, BARRIER, 1, 0, { PAGE }, READ_ONLY, 0 },
	{ "barrier with data beyond", &disk, BARRIER, 2, DISK_SECTORS - 15, { PAGE, PAGE }, BEYOND, 0 },
	{ "barrier of 12 segments", &disk, BARRIER, 12, 0, PAGES_11, TOO_MANY, 0 },
	/* operations */
	{ "reserved", &disk, 4, 1, 0, { PAGE }, UNKNOWN, 0 },
	{ "indirect, and not read as that", &disk, BLKIF_OP_INDIRECT, 1, 0, { PAGE }, NOT_OFFERED, 0 },
	{ "operation 7", &disk, 7, 1, 0, { PAGE }, UNKNOWN, 0 },
	{ "operation 255", &disk, 255, 1, 0, { PAGE }, UNKNOWN, 0 },
	{ "operation 255 and nothing else right", &disk_ro, 255, 255, TOP, { SECTORS(9, 8) }, UNKNOWN, 0 },
};

static void a_request_is_served_only_within_every_limit(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blk_request req = {
			.operation = rows[i].operation,
			.nr_segments = rows[i].nr_segments,
			.sector = rows[i].sector,
		};
		uint64_t nr_sectors = 77;
		const char *why = NULL;
		enum blk_verdict verdict;

		print_message("# %s\n", rows[i].name);
		memcpy(req.segment, rows[i].segment, sizeof(rows[i].segment));
		verdict = blk_request_check(rows[i].limits, &req, &nr_sectors, &why);
		assert_int_equal(verdict, rows[i].verdict);
		if (rows[i].why)
			assert_string_equal(why, rows[i].why);
		else
			assert_int_equal(nr_sectors, rows[i].nr_sectors);
	}
}

/* What io.c makes of it: an answer's length in bytes never depends on what was there before. */
static void a_refused_request_has_no_more_data_than_a_request_can_have(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blk_request req = {
			.operation = rows[i].operation,
			.nr_segments = rows[i].nr_segments,
			.sector = rows[i].sector,
		};
		uint64_t nr_sectors = 0;
		const char *why;

		print_message("# %s\n", rows[i].name);
		memcpy(req.segment, rows[i].segment, sizeof(rows[i].segment));
		blk_request_check(rows[i].limits, &req, &nr_sectors, &why);
		assert_in_range(nr_sectors, 0, BLK_MAX_SEGMENTS * 8);
	}
}

/* Every pair of the two bytes that a guest writes into a segment. */
static void exactly_36_segments_lie_inside_a_page(void **state)
{
	unsigned int nr_fine = 0;

	for (unsigned int pair = 0; pair < 65536; pair++) {
		struct blk_request req = { .operation = READ, .nr_segments = 1 };
		uint64_t nr_sectors;
		const char *why;

		req.segment[0].first_sect = pair >> 8;
		req.segment[0].last_sect = pair & 255;
		if (blk_request_check(&disk, &req, &nr_sectors, &why) == BLK_OK) {
			assert_in_range(nr_sectors, 1, 8);
			nr_fine++;
		}
	}
	assert_int_equal(nr_fine, 36);
}

static void only_read_write_flush_and_barrier_are_known(void **state)
{
	for (unsigned int operation = 0; operation < 256; operation++) {
		struct blk_request req = { .operation = operation, .nr_segments = 1, .segment = { PAGE } };
		bool is_known = operation == READ || operation == WRITE || operation == FLUSH ||
				operation == BARRIER;
		uint64_t nr_sectors;
		const char *why;

		assert_int_equal(blk_request_check(&disk, &req, &nr_sectors, &why),
				 is_known ? BLK_OK : BLK_UNSUPPORTED);
	}
}

static void a_discard_is_within_the_disk(void **state)
{
	static const struct {
		const char *name;
		const struct blk_limits *limits;
		uint64_t sector, nr_sectors;
		enum blk_verdict verdict;
		const char *why;
	} cases[] = {
		{ "a sector", &disk_trim, 7, 1, BLK_OK, NULL },
		{ "nothing, wherever", &disk_trim, TOP, 0, BLK_OK, NULL },
		{ "all of it", &disk_trim, 0, DISK_SECTORS, BLK_OK, NULL },
		{ "one more", &disk_trim, 0, DISK_SECTORS + 1, BEYOND },
		{ "one past the end", &disk_trim, DISK_SECTORS - 7, 8, BEYOND },
		{ "wraps to 0", &disk_trim, 16, -16ULL, BEYOND },
		{ "wraps into the disk", &disk_trim, TOP, 2, BEYOND },
		{ "wraps in bytes, not in sectors", &disk_trim, 16, (1ULL << 55) + 16, BEYOND },
		{ "on a read-only disk", &disk_trim_ro, 0, 1, READ_ONLY },
		{ "that is not offered", &disk, 0, 1, BLK_UNSUPPORTED, "a discard, which is not offered" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blk_request req = { .operation = BLKIF_OP_DISCARD, .sector = cases[i].sector,
					   .nr_sectors = cases[i].nr_sectors };
		const char *why = NULL;
		uint64_t nr_sectors;

		print_message("# %s\n", cases[i].name);
		assert_int_equal(blk_request_check(cases[i].limits, &req, &nr_sectors, &why), cases[i].verdict);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
		else
			assert_int_equal(nr_sectors, cases[i].nr_sectors);
	}
}

static const struct blk_limits disk_256 = { DISK_SECTORS * 100, 512, .max_indirect_segments = 256 };
static const struct blk_limits disk_4096 = { DISK_SECTORS * 100, 512, .max_indirect_segments = 4096 };

static void an_indirect_request_is_judged_before_its_segments_are_read(void **state)
{
	static const struct {
		const char *name;
		const struct blk_limits *limits;
		uint8_t operation;
		uint16_t nr_segments;
		enum blk_verdict verdict;
		const char *why;
	} cases[] = {
		{ "1 segment", &disk_256, READ, 1, BLK_OK, NULL },
		{ "12 segments", &disk_256, WRITE, 12, BLK_OK, NULL },
		{ "as many as are offered", &disk_256, READ, 256, BLK_OK, NULL },
		{ "one more", &disk_256, READ, 257, TOO_MANY },
		{ "more than a page of them", &disk_4096, WRITE, 513, BLK_OK, NULL },
		{ "as many as 8 pages have", &disk_4096, READ, 4096, BLK_OK, NULL },
		{ "the first of a ninth page", &disk_4096, READ, 4097, TOO_MANY },
		{ "65535", &disk_4096, WRITE, 65535, TOO_MANY },
		{ "512, of which the low octet is 0", &disk_256, WRITE, 512, TOO_MANY },
		{ "none", &disk_256, WRITE, 0, NONE },
		{ "a flush", &disk_256, FLUSH, 1, BLK_REJECT, "indirect, and neither read nor write" },
		{ "a barrier", &disk_256, BARRIER, 1, BLK_REJECT, "indirect, and neither read nor write" },
		{ "indirect twice", &disk_256, BLKIF_OP_INDIRECT, 1, BLK_REJECT,
		  "indirect, and neither read nor write" },
		{ "unknown", &disk_256, 255, 0, BLK_REJECT, "indirect, and neither read nor write" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct blk_request req = { .operation = cases[i].operation, .is_indirect = true,
					   .nr_segments = cases[i].nr_segments };
		const char *why = NULL;

		print_message("# %s\n", cases[i].name);
		assert_int_equal(blk_indirect_check(cases[i].limits, &req, &why), cases[i].verdict);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
	}
}

static void segments_of_an_indirect_request_are_judged_as_others(void **state)
{
	struct blk_request req = { .operation = READ, .is_indirect = true, .nr_segments = 4096 };
	static struct blk_segment segment[4096];
	uint64_t nr_sectors;
	const char *why;

	for (unsigned int i = 0; i < 4096; i++)
		segment[i] = (struct blk_segment)PAGE;
	assert_int_equal(blk_segments_check(&disk_4096, &req, segment, &nr_sectors, &why), BLK_OK);
	assert_int_equal(nr_sectors, 4096 * 8);
	req.sector = disk_4096.nr_sectors - nr_sectors + 1;
	assert_int_equal(blk_segments_check(&disk_4096, &req, segment, &nr_sectors, &why), BLK_REJECT);
	assert_string_equal(why, "beyond the end of the disk");
	req.sector = 0;
	assert_int_equal(blk_segments_check(&disk_ro, &req, segment, &nr_sectors, &why), BLK_REJECT);
	assert_string_equal(why, "beyond the end of the disk");
	req.operation = WRITE;
	assert_int_equal(blk_segments_check(&disk_ro, &req, segment, &nr_sectors, &why), BLK_REJECT);
	assert_string_equal(why, "a write to a read-only disk");
	segment[4095].last_sect = 8;
	assert_int_equal(blk_segments_check(&disk_4096, &req, segment, &nr_sectors, &why), BLK_REJECT);
	assert_string_equal(why, "a segment ends outside its page");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_served_only_within_every_limit),
		cmocka_unit_test(a_refused_request_has_no_more_data_than_a_request_can_have),
		cmocka_unit_test(exactly_36_segments_lie_inside_a_page),
		cmocka_unit_test(only_read_write_flush_and_barrier_are_known),
		cmocka_unit_test(a_discard_is_within_the_disk),
		cmocka_unit_test(an_indirect_request_is_judged_before_its_segments_are_read),
		cmocka_unit_test(segments_of_an_indirect_request_are_judged_as_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
