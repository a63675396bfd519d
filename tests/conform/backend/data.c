// SPDX-License-Identifier: MIT
/* What is written, what is read, and through which pages. */
#include <stdlib.h>
#include <string.h>

#include "tests/conform/case.h"
#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/loan.h"
#include "tests/conform/peer/toolstack.h"

/* ---- the whole disk -------------------------------------------------------------------------------------------- */

static void whole_disk(struct front *front)
{
	front_connect(front, "BUS-21");
	must_be_unchanged(front, "BLK-33");
}

static void last_sectors(struct front *front)
{
	uint64_t sectors, unit;

	front_connect(front, "BUS-21");
	sectors = front_backend_number(front, "sectors", 0);
	unit = front_backend_number(front, "sector-size", 512) / 512;
	for (unsigned int nr = unit; nr <= 88; nr = 3 * nr + unit)
		must_hold(front, "BLK-33", sectors - nr, nr, sectors - nr);
	must_write(front, "BLK-33", sectors - 8, 1, 30000);
	must_write(front, "BLK-33", 0, 1, 40000);
	must_hold(front, "BLK-33", sectors - 8, 8, 30000);
	must_hold(front, "BLK-33", 0, 8, 40000);
}

/* Old QEMU and FreeBSD count in sector-size, the first of them if this node is there. */
static void large_sector_node(struct front *front)
{
	front_begin(front);
	front_make(front);
	front_write(front, "feature-large-sector-size", "1");
	front_publish(front);
	MUST("BLK-33", front_await_backend(front, XB_CONNECTED, FRONT_PATIENCE_MS),
	     "it does not connect to a frontend that writes feature-large-sector-size");
	front_switch(front, XB_CONNECTED);
	MUST("BLK-33", front_backend_number(front, "sectors", 0) == DISK_SECTORS, "sectors is %llu of %u",
	     (unsigned long long)front_backend_number(front, "sectors", 0), DISK_SECTORS);
	must_hold(front, "BLK-33", 104, 8, 104);
	must_write(front, "BLK-33", 200, 1, 60000);
	must_hold(front, "BLK-33", 200, 8, 60000);
	must_hold(front, "BLK-33", 208, 8, 208);
}

/* Of the sectors from 64 on; it may refuse it. */
static void part_is_read(struct front *front, unsigned int first, unsigned int nr)
{
	struct blk_request request = judge_request(front, BLKIF_OP_READ, 64 + first, 0, 0, nr - 1);
	struct blk_response response = must_respond(front, "BLK-27", &request);
	uint8_t expected[4096];

	if (response.status == BLKIF_RSP_ERROR)
		return;
	pattern_fill(expected, 64 + first, nr);
	MUST("BLK-27", response.status == BLKIF_RSP_OKAY && memcmp(front_page(front, 0), expected, nr * 512) == 0,
	     "a READ of %u sectors from %u of a larger one on is %s, and not what stands there", nr, first,
	     judge_status(response.status));
}

static void part_is_written(struct front *front, unsigned int first, unsigned int nr)
{
	struct blk_request request = judge_request(front, BLKIF_OP_WRITE, 64 + first, 0, 0, nr - 1);
	struct blk_response response;
	uint8_t expected[2 * 4096];

	pattern_fill(front_page(front, 0), 70000, nr);
	response = must_respond(front, "BLK-27", &request);
	pattern_fill(expected, 64, 16);
	if (response.status == BLKIF_RSP_OKAY)
		pattern_fill(expected + first * 512, 70000, nr);
	MUST("BLK-27", response.status == BLKIF_RSP_OKAY || response.status == BLKIF_RSP_ERROR,
	     "a WRITE of parts of a sector is %s", judge_status(response.status));
	MUST("BLK-27", memcmp(must_read(front, "BLK-27", 64, 16), expected, sizeof(expected)) == 0,
	     "after a WRITE of %u sectors from %u of a larger one on, which is %s, there is something else", nr, first,
	     judge_status(response.status));
}

