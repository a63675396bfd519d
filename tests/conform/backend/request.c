// SPDX-License-Identifier: MIT
/* What a request may say, and the answer to one that is as it should be. */
#include <string.h>

#include "tests/conform/case.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/octets.h"

#define ALSO_X86_32(function)                                                                                          \
	static void function##_x86_32(struct front *front)                                                             \
	{                                                                                                              \
		front->abi = BLK_ABI_X86_32;                                                                           \
		function(front);                                                                                       \
	}

/* ---- segments -------------------------------------------------------------------------------------------------- */

static void read_segments(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int nr = 1; nr <= BLK_MAX_SEGMENTS; nr++) {
		request = front_request(front, BLKIF_OP_READ, 100 + nr, nr);
		memset(front_page(front, 0), 0xee, nr * 4096);
		must_answer(front, "BLK-2", &request, BLKIF_RSP_OKAY);
		MUST("BLK-2", pattern_is(front_page(front, 0), 100 + nr, nr * PAGE_SECTORS),
		     "a READ of %u segment(s) gives other data", nr);
	}
}
ALSO_X86_32(read_segments)

static void write_segments(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int nr = 1; nr <= BLK_MAX_SEGMENTS; nr++) {
		must_write(front, "BLK-2", 100 * nr + 1, nr, 10000 * nr);
		must_hold(front, "BLK-2", 100 * nr + 1, nr * PAGE_SECTORS, 10000 * nr);
		must_hold(front, "BLK-33", 100 * nr, 1, 100 * nr);
		must_hold(front, "BLK-33", 100 * nr + 1 + nr * PAGE_SECTORS, 1, 100 * nr + 1 + nr * PAGE_SECTORS);
	}
}
ALSO_X86_32(write_segments)

static void read_part(struct front *front, unsigned int first, unsigned int last)
{
	uint64_t sector = 1100 + 8 * first + last; /* what write_part() leaves alone */
	struct blk_request request = judge_request(front, BLKIF_OP_READ, sector, 0, first, last);
	uint8_t *page = front_page(front, 0);

	memset(page, 0xee, 4096);
	must_answer(front, "BLK-33", &request, BLKIF_RSP_OKAY);
	MUST("BLK-33", pattern_is(page + first * 512, sector, last - first + 1),
	     "a READ into sectors %u to %u of a page gives other data", first, last);
	MUST("GNT-9",
	     judge_is_filled(page, 0xee, first * 512) &&
		     judge_is_filled(page + (last + 1) * 512, 0xee, (7 - last) * 512),
	     "a READ into sectors %u to %u of a page changes others", first, last);
}

static void write_part(struct front *front, unsigned int first, unsigned int last)
{
	uint64_t sector = 1 + 16 * (8 * first + last);
	struct blk_request request = judge_request(front, BLKIF_OP_WRITE, sector, 0, first, last);

	pattern_fill(front_page(front, 0), 50000, PAGE_SECTORS);
	must_answer(front, "BLK-33", &request, BLKIF_RSP_OKAY);
	must_hold(front, "BLK-33", sector, last - first + 1, 50000 + first);
	must_hold(front, "BLK-33", sector - 1, 1, sector - 1);
	must_hold(front, "BLK-33", sector + last - first + 1, 1, sector + last - first + 1);
}

static void page_parts(struct front *front)
{
	front_connect(front, "BUS-21");
	for (unsigned int first = 0; first < PAGE_SECTORS; first++) {
		for (unsigned int last = first; last < PAGE_SECTORS; last++) {
			read_part(front, first, last);
			write_part(front, first, last);
		}
	}
}

/* Eleven segments, each of another part of its page. */
static struct blk_request make_mixed(struct front *front, uint8_t operation)
{
	struct blk_request request = front_request(front, operation, 301, BLK_MAX_SEGMENTS);

	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++) {
		request.segment[i].first_sect = 3 * i % PAGE_SECTORS;
		request.segment[i].last_sect =
			request.segment[i].first_sect + (i % 2 ? 0 : (7 - 3 * i % PAGE_SECTORS) / 2);
	}
	return request;
}

static void mixed_segments(struct front *front)
{
	struct blk_request request;
	uint64_t sector = 301;

	front_connect(front, "BUS-21");
	request = make_mixed(front, BLKIF_OP_READ);
	must_answer(front, "BLK-33", &request, BLKIF_RSP_OKAY);
	for (unsigned int i = 0; i < BLK_MAX_SEGMENTS; i++) {
		const struct blk_segment *segment = &request.segment[i];
		unsigned int nr = segment->last_sect - segment->first_sect + 1;

		MUST("BLK-33", pattern_is(front_page(front, i) + segment->first_sect * 512, sector, nr),
		     "segment %u of a READ does not follow the one before it", i);
		pattern_fill(front_page(front, i) + segment->first_sect * 512, 20000 + sector, nr);
		sector += nr;
	}
	request = make_mixed(front, BLKIF_OP_WRITE);
	must_answer(front, "BLK-33", &request, BLKIF_RSP_OKAY);
	must_hold(front, "BLK-33", 301, sector - 301, 20301);
	must_hold(front, "BLK-33", sector, 1, sector);
}

