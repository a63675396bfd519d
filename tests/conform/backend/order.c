// SPDX-License-Identifier: MIT
/* FLUSH and BARRIER: what they write, and what they put in order. */
#include "tests/conform/case.h"
#include "tests/conform/peer/judge.h"

/* ---- FLUSH ----------------------------------------------------------------------------------------------------- */

/* OpenBSD's xbf leaves a sector number in an empty FLUSH. */
static void empty_flush(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	must_write(front, "BLK-47", 8, 1, 5000);
	request = front_request(front, BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
	must_answer(front, "BLK-47", &request, BLKIF_RSP_OKAY);
	request = front_request(front, BLKIF_OP_FLUSH_DISKCACHE, 100, 0);
	must_answer(front, "BLK-47", &request, BLKIF_RSP_OKAY);
	must_hold(front, "BLK-47", 8, 8, 5000);
}

/* Operation 2 or 3 with data: of each number of segments. */
static void write_with(struct front *front, const char *clause, uint8_t operation)
{
	struct blk_request request;

	for (unsigned int nr = 1; nr <= BLK_MAX_SEGMENTS; nr++) {
		request = front_request(front, operation, 104 * nr, nr);
		pattern_fill(front_page(front, 0), 10000 * nr, nr * PAGE_SECTORS);
		must_answer(front, clause, &request, BLKIF_RSP_OKAY);
		must_hold(front, clause, 104 * nr, nr * PAGE_SECTORS, 10000 * nr);
		must_hold(front, clause, (104 + PAGE_SECTORS) * nr, PAGE_SECTORS, (104 + PAGE_SECTORS) * nr);
	}
}

static void flush_with_data(struct front *front)
{
	front_connect(front, "BUS-21");
	write_with(front, "BLK-48", BLKIF_OP_FLUSH_DISKCACHE);
}

/* FLUSHes in the midst of WRITEs are no barrier, but all are answered. */
static void flushes_in_flight(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 32; i++) {
		request = i % 4 == 3 ? front_request(front, BLKIF_OP_FLUSH_DISKCACHE, 0, 0)
				     : judge_pages(front, BLKIF_OP_WRITE, 20 * i, i, 1);
		pattern_fill(front_page(front, i), 7000 + 20 * i, PAGE_SECTORS);
		front_put(front, &request);
	}
	front_push(front);
	must_answer_all(front, "BLK-47", 32);
	for (unsigned int i = 0; i < 32; i++)
		must_hold(front, "BLK-44", 20 * i, PAGE_SECTORS, i % 4 == 3 ? 20 * i : 7000 + 20 * i);
}

/* ---- BARRIER --------------------------------------------------------------------------------------------------- */

#define ROUNDS 20

static void barrier_with_data(struct front *front)
{
	front_connect(front, "BUS-21");
	write_with(front, "BLK-51", BLKIF_OP_WRITE_BARRIER);
}

/* A page to sector 64 + offset, with what pattern_fill() makes of base + offset. */
static void put_write(struct front *front, uint8_t operation, unsigned int page, uint64_t base, unsigned int offset)
{
	struct blk_request request = judge_pages(front, operation, 64 + offset, page, 1);

	request.id = front->req_prod;
	pattern_fill(front_page(front, page), base + offset, PAGE_SECTORS);
	front_put(front, &request);
}

static void put_barrier(struct front *front)
{
	struct blk_request request = front_request(front, BLKIF_OP_WRITE_BARRIER, 0, 0);

	front_put(front, &request);
}

/* Big WRITEs, an empty BARRIER, and small ones to the same sectors, which are faster and have to stay. */
static void around_empty_barrier(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < 3; i++) {
			pattern_fill(front_page(front, 11 * i), 100000 + 1000 * round, 88);
			request = judge_pages(front, BLKIF_OP_WRITE, 64, 11 * i, 11);
			front_put(front, &request);
		}
		put_barrier(front);
		for (unsigned int i = 0; i < 11; i++)
			put_write(front, BLKIF_OP_WRITE, 33 + i, 500000 + 1000 * round, 8 * i);
		front_push(front);
		must_answer_all(front, "BLK-52", 15);
		must_hold(front, "BLK-52", 64, 88, 500000 + 1000 * round);
	}
}

