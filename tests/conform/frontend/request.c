// SPDX-License-Identifier: MIT
/* Requests: what stands in their padding, and those with more segments than a slot has room for. */
#include "tests/conform/case.h"

#define SEGMENTS_PER_PAGE 512
#define SEGMENT_OCTETS    8

/* Where the tables of docs/protocol.md, 7.1, have them. */
static const struct {
	unsigned int seg, discard_end, indirect_grefs, nr_octets;
} at[] = {
	[BLK_ABI_NATIVE] = { 24, 32, 28, 112 },
	[BLK_ABI_X86_32] = { 20, 28, 24, 108 },
};

/* ---- padding --------------------------------------------------------------------------------------------------- */

static void must_be_zero(struct play *play, unsigned int from, unsigned int end)
{
	for (unsigned int i = from; i < end; i++)
		MUST("BLK-18", play->slot[i] == 0, "octet %u of operation %u (%s) is %#x", i, play->slot[0],
		     blk_operation_name(play->slot[0]), play->slot[i]);
}

static void judge_direct(struct play *play, unsigned int nr_segments)
{
	unsigned int seg = at[play->back.abi].seg, end = seg + nr_segments * SEGMENT_OCTETS;

	for (unsigned int i = seg; i < end; i += SEGMENT_OCTETS)
		must_be_zero(play, i + 6, i + 8);
	must_be_zero(play, end, at[play->back.abi].nr_octets);
}

static void judge_discard(struct play *play)
{
	MUST("BLK-18", play->slot[1] <= 1, "the flag of a DISCARD is %#x", play->slot[1]);
	must_be_zero(play, at[play->back.abi].discard_end, at[play->back.abi].nr_octets);
}

/* Grefs that are not needed would be those of other pages. */
static void judge_indirect(struct play *play)
{
	unsigned int grefs = at[play->back.abi].indirect_grefs;
	unsigned int nr_pages = (play->nr_segments + SEGMENTS_PER_PAGE - 1) / SEGMENTS_PER_PAGE;

	must_be_zero(play, grefs - 2, grefs);
	must_be_zero(play, grefs + 4 * nr_pages, at[play->back.abi].nr_octets);
}

static void judge_padding(struct play *play, const struct blk_request *request)
{
	if (request->is_indirect)
		judge_indirect(play);
	else if (request->operation == BLKIF_OP_DISCARD)
		judge_discard(play);
	else
		judge_direct(play, request->nr_segments);
}

static void with_padding(struct play *play, const char *work)
{
	struct blk_request request;

	play_drive(play, work);
	must_come_up(play, "BUS-10");
	while (play_take(play, &request)) {
		judge_padding(play, &request);
		play_answer(play, &request, play_carry_out(play, &request));
	}
}

static void padding(struct play *play)
{
	with_padding(play, "verify");
}

static void padding_of_discard(struct play *play)
{
	play->back.has_discard = true;
	with_padding(play, "trim");
	play_needs(play, BLKIF_OP_DISCARD);
}

static void padding_of_indirect(struct play *play)
{
	play->back.max_indirect_segments = 64;
	with_padding(play, "big");
	play_needs(play, BLKIF_OP_INDIRECT);
}

/* ---- INDIRECT -------------------------------------------------------------------------------------------------- */

static void with_indirect(struct play *play, const char *work, unsigned int max_segments)
{
	play->back.max_indirect_segments = max_segments;
	must_work(play, "BLK-67", work);
	play_needs(play, BLKIF_OP_INDIRECT);
}

static void indirect(struct play *play)
{
	with_indirect(play, "big", 64);
}

static void indirect_few(struct play *play)
{
	with_indirect(play, "big", 13);
}

static void indirect_most(struct play *play)
{
	with_indirect(play, "big", 4096);
}

static void indirect_verify(struct play *play)
{
	with_indirect(play, "verify", 256);
}

const struct frontend_case front_request_cases[] = {
	CASE("request-padding", "BLK-18 BUS-10", "what is not used of a request is zero", padding),
	CASE("request-padding-discard", "BLK-18 BUS-10", "the same of a DISCARD", padding_of_discard),
	CASE("request-padding-indirect", "BLK-18 BUS-10", "the same of an INDIRECT", padding_of_indirect),
	CASE("request-indirect", "BLK-67 GNT-1 BUS-10", "64 segments are offered", indirect),
	CASE("request-indirect-few", "BLK-67 GNT-1 BUS-10", "13 segments are offered", indirect_few),
	CASE("request-indirect-most", "BLK-67 GNT-1 BUS-10", "4096 segments are offered", indirect_most),
	CASE("request-indirect-verify", "BLK-67 GNT-1 BUS-10", "256 are offered, and the data is checked",
	     indirect_verify),
	{ .head.name = NULL },
};
