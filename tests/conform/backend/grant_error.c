// SPDX-License-Identifier: MIT
/* Grants that cannot be used: the request fails, and nothing else does. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/flight.h"
#include "tests/conform/peer/loan.h"

#define NO_SUCH_GREF 60000
#define WRITTEN_FROM 512

/* ---- one request among others ---------------------------------------------------------------------------------- */

struct trial {
	struct front *front;
	unsigned int nr_tries;
	struct flight flight;
};

static uint64_t put_one(struct trial *trial, uint8_t operation, unsigned int nr_segments, unsigned int bad,
			uint32_t gref)
{
	struct blk_request request = front_request(trial->front, operation, WRITTEN_FROM, nr_segments);

	for (unsigned int i = 0; i < nr_segments; i++)
		request.segment[i].gref = front_gref(trial->front, 40 + i);
	request.segment[bad].gref = gref;
	flight_put(&trial->flight, &request);
	return request.id;
}

/* Its status; the reads before and behind it, of which there are two together, are as good as ever. */
static int among_others(struct trial *trial, uint8_t operation, unsigned int nr_segments, unsigned int bad,
			uint32_t gref)
{
	unsigned int its_place = trial->nr_tries++ % 3;
	struct blk_response response;
	int status = FRONT_NO_ANSWER;
	uint64_t its_id = 0;

	for (unsigned int i = 0; i < 3; i++) {
		if (i == its_place)
			its_id = put_one(trial, operation, nr_segments, bad, gref);
		else
			flight_read(&trial->flight, i);
	}
	front_push(trial->front);
	for (unsigned int i = 0; i < 3; i++) {
		MUST("GNT-5", flight_take(&trial->flight, &response, FRONT_PATIENCE_MS),
		     "it does not answer a request with gref %u, or one beside it", gref);
		if (response.id == its_id)
			status = response.status;
	}
	return status;
}

static void trial_begin(struct trial *trial, struct front *front)
{
	front_connect(front, "BUS-21");
	trial->front = front;
	trial->nr_tries = 0;
	flight_begin(&trial->flight, front, "GNT-5");
}

static void must_be_refused(struct trial *trial, uint8_t operation, uint32_t gref, const char *what)
{
	int status = among_others(trial, operation, 1, 0, gref);

	MUST("BLK-29", status == BLKIF_RSP_ERROR, "a %s with gref %u, %s, is answered %d",
	     operation == BLKIF_OP_READ ? "read" : "write", gref, what, status);
}

static void both_ways(struct trial *trial, uint32_t gref, const char *what)
{
	must_be_refused(trial, BLKIF_OP_READ, gref, what);
	must_be_refused(trial, BLKIF_OP_WRITE, gref, what);
}

/* ---- which grants ---------------------------------------------------------------------------------------------- */

static void no_such_grants(struct front *front)
{
	struct trial trial;

	trial_begin(&trial, front);
	both_ways(&trial, NO_SUCH_GREF, "never allocated");
	both_ways(&trial, 1000000, "beyond the table");
	both_ways(&trial, 0x7fffffff, "far beyond the table");
	both_ways(&trial, 0x80000000, "far beyond the table");
	both_ways(&trial, UINT32_MAX, "the last one");
	flight_end(&trial.flight);
}

static void revoked_grant(struct front *front)
{
	struct trial trial;
	struct loan loan;

	trial_begin(&trial, front);
	loan = loan_page(front, true);
	MUST("GNT-5", among_others(&trial, BLKIF_OP_READ, 1, 0, loan.gref) == BLKIF_RSP_OKAY, "a read fails");
	loan_end(front, &loan);
	both_ways(&trial, loan.gref, "revoked");
	flight_end(&trial.flight);
}

static void grant_for_another_domain(struct front *front)
{
	struct trial trial;
	struct loan loan;

	trial_begin(&trial, front);
	loan = loan_to(front, front->dev.domid + 77, true);
	both_ways(&trial, loan.gref, "for another domain");
	flight_end(&trial.flight);
}

static void read_into_read_only_page(struct front *front)
{
	struct trial trial;
	struct loan loan;

	trial_begin(&trial, front);
	loan = loan_page(front, false);
	memset(loan.page, 0xa5, GRANT_PAGE_BYTES);
	must_be_refused(&trial, BLKIF_OP_READ, loan.gref, "read-only");
	for (unsigned int i = 0; i < GRANT_PAGE_BYTES; i++)
		MUST("BLK-29", loan.page[i] == 0xa5, "it has written into a read-only page");
	flight_end(&trial.flight);
}

/* What stands there (the console, xenstore) is granted to somebody: only read from it, and take either answer. */
static void reserved_grants(struct front *front)
{
	struct trial trial;

	trial_begin(&trial, front);
	for (uint32_t gref = 0; gref < 8; gref++)
		among_others(&trial, BLKIF_OP_WRITE, 1, 0, gref);
	flight_end(&trial.flight);
}