/* Served as they stand or refused, both will do. */
static void parts_of_sectors(struct front *front)
{
	static const uint8_t rows[][2] = { { 0, 1 }, { 3, 1 }, { 7, 1 }, { 1, 7 }, { 4, 4 }, { 4, 8 } };

	front_connect(front, "BUS-21");
	if (front_backend_number(front, "sector-size", 512) <= 512)
		skip("its sector-size is 512, whatever the storage's is: every request is a multiple");
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		part_is_read(front, rows[i][0], rows[i][1]);
		part_is_written(front, rows[i][0], rows[i][1]);
		must_write(front, "BLK-27", 64, 2, 64);
	}
	must_be_unchanged(front, "BLK-27");
}

/* ---- what was written is read ---------------------------------------------------------------------------------- */

static void read_after_write(struct front *front)
{
	static uint64_t holds[1000]; /* the pattern of each sector */

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 1000; i++)
		holds[i] = i;
	for (unsigned int round = 0; round < 300; round++) {
		unsigned int nr = 1 + rand_r(&front->seed) % BLK_MAX_SEGMENTS;
		unsigned int sector = rand_r(&front->seed) % (1000 - nr * PAGE_SECTORS);

		must_write(front, "BLK-44", sector, nr, round * 10000);
		must_hold(front, "BLK-44", sector, nr * PAGE_SECTORS, round * 10000);
		for (unsigned int i = 0; i < nr * PAGE_SECTORS; i++)
			holds[sector + i] = round * 10000 + i;
	}
	for (unsigned int i = 0; i < 1000; i++)
		must_hold(front, "BLK-44", i, 1, holds[i]);
}

/* Writer i puts there, from sector 3 * i on, what it would have put to 100000 * (i + 1) + the sector. */
static bool is_of_a_writer(const uint8_t *bytes, unsigned int sector, unsigned int nr_writers)
{
	for (unsigned int i = 0; i < nr_writers; i++) {
		if (sector >= 3 * i && sector < 3 * i + 88 && pattern_is(bytes, 100000 * (i + 1) + sector, 1))
			return true;
	}
	return false;
}

static void overlapping(struct front *front)
{
	const unsigned int nr_writers = 4, nr = 28;
	struct blk_request request;
	const uint8_t *bytes;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < nr_writers; i++)
		pattern_fill(front_page(front, i * 11), 100000 * (i + 1) + 3 * i, 88);
	for (unsigned int i = 0; i < nr; i++) {
		unsigned int writer = i / 2 % nr_writers;

		request = i % 2 ? judge_pages(front, BLKIF_OP_READ, 5 * writer, JUDGE_PAGE, 11)
				: judge_pages(front, BLKIF_OP_WRITE, 3 * writer, writer * 11, 11);
		front_put(front, &request);
	}
	front_push(front);
	must_answer_all(front, "BLK-46", nr);
	for (unsigned int sector = 0; sector < 88; sector++) {
		bytes = must_read(front, "BLK-46", sector, 1);
		MUST("BLK-46", is_of_a_writer(bytes, sector, nr_writers),
		     "after overlapping WRITEs sector %u is not as any of them", sector);
	}
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

static void same_page_in_one_request(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	request = front_request(front, BLKIF_OP_WRITE, 64, BLK_MAX_SEGMENTS);
	for (unsigned int i = 1; i < BLK_MAX_SEGMENTS; i++)
		request.segment[i].gref = request.segment[0].gref;
	pattern_fill(front_page(front, 0), 9000, PAGE_SECTORS);
	must_answer(front, "BLK-30", &request, BLKIF_RSP_OKAY);
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
		must_hold(front, "BLK-30", 64 + i * PAGE_SECTORS, PAGE_SECTORS, 9000);
	request.operation = BLKIF_OP_READ;
	must_answer(front, "BLK-30", &request, BLKIF_RSP_OKAY);
	MUST("BLK-30", pattern_is(front_page(front, 0), 9000, PAGE_SECTORS),
	     "a READ that fills a page 11 times with the same gives something else");
}

static void same_page_in_several(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 32; i++) {
		request = judge_request(front, i < 16 ? BLKIF_OP_WRITE : BLKIF_OP_READ, 20 * i, i < 16, i % 8, i % 8);
		front_put(front, &request);
	}
	pattern_fill(front_page(front, 1), 9000, PAGE_SECTORS);
	front_push(front);
	must_answer_all(front, "BLK-30", 32);
	for (unsigned int i = 0; i < 16; i++)
		must_hold(front, "BLK-30", 20 * i, 1, 9000 + i % 8);
	for (unsigned int i = 16; i < 24; i++)
		MUST("BLK-30",
		     pattern_is(front_page(front, 0) + i % 8 * 512, 20 * i, 1) ||
			     pattern_is(front_page(front, 0) + i % 8 * 512, 20 * (i + 8), 1),
		     "a READ into a page that other READs use, too, gives something else");
}

