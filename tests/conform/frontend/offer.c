// SPDX-License-Identifier: MIT
/*
 * Optional nodes that no correct backend writes. A frontend may take the disk all the same or refuse it, soon and in an
 * orderly way; what it then publishes and asks for is what some correct offer would have allowed.
 */
#include "tests/conform/case.h"

#define MOST_ORDER    5    /* these three by docs/protocol.md, 2.3 and 9 */
#define MOST_SEGMENTS 4096
#define LARGE_SECTOR  4096
#define MANY_QUEUES   256

/* false: it refuses the disk. */
static bool connects(struct play *play, const char *work)
{
	struct errbuf why;
	char what[PLAY_WHAT_BYTES];

	play->offer_clause = "BUS-49";
	if (!play_offer_wrong(play, work, what))
		return false;
	MUST("BUS-49", back_read_options(&play->back, &why), "with %s it announces a ring, and %s", what, why.text);
	if (play->back.nr_queues > 1)
		skip("it uses %u queues", play->back.nr_queues);
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	return must_decide(play, "BUS-49", what);
}

static void works_or_refuses(struct play *play)
{
	if (!connects(play, "verify"))
		return;
	MUST("BUS-49", play_serve(play) == 0, "its workload fails with status %d", play->status);
	must_go_down(play, "BUS-31");
}

static void order(struct play *play)
{
	play->back.max_order = MOST_ORDER;
	works_or_refuses(play);
}

static void order_text(struct play *play)
{
	play->back.max_order = 0;
	works_or_refuses(play);
}

static void queues(struct play *play)
{
	play->back.max_queues = MANY_QUEUES;
	works_or_refuses(play);
}

static void indirect(struct play *play)
{
	play->back.max_indirect_segments = MOST_SEGMENTS;
	works_or_refuses(play);
}

static void not_persistent(struct play *play)
{
	play->back.is_persistent = false;
	works_or_refuses(play);
}

static void large_sectors(struct play *play)
{
	play->back.sector_bytes = LARGE_SECTOR;
	works_or_refuses(play);
}

/* Whoever takes it for an offer that cannot be used discards nothing, and its workload fails. */
static void discard(struct play *play)
{
	play->back.has_discard = true;
	if (connects(play, "trim"))
		play_serve(play);
}

const struct frontend_case front_offer_cases[] = {
	CASE("offer-order-31", "BUS-49 BUS-31", "a ring of 2^31 pages", order, WRONG("max-ring-page-order", "31")),
	CASE("offer-order-32", "BUS-49 BUS-31", "of 2^32, which is more than an int is shifted by", order,
	     WRONG("max-ring-page-order", "32")),
	CASE("offer-order-2-32", "BUS-49 BUS-31", "an order that is 0 modulo 2^32", order,
	     WRONG("max-ring-page-order", "4294967296")),
	CASE("offer-order-text", "BUS-49 BUS-31", "one that is no number", order_text,
	     WRONG("max-ring-page-order", "four")),
	CASE("offer-queues-0", "BUS-49 BUS-31", "no queue", works_or_refuses, WRONG("multi-queue-max-queues", "0")),
	CASE("offer-queues-2-32", "BUS-49 BUS-31", "queues that are 0 modulo 2^32", queues,
	     WRONG("multi-queue-max-queues", "4294967296")),
	CASE("offer-queues-text", "BUS-49 BUS-31", "queues that are no number", works_or_refuses,
	     WRONG("multi-queue-max-queues", "many")),
	CASE("offer-indirect-8192", "BUS-49 BUS-31", "more segments than an INDIRECT has room for", indirect,
	     WRONG("feature-max-indirect-segments", "8192")),
	CASE("offer-indirect-2-32", "BUS-49 BUS-31", "segments that are 0 modulo 2^32", indirect,
	     WRONG("feature-max-indirect-segments", "4294967296")),
	CASE("offer-indirect-text", "BUS-49 BUS-31", "segments that are no number", works_or_refuses,
	     WRONG("feature-max-indirect-segments", "lots")),
	CASE("offer-persistent-2", "BUS-49 BUS-31", "a feature-persistent of 2", works_or_refuses,
	     WRONG("feature-persistent", "2")),
	CASE("offer-persistent-text", "BUS-49 BUS-31", "one that is no number", not_persistent,
	     WRONG("feature-persistent", "yes")),
	CASE("offer-physical-0", "BUS-49 BUS-31", "a physical-sector-size of 0", works_or_refuses,
	     WRONG("physical-sector-size", "0")),
	CASE("offer-physical-odd", "BUS-49 BUS-31", "one that is no power of two", works_or_refuses,
	     WRONG("physical-sector-size", "4097")),
	CASE("offer-physical-less", "BUS-49 BUS-31", "one that is less than sector-size", large_sectors,
	     WRONG("physical-sector-size", "512")),
	CASE("offer-granularity-0", "BUS-49", "a discard-granularity of 0", discard, WRONG("discard-granularity", "0")),
	CASE("offer-granularity-odd", "BUS-49", "one that is not a multiple of sector-size", discard,
	     WRONG("discard-granularity", "777")),
	CASE("offer-alignment-beyond", "BUS-49", "a discard-alignment beyond the granularity and the disk", discard,
	     WRONG("discard-alignment", "1049088")),
	{ .head.name = NULL },
};