/* XSA-361, XSA-362: a batch of which one map fails. */
static void one_of_eleven(struct front *front)
{
	struct trial trial;
	int status;

	trial_begin(&trial, front);
	for (unsigned int bad = 0; bad < BLK_MAX_SEGMENTS; bad++) {
		status = among_others(&trial, bad % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE, BLK_MAX_SEGMENTS, bad,
				      NO_SUCH_GREF);
		MUST("GNT-5", status == BLKIF_RSP_ERROR, "a request with a bad grant in segment %u is answered %d", bad,
		     status);
		status = among_others(&trial, BLKIF_OP_READ, BLK_MAX_SEGMENTS, bad, front_gref(front, 63));
		MUST("GNT-5", status == BLKIF_RSP_OKAY, "the next good request is answered %d", status);
	}
	flight_end(&trial.flight);
}

/* What stands on the disk for the bad segment is what stood there before. */
static void bad_write_writes_nothing_of_it(struct front *front)
{
	struct blk_request request;
	struct trial trial;

	trial_begin(&trial, front);
	for (unsigned int bad = 0; bad < BLK_MAX_SEGMENTS; bad++) {
		pattern_fill(front_page(front, 40), WRITTEN_FROM, BLK_MAX_SEGMENTS * 8);
		among_others(&trial, BLKIF_OP_WRITE, BLK_MAX_SEGMENTS, bad, NO_SUCH_GREF);
		request = front_request(front, BLKIF_OP_READ, WRITTEN_FROM + bad * 8, 1);
		MUST("GNT-5", front_do(front, &request) == BLKIF_RSP_OKAY, "a read fails");
		MUST("GNT-5", pattern_is(front_page(front, 0), WRITTEN_FROM + bad * 8, 8),
		     "it has written something where segment %u, whose grant is bad, would have gone", bad);
	}
	flight_end(&trial.flight);
}

/* ---- taken away ------------------------------------------------------------------------------------------------ */

static void put_with_pool(struct flight *flight, const struct grant_pool *pool)
{
	struct blk_request request;

	while (flight_room(flight)) {
		request = front_request(flight->front, flight->nr_out % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE,
					WRITTEN_FROM, BLK_MAX_SEGMENTS);
		for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++)
			request.segment[i].gref = pool->refs[(flight->nr_out * BLK_MAX_SEGMENTS + i) % pool->nr_pages];
		flight_put(flight, &request);
	}
}

static void still_serves(struct front *front)
{
	struct blk_request request = front_request(front, BLKIF_OP_READ, 16, 1);

	MUST("GNT-5", front_do(front, &request) == BLKIF_RSP_OKAY && pattern_is(front_page(front, 0), 16, 8),
	     "after requests with revoked grants a good read fails");
}

/* Before the backend can see them, or while it does. */
static void revoke_in_flight(struct front *front, bool is_before)
{
	struct grant_pool pool;
	struct flight flight;
	struct errbuf err;

	front_connect(front, "BUS-21");
	flight_begin(&flight, front, "GNT-5");
	for (unsigned int round = 0; round < 10; round++) {
		need(grant_pool_share(&pool, front->gntshr, front->dev.domid, 64, &err), &err);
		put_with_pool(&flight, &pool);
		if (is_before)
			grant_pool_fini(&pool);
		front_push(front);
		if (!is_before)
			grant_pool_fini(&pool);
		flight_take_all(&flight);
		still_serves(front);
	}
	flight_end(&flight);
}

static void revoked_before(struct front *front)
{
	revoke_in_flight(front, true);
}

static void revoked_in_flight(struct front *front)
{
	revoke_in_flight(front, false);
}

const struct backend_case grant_error_cases[] = {
	CASE("gnt-no-such", "GNT-5 BLK-29 RING-10 BUS-21", "grants that were never made", no_such_grants),
	CASE("gnt-revoked", "GNT-5 BLK-29 RING-10 BUS-21", "a grant that worked and was taken back", revoked_grant),
	CASE("gnt-other-domain", "GNT-5 BLK-29 RING-10 BUS-21", "a grant for somebody else", grant_for_another_domain),
	CASE("gnt-read-into-read-only", "BLK-29 GNT-5 RING-10 BUS-21", "a READ needs write permission",
	     read_into_read_only_page),
	CASE("gnt-reserved", "GNT-5 RING-10 BUS-21", "the grants of the console and of xenstore", reserved_grants),
	CASE("gnt-one-of-eleven", "GNT-5 RING-10 BUS-21", "one bad grant at every place of a large request",
	     one_of_eleven),
	CASE("gnt-bad-write", "GNT-5 RING-10 BUS-21", "nothing is written for a page that could not be had",
	     bad_write_writes_nothing_of_it),
	CASE("gnt-revoked-before", "GNT-5 RING-10 BUS-21", "grants end before their requests are published",
	     revoked_before),
	CASE("gnt-revoked-in-flight", "GNT-5 RING-10 BUS-21", "grants end while their requests are under way",
	     revoked_in_flight),
	{ .head.name = NULL },
};