/* The first, the middle and the last of eleven pages is not good. */
static void refuse_gref(struct front *front, uint32_t gref, bool is_readable)
{
	struct blk_request request;

	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i += 5) {
		request = front_request(front, BLKIF_OP_READ, 64, BLK_MAX_SEGMENTS);
		request.segment[i].gref = gref;
		must_answer(front, "BLK-29", &request, BLKIF_RSP_ERROR);
		request.operation = BLKIF_OP_WRITE;
		memset(front_page(front, 0), 0xee, BLK_MAX_SEGMENTS * 4096);
		if (!is_readable)
			must_answer(front, "BLK-29", &request, BLKIF_RSP_ERROR);
	}
	must_hold(front, "BLK-24", 64, 88, 64);
	must_go_on(front, "BLK-29");
}

static void unused_gref(struct front *front)
{
	front_connect(front, "BUS-21");
	refuse_gref(front, UINT32_MAX, false);
	refuse_gref(front, 0x7fffffff, false);
}

static void revoked_gref(struct front *front)
{
	struct loan loan;

	front_connect(front, "BUS-21");
	loan = loan_page(front, true);
	loan_end(front, &loan);
	refuse_gref(front, loan.gref, false);
}

static void foreign_gref(struct front *front)
{
	struct loan loan;

	front_connect(front, "BUS-21");
	loan = loan_to(front, front->store.domid, true);
	refuse_gref(front, loan.gref, false);
}

static void read_only_gref(struct front *front)
{
	struct loan loan;

	front_connect(front, "BUS-21");
	loan = loan_page(front, false);
	refuse_gref(front, loan.gref, true);
	MUST("BLK-29", judge_is_filled(loan.page, 0, 4096), "it has written to a page that is granted read-only");
}

/* Bad ones among many good ones, all at once: each gets its own answer. */
static void bad_among_good(struct front *front)
{
	struct blk_request request;
	struct blk_response response;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 32; i++) {
		request = judge_pages(front, BLKIF_OP_READ, 30 * i, i, 1);
		request.id = i;
		if (i % 3 == 0)
			request.segment[0].gref = UINT32_MAX;
		front_put(front, &request);
	}
	front_push(front);
	for (unsigned int i = 0; i < 32; i++) {
		MUST("BLK-29", front_take(front, &response, FRONT_PATIENCE_MS) && response.id < 32,
		     "of 32 requests, some with a bad page, %u are answered", i);
		MUST("BLK-29", response.status == (response.id % 3 ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR),
		     "it answers %s to a READ whose page is %s", judge_status(response.status),
		     response.id % 3 ? "good" : "not");
		MUST("BLK-29", response.id % 3 == 0 || pattern_is(front_page(front, response.id), 30 * response.id, 8),
		     "a good READ among bad ones gives other data");
	}
}

/* ---- storage that fails ---------------------------------------------------------------------------------------- */

static void storage_fails(struct front *front)
{
	struct blk_request request;

	front_begin(front);
	must_forget(front, "BUS-34");
	toolstack_create(front, "params", toolstack_make_storage(front));
	toolstack_hotplug(front);
	front_reconnect(front, "BUS-21");
	must_write(front, "BLK-31", 64, 1, 1000);
	toolstack_fail_storage(front);
	for (unsigned int i = 0; i < 5; i++) {
		request = front_request(front, BLKIF_OP_WRITE, 64 + 8 * i, 1);
		must_answer(front, "BLK-31", &request, BLKIF_RSP_ERROR);
		must_go_on(front, "BLK-31");
	}
	must_hold(front, "BLK-31", 64, 8, 1000);
}

static void connect_and_cut(struct front *front)
{
	front_connect(front, "BUS-21");
	must_hold(front, "BLK-39", DISK_SECTORS - 8, 8, DISK_SECTORS - 8);
	toolstack_resize_image(front, DISK_SECTORS / 2 * 512);
}

