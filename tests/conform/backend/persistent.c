// SPDX-License-Identifier: MIT
/* Grants that may stay mapped, if both sides say so. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/loan.h"

#define NR_LOANS   16
#define MANY_PAGES 3000 /* more than Linux or pvring keep for a ring */

/* Agreed if the backend offers it, too. */
static void connect_persistent(struct front *front)
{
	front->is_persistent = true;
	front_connect(front, "BUS-21");
}

static struct blk_request with_gref(struct front *front, uint8_t operation, uint64_t sector, uint32_t gref)
{
	struct blk_request request = front_request(front, operation, sector, 1);

	request.segment[0].gref = gref;
	return request;
}

static void use(struct front *front, struct loan *loan, unsigned int round)
{
	struct blk_request write = with_gref(front, BLKIF_OP_WRITE, 512, loan->gref);
	struct blk_request read = with_gref(front, BLKIF_OP_READ, 8 * round, loan->gref);
	struct blk_request read_back = with_gref(front, BLKIF_OP_READ, 512, loan->gref);

	MUST("GNT-12", front_do(front, &read) == BLKIF_RSP_OKAY, "a read fails in round %u", round);
	MUST("GNT-12", pattern_is(loan->page, 8 * round, 8), "a read brings something else in round %u", round);
	pattern_fill(loan->page, 5000 + loan->gref + round, 8);
	MUST("GNT-12", front_do(front, &write) == BLKIF_RSP_OKAY, "a write fails in round %u", round);
	memset(loan->page, 0xa5, GRANT_PAGE_BYTES);
	MUST("GNT-12", front_do(front, &read_back) == BLKIF_RSP_OKAY, "a read fails in round %u", round);
	MUST("GNT-12", pattern_is(loan->page, 5000 + loan->gref + round, 8), "another page's data was written");
}

/* Sectors 3 to 5 of the page, and nothing else of it. */
static void use_middle(struct front *front, struct loan *loan, unsigned int round)
{
	struct blk_request write = with_gref(front, BLKIF_OP_WRITE, 512, loan->gref);
	struct blk_request read = with_gref(front, BLKIF_OP_READ, 8 * round, loan->gref);
	struct blk_request read_back = with_gref(front, BLKIF_OP_READ, 512, loan->gref);
	uint8_t *middle = loan->page + 3 * 512;

	write.segment[0].first_sect = read.segment[0].first_sect = 3;
	write.segment[0].last_sect = read.segment[0].last_sect = 5;
	memset(loan->page, 0xa5, GRANT_PAGE_BYTES);
	MUST("GNT-12", front_do(front, &read) == BLKIF_RSP_OKAY, "a read into a page's middle fails");
	MUST("GNT-12", pattern_is(middle, 8 * round, 3), "a read into a page's middle brings something else");
	MUST("GNT-12", judge_is_filled(loan->page, 0xa5, 3 * 512) && judge_is_filled(middle + 3 * 512, 0xa5, 2 * 512),
	     "a read into a page's middle changes the rest of it");
	pattern_fill(middle, 9000 + loan->gref + round, 3);
	MUST("GNT-12", front_do(front, &write) == BLKIF_RSP_OKAY, "a write from a page's middle fails");
	MUST("GNT-12", front_do(front, &read_back) == BLKIF_RSP_OKAY, "a read fails in round %u", round);
	MUST("GNT-12", pattern_is(loan->page, 9000 + loan->gref + round, 3), "not the middle was written");
}

static void same_pages_again(struct front *front)
{
	struct loan loans[NR_LOANS];

	connect_persistent(front);
	for (unsigned int i = 0; i < NR_LOANS; i++)
		loans[i] = loan_page(front, true);
	for (unsigned int round = 0; round < 5; round++) {
		for (unsigned int i = 0; i < NR_LOANS; i++) {
			use(front, &loans[i], round);
			use_middle(front, &loans[i], round);
		}
	}
}

/* XSA-371: persistent maps that are forgotten. */
static void unmapped_at_the_end(struct front *front)
{
	struct loan loans[NR_LOANS];

	connect_persistent(front);
	loan_check(front);
	for (unsigned int i = 0; i < NR_LOANS; i++) {
		loans[i] = loan_page(front, true);
		use(front, &loans[i], 0);
	}
	front_close(front);
	for (unsigned int i = 0; i < NR_LOANS; i++)
		MUST("GNT-14", !loan_end_in_use(front, &loans[i]), "it is %s, and has page %u of %u still mapped",
		     front_backend_state_name(front), i, NR_LOANS);
}