/* ---- octet by octet -------------------------------------------------------------------------------------------- */

static void octets_read_write(struct front *front)
{
	struct octets octets;

	front_connect(front, "BUS-21");
	octets = octets_begin(front->abi, 0, 2, 0x0102030405060708, 17);
	octets_segment(&octets, 0, front_gref(front, 3), 1, 7);
	octets_segment(&octets, 1, front_gref(front, 4), 2, 5);
	MUST("BLK-2", octets_do(front, "BLK-2", &octets, 0) == BLKIF_RSP_OKAY, "it refuses a READ");
	MUST("BLK-2", pattern_is(front_page(front, 3) + 512, 17, 7) && pattern_is(front_page(front, 4) + 1024, 24, 4),
	     "a READ gives other data");
	octets = octets_begin(front->abi, 1, 2, 0x1112131415161718, 33);
	octets_segment(&octets, 0, front_gref(front, 5), 6, 7);
	octets_segment(&octets, 1, front_gref(front, 6), 0, 0);
	pattern_fill(front_page(front, 5) + 6 * 512, 7000, 3);
	MUST("BLK-2", octets_do(front, "BLK-2", &octets, 1) == BLKIF_RSP_OKAY, "it refuses a WRITE");
	must_hold(front, "BLK-2", 33, 3, 7000);
	must_hold(front, "BLK-2", 32, 1, 32);
	must_hold(front, "BLK-2", 36, 1, 36);
}
ALSO_X86_32(octets_read_write)

/* With data and without; both operations write it. */
static void octets_flush_or_barrier(struct front *front, uint8_t operation)
{
	struct octets octets;

	front_connect(front, "BUS-21");
	octets = octets_begin(front->abi, operation, 0, 0x2122232425262728, 0);
	MUST("BLK-2", octets_do(front, "BLK-2", &octets, operation) == BLKIF_RSP_OKAY,
	     "it refuses operation %u without data", operation);
	octets = octets_begin(front->abi, operation, 1, 0x3132333435363738, 49);
	octets_segment(&octets, 0, front_gref(front, 7), 2, 4);
	pattern_fill(front_page(front, 7) + 2 * 512, 8000, 3);
	MUST("BLK-2", octets_do(front, "BLK-2", &octets, operation) == BLKIF_RSP_OKAY,
	     "it refuses operation %u with data", operation);
	must_hold(front, "BLK-2", 49, 3, 8000);
}

static void octets_flush(struct front *front)
{
	octets_flush_or_barrier(front, 3);
}
ALSO_X86_32(octets_flush)

static void octets_barrier(struct front *front)
{
	octets_flush_or_barrier(front, 2);
}
ALSO_X86_32(octets_barrier)

/* Frontends put DEVID there, 0, or what was there before. */
static void handle(struct front *front)
{
	struct octets octets;

	front_connect(front, "BUS-21");
	for (unsigned int value = 0; value <= 0xff; value += 0x33) {
		octets = octets_begin(front->abi, 0, 1, value, 8);
		memset(octets.slot + 2, value, 2);
		octets_segment(&octets, 0, front_gref(front, 0), 0, 7);
		MUST("BLK-19", octets_do(front, "BLK-19", &octets, 0) == BLKIF_RSP_OKAY,
		     "it refuses a READ whose handle is %#x", value << 8 | value);
	}
}

/* ---- the response ---------------------------------------------------------------------------------------------- */

/* A request of the least segments whose every octet, but for the first two and the segment, is 0xff. */
static void padding_after(struct front *front, uint8_t operation, uint8_t last)
{
	struct octets octets = octets_begin(front->abi, operation, 1, UINT64_MAX, 40);
	const uint8_t *slot;

	octets_segment(&octets, 0, front_gref(front, 0), 0, last);
	octets_do(front, "BLK-13", &octets, operation);
	slot = front_last_slot(front);
	MUST("BLK-14", octets_response(front->abi, slot).has_padding_0,
	     "the padding of a response with status %d is %02x, and from octet 12 on %02x %02x",
	     octets_response(front->abi, slot).status, slot[9], slot[12], slot[13]);
}

/* XSA-216: what is not written there was the backend's stack. */
static void padding(struct front *front)
{
	front_connect(front, "BUS-21");
	padding_after(front, BLKIF_OP_READ, 7);
	padding_after(front, BLKIF_OP_READ, 8);
	padding_after(front, 7, 7);
}
ALSO_X86_32(padding)