static void must_serve_the_rest(struct front *front)
{
	must_go_on(front, "BLK-31");
	must_write(front, "BLK-31", 0, 1, 1000);
	must_hold(front, "BLK-31", 0, 8, 1000);
}

/* The image is cut to half its size: what was there is gone, the rest is well. */
static void read_beyond_cut(struct front *front)
{
	struct blk_request request;

	connect_and_cut(front);
	request = front_request(front, BLKIF_OP_READ, DISK_SECTORS - 16, 1);
	must_answer(front, "BLK-39", &request, BLKIF_RSP_ERROR);
	request = front_request(front, BLKIF_OP_READ, DISK_SECTORS / 2 - 8, 2);
	must_answer(front, "BLK-39", &request, BLKIF_RSP_ERROR);
	must_serve_the_rest(front);
}

/* A file may grow again; then what was written is there. */
static void write_beyond_cut(struct front *front)
{
	struct blk_request request;

	connect_and_cut(front);
	request = front_request(front, BLKIF_OP_WRITE, DISK_SECTORS - 16, 1);
	pattern_fill(front_page(front, 0), 1000, 8);
	if (must_respond(front, "BLK-39", &request).status == BLKIF_RSP_OKAY)
		must_hold(front, "BLK-39", DISK_SECTORS - 16, 8, 1000);
	must_serve_the_rest(front);
}

const struct backend_case data_cases[] = {
	CASE("data-whole-disk", "BLK-33 BUS-21", "every sector of the disk is where it belongs", whole_disk),
	CASE("data-whole-disk-4096", "BLK-33 BUS-21", "the same, of a disk with sectors of 4096 octets", whole_disk,
	     .has_large_sectors = true),
	CASE("data-last-sectors", "BLK-33 BUS-21", "the first and the last sectors can be read and written",
	     last_sectors),
	CASE("data-last-sectors-4096", "BLK-33 BUS-21", "the same, of a disk with sectors of 4096 octets", last_sectors,
	     .has_large_sectors = true),
	CASE("data-parts-of-sectors-4096", "BLK-27 BUS-21",
	     "parts of larger sectors are left alone, or done as they stand", parts_of_sectors,
	     .has_large_sectors = true),
	CASE("data-large-sector-node", "BLK-33", "feature-large-sector-size changes nothing", large_sector_node),
	CASE("data-large-sector-node-4096", "BLK-33", "nor where sectors have 4096 octets", large_sector_node,
	     .has_large_sectors = true),
	CASE("data-read-after-write", "BLK-44 BUS-21", "a READ gives what a WRITE before it wrote", read_after_write),
	CASE("data-overlapping", "BLK-46 BUS-21", "WRITEs and READs of the same sectors at once", overlapping),
	CASE("data-same-page", "BLK-30 BUS-21", "one page in all segments of a request", same_page_in_one_request),
	CASE("data-same-page-in-several", "BLK-30 BUS-21", "one page in many requests at once", same_page_in_several),
	CASE("data-gref-unused", "BLK-29 BLK-24 BUS-21", "grants that do not exist", unused_gref),
	CASE("data-gref-revoked", "BLK-29 BLK-24 BUS-21", "a grant that was taken back", revoked_gref),
	CASE("data-gref-foreign", "BLK-29 BLK-24 BUS-21", "a grant for another domain", foreign_gref),
	CASE("data-gref-read-only", "BLK-29 BLK-24 BUS-21", "a READ into a page that is granted read-only",
	     read_only_gref),
	CASE("data-bad-among-good", "BLK-29 BUS-21", "bad grants harm nobody but their own requests", bad_among_good),
	CASE("data-storage-fails", "BLK-31 BUS-34 BUS-21", "WRITEs that the storage refuses", storage_fails,
	     .asks_toolstack = true),
	CASE("data-read-beyond-cut", "BLK-39 BLK-31 BUS-21", "READs of what the storage has lost", read_beyond_cut,
	     .asks_toolstack = true),
	CASE("data-write-beyond-cut", "BLK-39 BLK-31 BUS-21", "WRITEs beyond what is left of the storage",
	     write_beyond_cut, .asks_toolstack = true),
	{ .head.name = NULL },
};
