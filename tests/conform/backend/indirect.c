// SPDX-License-Identifier: MIT
/* Requests whose segments stand in pages of their own, which a backend may offer or not. */
#include <stdatomic.h>
#include <pthread.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/case.h"
#include "tests/conform/peer/indirect.h"
#include "tests/conform/peer/loan.h"

#define FLICKER_NS      500000000ULL /* both threads run in that time, however busy the machine is */
#define BARRIER_PAGE    12 /* behind those of ORDERED_SECTORS */
#define ORDERED_SECTORS 80
#define NR_TOGETHER     16

static unsigned int most_segments(struct front *front)
{
	return front_backend_number(front, INDIRECT, 0);
}

static void indirect_read(struct front *front)
{
	static const unsigned int numbers[] = { 1, 2, 11, 12, 32, 256, INDIRECT_SECTORS };
	struct octets octets;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		unsigned int nr = indirect_limit(front, numbers[i]);

		octets = indirect_make(front, BLKIF_OP_READ, 17 * i, nr);
		memset(front_page(front, 0), 0xee, INDIRECT_SECTORS * 512);
		MUST("BLK-61", octets_do(front, "BLK-13", &octets, BLKIF_OP_READ) == BLKIF_RSP_OKAY,
		     "it refuses an indirect READ of %u segments", nr);
		MUST("BLK-61",
		     pattern_is(front_page(front, 0), 17 * i, nr) &&
			     judge_is_filled(front_page(front, 0) + nr * 512, 0xee, (INDIRECT_SECTORS - nr) * 512),
		     "an indirect READ of %u segments gives other data", nr);
	}
}

static void indirect_read_x86_32(struct front *front)
{
	front->abi = BLK_ABI_X86_32;
	indirect_read(front);
}

static void indirect_write(struct front *front)
{
	struct octets octets;

	front_connect(front, "BUS-21");
	for (unsigned int i = 1; i <= 80; i += 13) {
		unsigned int nr = indirect_limit(front, i);

		octets = indirect_make(front, BLKIF_OP_WRITE, 20 * i, nr);
		pattern_fill(front_page(front, 0), 10000 * i, nr);
		MUST("BLK-61", octets_do(front, "BLK-13", &octets, BLKIF_OP_WRITE) == BLKIF_RSP_OKAY,
		     "it refuses an indirect WRITE of %u segments", nr);
		must_hold(front, "BLK-61", 20 * i, nr, 10000 * i);
		must_hold(front, "BLK-61", 20 * i + nr, 1, 20 * i + nr);
	}
}

static void indirect_write_x86_32(struct front *front)
{
	front->abi = BLK_ABI_X86_32;
	indirect_write(front);
}

static void indirect_most(struct front *front)
{
	struct octets octets;
	unsigned int nr;

	front_connect(front, "BUS-21");
	nr = most_segments(front);
	MUST("BLK-61", nr <= 4096, "it offers %u segments", nr);
	for (uint8_t operation = BLKIF_OP_READ; operation <= BLKIF_OP_WRITE; operation++) {
		octets = indirect_make(front, operation, 0, nr);
		MUST("BLK-61", octets_do(front, "BLK-13", &octets, operation) == BLKIF_RSP_OKAY,
		     "it refuses an indirect %s of %u segments, and has offered as many",
		     blk_operation_name(operation), nr);
	}
}

/*
 * More than one page of segments, of which MirageOS's backend threw an exception. The data pages come round: what a
 * READ brings to one of them is the same each time.
 */
static void indirect_pages(struct front *front)
{
	struct octets octets;
	unsigned int nr;

	front_connect(front, "BUS-21");
	nr = indirect_limit(front, DISK_SECTORS - 1);
	if (nr <= 512)
		skip("it offers %u segments, which fit one page", nr);
	octets = indirect_make(front, BLKIF_OP_WRITE, 1, nr);
	pattern_fill(front_page(front, 0), 5000, INDIRECT_SECTORS);
	MUST("BLK-61", octets_do(front, "BLK-13", &octets, BLKIF_OP_WRITE) == BLKIF_RSP_OKAY,
	     "it refuses an indirect WRITE of %u segments", nr);
	for (unsigned int i = 0; i < nr; i += 88)
		must_hold(front, "BLK-61", 1 + i, nr - i < 88 ? nr - i : 88, 5000 + i % INDIRECT_SECTORS);
	must_hold(front, "BLK-61", 1 + nr, 1, 1 + nr);
	octets = indirect_make(front, BLKIF_OP_READ, 1, nr);
	memset(front_page(front, 0), 0xee, INDIRECT_SECTORS * 512);
	MUST("BLK-61", octets_do(front, "BLK-13", &octets, BLKIF_OP_READ) == BLKIF_RSP_OKAY,
	     "it refuses an indirect READ of %u segments", nr);
	MUST("BLK-61", pattern_is(front_page(front, 0), 5000, INDIRECT_SECTORS),
	     "an indirect READ of %u segments gives other data", nr);
}