static void ids(struct front *front)
{
	static const uint64_t values[] = { 0, 1, UINT64_MAX, 1ULL << 63, 1ULL << 32, 0xffffffff };
	struct blk_request request;
	struct blk_response response;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		request = front_request(front, BLKIF_OP_READ, 8 * i, 1);
		request.id = values[i];
		response = must_respond(front, "BLK-15", &request);
		MUST("BLK-13", response.id == values[i], "it answers to id %#llx with id %#llx",
		     (unsigned long long)values[i], (unsigned long long)response.id);
		MUST("BLK-15", response.status == BLKIF_RSP_OKAY, "it refuses id %#llx", (unsigned long long)values[i]);
	}
}
ALSO_X86_32(ids)

static void equal_ids(struct front *front)
{
	struct blk_request request;

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 16; i++) {
		request = judge_pages(front, BLKIF_OP_READ, 50 * i, i, 1);
		request.id = 5;
		front_put(front, &request);
	}
	front_push(front);
	for (unsigned int i = 0; i < 16; i++)
		MUST("BLK-13", must_answer_next(front, "BLK-15") == 5, "response %u has an id that no request has", i);
	for (unsigned int i = 0; i < 16; i++)
		MUST("BLK-15", pattern_is(front_page(front, i), 50 * i, PAGE_SECTORS),
		     "of 16 READs with the same id the one of page %u gives other data", i);
}

static void answers_in_flight(struct front *front)
{
	struct blk_request request;
	bool is_answered[32] = { false };

	front_connect(front, "BUS-21");
	for (unsigned int i = 0; i < 32; i++) {
		request = judge_pages(front, BLKIF_OP_READ, 1800 - 50 * i, i, 1);
		request.id = 1000 + i;
		front_put(front, &request);
	}
	front_push(front);
	for (unsigned int i = 0; i < 32; i++) {
		uint64_t nr = must_answer_next(front, "BLK-13") - 1000;

		MUST("BLK-13", nr < 32 && !is_answered[nr], "response %u is of no request that is out", i);
		is_answered[nr] = true;
		MUST("BLK-13", pattern_is(front_page(front, nr), 1800 - 50 * nr, PAGE_SECTORS),
		     "the READ of page %u is answered, and the data is not there", (unsigned int)nr);
	}
}

const struct backend_case request_cases[] = {
	CASE("request-read-segments", "BLK-2 BUS-21", "READs of 1 to 11 segments", read_segments),
	CASE("request-read-segments-x86-32", "BLK-2 BUS-21", "READs of 1 to 11 segments of a 32-bit guest",
	     read_segments_x86_32),
	CASE("request-write-segments", "BLK-2 BLK-33 BUS-21", "WRITEs of 1 to 11 segments", write_segments),
	CASE("request-write-segments-x86-32", "BLK-2 BLK-33 BUS-21", "WRITEs of 1 to 11 segments of a 32-bit guest",
	     write_segments_x86_32),
	CASE("request-page-parts", "BLK-33 GNT-9 BUS-21", "segments of every first and last sector", page_parts),
	CASE("request-mixed-segments", "BLK-33 BUS-21", "eleven segments of different parts of their pages",
	     mixed_segments),
	CASE("request-octets-read-write", "BLK-2 BUS-21", "READ and WRITE as the tables have them", octets_read_write),
	CASE("request-octets-read-write-x86-32", "BLK-2 BUS-21", "READ and WRITE as the tables have them for 32 bits",
	     octets_read_write_x86_32),
	CASE("request-octets-flush", "BLK-2 BUS-21", "FLUSH as the table has it", octets_flush,
	     .needs = "feature-flush-cache"),
	CASE("request-octets-flush-x86-32", "BLK-2 BUS-21", "FLUSH as the table has it for 32 bits",
	     octets_flush_x86_32, .needs = "feature-flush-cache"),
	CASE("request-octets-barrier", "BLK-2 BUS-21", "BARRIER as the table has it", octets_barrier,
	     .needs = "feature-barrier"),
	CASE("request-octets-barrier-x86-32", "BLK-2 BUS-21", "BARRIER as the table has it for 32 bits",
	     octets_barrier_x86_32, .needs = "feature-barrier"),
	CASE("request-handle", "BLK-19 BUS-21", "whatever handle a request has, it is served", handle),
	CASE("request-padding", "BLK-14 BLK-13 BUS-21", "every octet of a response is written", padding),
	CASE("request-padding-x86-32", "BLK-14 BLK-13 BUS-21", "every octet of a 32-bit guest's response is written",
	     padding_x86_32),
	CASE("request-ids", "BLK-13 BLK-15 BUS-21", "ids of all sizes come back", ids),
	CASE("request-ids-x86-32", "BLK-13 BLK-15 BUS-21", "ids of all sizes come back to a 32-bit guest", ids_x86_32),
	CASE("request-equal-ids", "BLK-15 BLK-13 BUS-21", "requests with the same id do not harm each other",
	     equal_ids),
	CASE("request-answers-in-flight", "BLK-13 BUS-21", "a full ring of READs, each with its own answer",
	     answers_in_flight),
	{ .head.name = NULL },
};