/* XSA-371, its cause: maps that are to stay, of a request of which another map fails. Some are kept, each once. */
static void unmapped_after_failures(struct front *front)
{
	struct loan loans[BLK_MAX_SEGMENTS];
	struct blk_request request;

	connect_persistent(front);
	loan_check(front);
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
		loans[i] = loan_page(front, true);
	for (unsigned int bad = 0; bad < BLK_MAX_SEGMENTS; bad++) {
		request = front_request(front, bad % 2 ? BLKIF_OP_WRITE : BLKIF_OP_READ, 512, BLK_MAX_SEGMENTS);
		for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
			request.segment[i].gref = i == bad ? UINT32_MAX : loans[i].gref;
		must_answer(front, "GNT-5", &request, BLKIF_RSP_ERROR);
		use(front, &loans[bad], bad);
	}
	front_close(front);
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
		MUST("GNT-14", !loan_end_in_use(front, &loans[i]), "after maps that failed it has page %u still mapped",
		     i);
}

static void read_pool(struct front *front, const struct grant_pool *pool, unsigned int from, unsigned int nr)
{
	struct blk_request request = front_request(front, BLKIF_OP_READ, from * 8 % (DISK_SECTORS - 88), nr);

	for (unsigned int i = 0; i < nr; i++)
		request.segment[i].gref = pool->refs[from + i];
	MUST("GNT-14", front_do(front, &request) == BLKIF_RSP_OKAY, "it does not serve pages %u to %u", from,
	     from + nr);
	MUST("GNT-14", pattern_is(grant_pool_page(pool, from), request.sector, nr * 8),
	     "a read brings something else to pages %u to %u", from, from + nr);
}

/* A frontend may use as many different pages as it likes. */
static void more_than_it_keeps(struct front *front)
{
	struct grant_pool pool;
	struct errbuf err;

	connect_persistent(front);
	if (grant_pool_share(&pool, front->gntshr, front->dev.domid, MANY_PAGES, &err))
		skip("%s", err.text);
	for (unsigned int round = 0; round < 2; round++) {
		memset(pool.area, 0xa5, (size_t)MANY_PAGES * GRANT_PAGE_BYTES);
		for (unsigned int at = 0; at < MANY_PAGES; at += 10)
			read_pool(front, &pool, at, 10);
	}
}

/* A frontend that breaks its word: it harms only itself. */
static void read_only_all_the_same(struct front *front)
{
	struct flight flight;
	struct loan loan;
	int status;

	connect_persistent(front);
	loan = loan_page(front, false);
	flight_begin(&flight, front, "GNT-5");
	for (unsigned int i = 0; i < 50; i++) {
		struct blk_request write = with_gref(front, BLKIF_OP_WRITE, 512, loan.gref);
		struct blk_request read = with_gref(front, BLKIF_OP_READ, 8, loan.gref);

		status = front_do(front, &write);
		MUST("GNT-5", status == BLKIF_RSP_OKAY || status == BLKIF_RSP_ERROR,
		     "a write from a read-only page is answered %d", status);
		status = front_do(front, &read);
		MUST("GNT-5", status == BLKIF_RSP_ERROR, "a read into a read-only page is answered %d", status);
		flight_read(&flight, i);
		front_push(front);
		flight_take_all(&flight);
	}
	flight_end(&flight);
}

static void offered_by_the_frontend_alone(struct front *front)
{
	struct blk_request request;
	struct loan loan;

	connect_persistent(front);
	if (front_backend_number(front, "feature-persistent", 0))
		skip("the backend offers feature-persistent");
	loan_check(front);
	for (unsigned int i = 0; i < 100; i++) {
		loan = loan_page(front, true);
		request = with_gref(front, i % 2 ? BLKIF_OP_WRITE : BLKIF_OP_READ, 512, loan.gref);
		MUST("GNT-12", front_do(front, &request) == BLKIF_RSP_OKAY, "it fails");
		MUST("GNT-12", !loan_end_in_use(front, &loan), "it keeps a page mapped and has not offered to");
	}
}

const struct backend_case persistent_cases[] = {
	CASE("gnt-persistent", "GNT-12 BUS-21", "the same pages again and again", same_pages_again,
	     .needs = "feature-persistent"),
	CASE("gnt-persistent-unmapped", "GNT-14 GNT-12 BUS-21", "none of them stays mapped after Closed",
	     unmapped_at_the_end, .needs = "feature-persistent"),
	CASE("gnt-persistent-failures", "GNT-14 GNT-5 GNT-12 BUS-21", "nor after requests of which one map failed",
	     unmapped_after_failures, .needs = "feature-persistent"),
	CASE("gnt-persistent-many", "GNT-14 BUS-21", "more pages than the backend keeps", more_than_it_keeps,
	     .needs = "feature-persistent"),
	CASE("gnt-persistent-read-only", "GNT-5 RING-10 BUS-21", "a read-only page where a writable one is agreed",
	     read_only_all_the_same, .needs = "feature-persistent"),
	CASE("gnt-persistent-alone", "GNT-12 BUS-21", "it is not agreed when only the frontend says it",
	     offered_by_the_frontend_alone),
	{ .head.name = NULL },
};