/* The WRITE comes before the BARRIER, though its segments have to be fetched first. */
static void indirect_before_barrier(struct front *front)
{
	struct octets octets;
	struct blk_request barrier;

	front_connect(front, "BUS-21");
	if (most_segments(front) == 0)
		skip("the backend does not offer " INDIRECT);
	for (unsigned int round = 1; round <= 20; round++) {
		unsigned int nr = indirect_limit(front, ORDERED_SECTORS);

		octets = indirect_make(front, BLKIF_OP_WRITE, 64, nr);
		pattern_fill(front_page(front, 0), 10000 * round, nr);
		front_put_raw(front, octets.slot);
		barrier = judge_pages(front, BLKIF_OP_WRITE_BARRIER, 64, BARRIER_PAGE, 1);
		pattern_fill(front_page(front, BARRIER_PAGE), 10000 * round + 5000, PAGE_SECTORS);
		front_put(front, &barrier);
		front_push(front);
		must_answer_next(front, "BLK-61");
		must_answer_next(front, "BLK-51");
		must_hold(front, "BLK-51", 64, PAGE_SECTORS, 10000 * round + 5000);
		must_hold(front, "BLK-61", 64 + PAGE_SECTORS, nr - PAGE_SECTORS, 10000 * round + PAGE_SECTORS);
	}
}

/* Its response has to have the inner operation all the same: Linux blkfront stops using the disk else. */
static void refuse_indirect(struct front *front, const char *clause, const struct octets *octets)
{
	int status = octets_do(front, "BLK-13", octets, octets->slot[1]);

	MUST(clause, status == BLKIF_RSP_ERROR, "it answers %s to an indirect request of operation %u and %u segments",
	     judge_status(status), octets->slot[1], octets->slot[2] | octets->slot[3] << 8);
}

static void indirect_numbers(struct front *front)
{
	struct octets octets;
	unsigned int most;

	front_connect(front, "BUS-21");
	most = most_segments(front);
	for (uint8_t operation = BLKIF_OP_READ; operation <= BLKIF_OP_WRITE; operation++) {
		octets = indirect_make(front, operation, 64, 0);
		refuse_indirect(front, "BLK-62", &octets);
		octets = indirect_make(front, operation, 0, most + 1);
		refuse_indirect(front, "BLK-62", &octets);
		octets = indirect_make(front, operation, 0, 4097); /* the last one stands in a ninth page */
		refuse_indirect(front, "BLK-62", &octets);
		octets = indirect_make(front, operation, 0, 65535);
		refuse_indirect(front, "BLK-62", &octets);
	}
	must_be_unchanged(front, "BLK-62");
}

static void indirect_operations(struct front *front)
{
	static const uint8_t operations[] = { 2, 3, 4, 5, 6, 7, 255 };
	struct octets octets;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(operations); i++) {
		octets = indirect_make(front, operations[i], 64, 8);
		refuse_indirect(front, "BLK-63", &octets);
	}
	must_be_unchanged(front, "BLK-63");
}

/* The segments in their pages are judged as those in a slot are. */
static void refuse_indirect_segment(struct front *front, const char *clause, uint32_t gref, uint8_t first, uint8_t last)
{
	unsigned int nr = most_segments(front);
	struct octets octets;

	for (unsigned int i = 0; i < 6; i++) {
		unsigned int at = i / 2 * (nr - 1) / 2; /* the first, the middle and the last */

		octets = indirect_make(front, i % 2 ? BLKIF_OP_WRITE : BLKIF_OP_READ, 64, nr);
		octets_write_segment(front_page(front, INDIRECT_PAGE) + 8 * at, gref, first, last);
		memset(front_page(front, 0), 0xee, INDIRECT_SECTORS * 512);
		refuse_indirect(front, clause, &octets);
	}
	must_be_unchanged(front, "BLK-24");
}

static void indirect_segments(struct front *front)
{
	front_connect(front, "BUS-21");
	refuse_indirect_segment(front, "BLK-22", front_gref(front, 0), 1, 0);
	refuse_indirect_segment(front, "BLK-22", front_gref(front, 0), 255, 7);
	refuse_indirect_segment(front, "BLK-23", front_gref(front, 0), 0, 8);
	refuse_indirect_segment(front, "BLK-23", front_gref(front, 0), 255, 255);
	refuse_indirect_segment(front, "BLK-29", UINT32_MAX, 0, 7);
	must_go_on(front, "BLK-22");
}