/* A big BARRIER, and small WRITEs to the same sectors. */
static void before_writes(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		pattern_fill(front_page(front, 0), 100000 + 1000 * round, 88);
		request = judge_pages(front, BLKIF_OP_WRITE_BARRIER, 64, 0, 11);
		front_put(front, &request);
		for (unsigned int i = 0; i < 11; i++)
			put_write(front, BLKIF_OP_WRITE, 33 + i, 500000 + 1000 * round, 8 * i);
		front_push(front);
		must_answer_all(front, "BLK-52", 12);
		must_hold(front, "BLK-52", 64, 88, 500000 + 1000 * round);
	}
}

/* A small BARRIER with data after big WRITEs to the same sectors. */
static void after_writes(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < 4; i++) {
			pattern_fill(front_page(front, 11 * i), 100000 + 1000 * round, 88);
			request = judge_pages(front, BLKIF_OP_WRITE, 64, 11 * i, 11);
			front_put(front, &request);
		}
		put_write(front, BLKIF_OP_WRITE_BARRIER, 55, 500000 + 1000 * round, 80);
		front_push(front);
		must_answer_all(front, "BLK-51", 5);
		must_hold(front, "BLK-51", 64, 80, 100000 + 1000 * round);
		must_hold(front, "BLK-51", 144, 8, 500000 + 1000 * round + 80);
	}
}

/* All begin at one sector, and every third is a sector shorter: in each sector the last that wrote it wins. */
static void many_barriers(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int i = 0; i < 24; i++) {
			pattern_fill(front_page(front, i), 100000 * (i + 1) + round, PAGE_SECTORS);
			request = judge_request(front, BLKIF_OP_WRITE_BARRIER, 64, i, 0, 7 - i / 3);
			front_put(front, &request);
		}
		front_push(front);
		must_answer_all(front, "BLK-52", 24);
		for (unsigned int i = 0; i < PAGE_SECTORS; i++)
			must_hold(front, "BLK-52", 64 + i, 1, 100000 * (3 * (7 - i) + 3) + round + i);
	}
}

/* A frontend sees of what has been done only what is answered. */
static void answers_around(struct front *front)
{
	unsigned int half = 15;

	front_connect(front, "BUS-21");
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint64_t begin = front->req_prod;

		for (unsigned int i = 0; i < 2 * half + 1; i++) {
			if (i == half)
				put_barrier(front);
			else
				put_write(front, BLKIF_OP_WRITE, i, 100000 * round, 8 * i);
		}
		front_push(front);
		for (unsigned int i = 0; i < half; i++)
			MUST("BLK-51", must_answer_next(front, "BLK-51") < begin + half,
			     "it answers a BARRIER before a WRITE that was published before it");
		MUST("BLK-52", must_answer_next(front, "BLK-52") == begin + half,
		     "it answers a WRITE before a BARRIER that was published before it");
		must_answer_all(front, "BLK-52", half);
	}
}

const struct backend_case order_cases[] = {
	CASE("flush-empty", "BLK-47 BUS-21", "a FLUSH without data", empty_flush, .needs = "feature-flush-cache"),
	CASE("flush-with-data", "BLK-48 BUS-21", "a FLUSH of 1 to 11 segments writes them", flush_with_data,
	     .needs = "feature-flush-cache"),
	CASE("flush-with-data-4096", "BLK-48 BUS-21", "the same, where sectors have 4096 octets", flush_with_data,
	     .needs = "feature-flush-cache", .has_large_sectors = true),
	CASE("flush-in-flight", "BLK-47 BLK-44 BUS-21", "FLUSHes among WRITEs", flushes_in_flight,
	     .needs = "feature-flush-cache"),
	CASE("barrier-with-data", "BLK-51 BUS-21", "a BARRIER of 1 to 11 segments writes them", barrier_with_data,
	     .needs = "feature-barrier"),
	CASE("barrier-between-writes", "BLK-52 BUS-21", "WRITEs to the same sectors around a BARRIER",
	     around_empty_barrier, .needs = "feature-barrier"),
	CASE("barrier-before-writes", "BLK-52 BUS-21", "WRITEs to what a BARRIER before them writes", before_writes,
	     .needs = "feature-barrier"),
	CASE("barrier-after-writes", "BLK-51 BUS-21", "a BARRIER that writes what WRITEs before it wrote", after_writes,
	     .needs = "feature-barrier"),
	CASE("barrier-after-barrier", "BLK-52 BUS-21", "many BARRIERs that write the same sectors", many_barriers,
	     .needs = "feature-barrier"),
	CASE("barrier-answers", "BLK-51 BLK-52 BUS-21", "no answer crosses that of a BARRIER", answers_around,
	     .needs = "feature-barrier"),
	{ .head.name = NULL },
};
