// SPDX-License-Identifier: MIT
/* Workloads that check their data, with whatever is offered; only what is offered may be asked for. */
#include "tests/conform/case.h"

static void as_offered(struct play *play)
{
	must_do(play, "BLK-9", "verify");
}

static void no_feature(struct play *play)
{
	struct back *back = &play->back;

	back->has_flush = back->has_barrier = back->is_persistent = false;
	back->max_order = 0;
}

static void nothing_offered(struct play *play)
{
	no_feature(play);
	must_do(play, "BLK-9", "verify");
}

static void nothing_offered_flush(struct play *play)
{
	no_feature(play);
	must_do(play, "BLK-9", "flush");
}

static void nothing_offered_big(struct play *play)
{
	no_feature(play);
	must_do(play, "BLK-9", "big");
}

static void nothing_offered_trim(struct play *play)
{
	no_feature(play);
	play_drive(play, "trim");
	must_come_up(play, "BUS-10");
	play_serve(play); /* that it fails is no fault */
}

static void only_flush(struct play *play)
{
	play->back.has_barrier = false;
	must_do(play, "BLK-9", "flush");
}

static void only_barrier(struct play *play)
{
	play->back.has_flush = false;
	must_do(play, "BLK-9", "flush");
}

static void only_discard(struct play *play)
{
	no_feature(play);
	play->back.has_discard = true;
	must_do(play, "BLK-9", "verify");
}

static void trims(struct play *play)
{
	play->back.has_discard = true;
	must_work(play, "BLK-9", "trim");
	play_needs(play, BLKIF_OP_DISCARD);
}

static void trims_large_sectors(struct play *play)
{
	play->back.sector_bytes = 4096;
	play->unit_clause = "BLK-33";
	trims(play);
}

static void large_requests(struct play *play)
{
	must_do(play, "BLK-67", "big");
	if (play->most_segments < BLK_MAX_SEGMENTS)
		skip("its largest request has %u segments", play->most_segments);
}

static void not_persistent(struct play *play)
{
	play->back.is_persistent = false;
	must_do(play, "BLK-67", "verify");
}

static void small_disk(struct play *play)
{
	play->back.nr_sectors = 512;
	must_do(play, "BLK-67", "verify");
}

const struct frontend_case front_data_cases[] = {
	CASE("data-verify", "BLK-9 BUS-31", "all that is usual is offered", as_offered),
	CASE("data-no-feature", "BLK-9 BUS-31", "nothing is offered", nothing_offered),
	CASE("data-no-feature-flush", "BLK-9 BUS-31", "the same, for somebody who wants to flush",
	     nothing_offered_flush),
	CASE("data-no-feature-big", "BLK-9 BUS-31", "the same, for somebody with much to ask for",
	     nothing_offered_big),
	CASE("data-no-feature-trim", "BLK-9 BUS-10", "the same, for somebody who wants to discard",
	     nothing_offered_trim),
	CASE("data-only-flush", "BLK-9 BUS-31", "FLUSH is offered, and no BARRIER", only_flush),
	CASE("data-only-barrier", "BLK-9 BUS-31", "BARRIER is offered, and no FLUSH", only_barrier),
	CASE("data-only-discard", "BLK-9 BUS-31", "DISCARD is offered, and nothing else", only_discard),
	CASE("data-trim", "BLK-9", "DISCARD is offered and used", trims),
	CASE("data-trim-4096", "BLK-33 BLK-9", "the same on a disk with sectors of 4096 octets", trims_large_sectors),
	CASE("data-big", "BLK-67 BUS-31", "requests as large as they get", large_requests),
	CASE("data-not-persistent", "BLK-67 BUS-31", "persistent grants are not offered", not_persistent),
	CASE("data-small-disk", "BLK-67 BUS-31", "the end of the disk is near", small_disk),
	{ .head.name = NULL },
};