static void indirect_range(struct front *front)
{
	static const uint64_t ends[] = { DISK_SECTORS + 1,  UINT64_MAX,	       0,
					 (1ULL << 54) + 16, (1ULL << 55) + 16, (1ULL << 55) + 40 };
	struct octets octets;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 2 * sizeof(ends) / sizeof(ends[0]); i++) {
		unsigned int nr = indirect_limit(front, 12);

		octets = indirect_make(front, i % 2 ? BLKIF_OP_WRITE : BLKIF_OP_READ, ends[i / 2] - nr, nr);
		memset(front_page(front, 0), 0xee, INDIRECT_SECTORS * 512);
		refuse_indirect(front, "BLK-25", &octets);
	}
	must_be_unchanged(front, "BLK-25");
}

/* As large as they may be, and at once: a backend may have no memory for all of them, and none goes to storage. */
static void indirect_refused_together(struct front *front)
{
	struct blk_response response;
	struct octets octets;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < NR_TOGETHER; i++) {
		octets = indirect_make(front, BLKIF_OP_READ, DISK_SECTORS, indirect_limit(front, 4096));
		front_put_raw(front, octets.slot);
	}
	front_push(front);
	for (unsigned int i = 0; i < NR_TOGETHER; i++) {
		MUST("BLK-25", front_take(front, &response, FRONT_PATIENCE_MS),
		     "of %u indirect requests beyond the disk it answers %u", NR_TOGETHER, i);
		MUST("BLK-25", response.status == BLKIF_RSP_ERROR, "it answers %s", judge_status(response.status));
	}
	must_go_on(front, "BLK-25");
}

/* A page of segments itself cannot be used. */
static void refuse_indirect_page(struct front *front, unsigned int nr, unsigned int page, uint32_t gref)
{
	struct octets octets;

	for (uint8_t operation = BLKIF_OP_READ; operation <= BLKIF_OP_WRITE; operation++) {
		octets = indirect_make(front, operation, 64, nr);
		octets_indirect_page(&octets, page, gref);
		mark_fill(front_page(front, 0), INDIRECT_SECTORS * 512);
		refuse_indirect(front, "BLK-29", &octets);
		MUST("BLK-24", mark_is(front_page(front, 0), INDIRECT_SECTORS * 512),
		     "data is moved, though page %u of the segments cannot be read", page);
	}
	must_be_unchanged(front, "BLK-24");
}

static void indirect_gref(struct front *front)
{
	struct loan loan;

	front_connect(front, "BUS-21");
	refuse_indirect_page(front, indirect_limit(front, 8), 0, UINT32_MAX);
	refuse_indirect_page(front, most_segments(front), 0, UINT32_MAX);
	loan = loan_page(front, false);
	loan_end(front, &loan);
	refuse_indirect_page(front, most_segments(front), 0, loan.gref);
	must_go_on(front, "BLK-29");
}

/* The pages before it are fine. */
static void indirect_later_gref(struct front *front)
{
	unsigned int nr, last_page;
	struct loan loan;

	front_connect(front, "BUS-21");
	nr = most_segments(front);
	if (nr <= 512)
		skip("it offers %u segments, which fit one page", nr);
	last_page = (nr - 1) / 512;
	refuse_indirect_page(front, nr, 1, UINT32_MAX);
	refuse_indirect_page(front, nr, last_page, UINT32_MAX);
	loan = loan_page(front, false);
	loan_end(front, &loan);
	refuse_indirect_page(front, nr, last_page, loan.gref);
	must_go_on(front, "BLK-29");
}

static void indirect_read_only(struct front *front)
{
	struct octets octets;

	front_connect(front, "BUS-21");
	octets = indirect_make(front, BLKIF_OP_WRITE, 64, 8);
	refuse_indirect(front, "BLK-26", &octets);
	must_be_unchanged(front, "BLK-26");
}

/* ---- segments that change while they are looked at ------------------------------------------------------------- */

struct flicker {
	uint8_t *last_sect;
	atomic_bool is_over;
};

static void *run_flicker(void *arg)
{
	struct flicker *flicker = arg;

	while (!atomic_load(&flicker->is_over))
		*(volatile uint8_t *)flicker->last_sect ^= 7 ^ 255;
	return NULL;
}

/* A sector, and then a page whose end flickers. */
static struct octets make_flickering(struct front *front, struct flicker *flicker)
{
	struct octets octets = indirect_make(front, BLKIF_OP_READ, 64, 2);

	octets_write_segment(front_page(front, INDIRECT_PAGE) + 8, front_gref(front, 1), 0, 7);
	flicker->last_sect = front_page(front, INDIRECT_PAGE) + 8 + 5;
	return octets;
}

static void judge_flickering(struct front *front, int status)
{
	uint8_t *pages = front_page(front, 0);
	bool has_all = pattern_is(pages, 64, 1) && pattern_is(pages + GRANT_PAGE_BYTES, 65, PAGE_SECTORS);

	MUST("BLK-64", status == BLKIF_RSP_OKAY || status == BLKIF_RSP_ERROR, "it answers %s", judge_status(status));
	MUST("BLK-64", status != BLKIF_RSP_OKAY || has_all, "a READ is answered OKAY, and gives other data");
	MUST("BLK-64", status == BLKIF_RSP_OKAY || mark_is(pages, 2 * GRANT_PAGE_BYTES),
	     "a READ is answered ERROR, and was begun: a segment was found good, and then not");
}

/* XSA-155: checked with one value and used with another. Both answers are fine; what is done must fit them. */
static void indirect_flicker(struct front *front)
{
	struct flicker flicker = { .is_over = false };
	struct octets octets;
	pthread_t thread;

	front_connect(front, "BUS-21");
	octets = make_flickering(front, &flicker);
	if (pthread_create(&thread, NULL, run_flicker, &flicker))
		error("a second thread cannot be made");
	for (uint64_t end = clock_now_ns() + FLICKER_NS; clock_now_ns() < end;) {
		mark_fill(front_page(front, 0), 2 * GRANT_PAGE_BYTES);
		judge_flickering(front, octets_do(front, "BLK-13", &octets, BLKIF_OP_READ));
	}
	atomic_store(&flicker.is_over, true);
	pthread_join(thread, NULL);
	must_go_on(front, "BLK-64");
}

const struct backend_case indirect_cases[] = {
	CASE("indirect-read", "BLK-61 BLK-13 BUS-21", "READs of many segments", indirect_read, .needs = INDIRECT),
	CASE("indirect-read-x86-32", "BLK-61 BLK-13 BUS-21", "READs of many segments of a 32-bit guest",
	     indirect_read_x86_32, .needs = INDIRECT),
	CASE("indirect-write", "BLK-61 BLK-13 BUS-21", "WRITEs of many segments", indirect_write, .needs = INDIRECT),
	CASE("indirect-write-x86-32", "BLK-61 BLK-13 BUS-21", "WRITEs of many segments of a 32-bit guest",
	     indirect_write_x86_32, .needs = INDIRECT),
	CASE("indirect-most", "BLK-61 BLK-13 BUS-21", "as many segments as are offered", indirect_most,
	     .needs = INDIRECT),
	CASE("indirect-pages", "BLK-61 BLK-13 BUS-21", "more segments than stand in one page", indirect_pages,
	     .needs = INDIRECT),
	CASE("indirect-numbers", "BLK-62 BLK-13 BUS-21", "no segment, and more than are offered", indirect_numbers,
	     .needs = INDIRECT),
	CASE("indirect-operations", "BLK-63 BLK-13 BUS-21", "operations that have no indirect form",
	     indirect_operations, .needs = INDIRECT),
	CASE("indirect-segments", "BLK-22 BLK-23 BLK-24 BLK-29 BLK-13 BUS-21", "one bad segment among good ones",
	     indirect_segments, .needs = INDIRECT),
	CASE("indirect-range", "BLK-25 BLK-13 BUS-21", "sectors outside the disk", indirect_range, .needs = INDIRECT),
	CASE("indirect-refused-together", "BLK-25 BUS-21", "many large ones outside the disk at once",
	     indirect_refused_together, .needs = INDIRECT),
	CASE("indirect-gref", "BLK-29 BLK-24 BLK-13 BUS-21", "a page of segments that cannot be used", indirect_gref,
	     .needs = INDIRECT),
	CASE("indirect-later-gref", "BLK-29 BLK-24 BLK-13 BUS-21", "a later page of segments that cannot be used",
	     indirect_later_gref, .needs = INDIRECT),
	CASE("indirect-read-only", "BLK-26 BLK-13 BUS-21", "a WRITE on a read-only disk", indirect_read_only,
	     .needs = INDIRECT, .is_read_only = true),
	CASE("indirect-before-barrier", "BLK-51 BLK-61 BUS-21", "a BARRIER behind an indirect WRITE",
	     indirect_before_barrier, .needs = "feature-barrier"),
	CASE("indirect-flicker", "BLK-64 BLK-13 BUS-21", "a segment that changes while it is looked at",
	     indirect_flicker, .needs = INDIRECT),
	{ .head.name = NULL },
};
