// SPDX-License-Identifier: MIT
/* Values of the frontend's nodes that are none: missing, no number, out of range. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/judge.h"
#include "tests/conform/peer/toolstack.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))
#define LONG_TEXT 1900 /* xenstored lets a guest write 2048 octets into a node, unless it is told otherwise */
#define LONGEST   4000 /* with its path nearly all that a message to xenstored holds; the toolstack may write it */

/* ---- what there has to be -------------------------------------------------------------------------------------- */

struct decoration {
	const char *before, *after;
};

/* What some parsers skip, or end at, without a word. */
static const struct decoration decorations[] = { { "+", "" }, { " ", "" }, { "-", "" }, { "0x", "" }, { "", "x" },
						 { "", " " }, { "", ".5" }, { "", ",1" } };

/* All is right but for one node; and when that is right too, the disk is served. */
static void must_refuse_text(struct front *front, const char *node, const char *text)
{
	char what[128];

	snprintf(what, sizeof(what), "'%.40s' for %s", text, node);
	front_announce_with(front, node, "%s", text);
	must_refuse(front, "BUS-6", what);
	must_offer_again(front, "BUS-27");
}

static void refuses_decorations(struct front *front, const char *node, uint32_t (*value)(struct front *front))
{
	char text[64];

	front_begin(front);
	for (unsigned int i = 0; i < NR(decorations); i++) {
		front_make(front);
		snprintf(text, sizeof(text), "%s%u%s", decorations[i].before, value(front), decorations[i].after);
		front_drop_ring(front);
		must_refuse_text(front, node, text);
	}
	front_make(front);
	front_announce(front, "BUS-6");
	must_go_on(front, "BUS-6");
}

static void refuses_values(struct front *front, const char *node, const char *const *values, unsigned int nr)
{
	static char digits[LONG_TEXT + 1];

	memset(digits, '1', LONG_TEXT);
	front_begin(front);
	for (unsigned int i = 0; i < nr; i++)
		must_refuse_text(front, node, values[i]);
	must_refuse_text(front, node, digits);
	front_make(front);
	front_announce(front, "BUS-6");
	must_go_on(front, "BUS-6");
}

/* As long as it can be: the toolstack, or a guest with another quota, writes more than others expect. */
static void refuses_longest(struct front *front)
{
	static const char *const nodes[] = { "ring-ref", "event-channel" };

	front_begin(front);
	for (unsigned int i = 0; i < NR(nodes); i++) {
		front_make(front);
		front_lay_out(front);
		toolstack_write_digits(front, nodes[i], LONGEST);
		front_switch(front, front->state);
		must_refuse(front, "BUS-6", "a number of 4000 digits");
		must_offer_again(front, "BUS-27");
	}
	front_make(front);
	front_announce(front, "BUS-6");
	must_go_on(front, "BUS-6");
}

static uint32_t ring_ref(struct front *front)
{
	return front->ring_pages.refs[0];
}

static uint32_t port(struct front *front)
{
	return front->port;
}

static void ring_ref_decorated(struct front *front)
{
	refuses_decorations(front, "ring-ref", ring_ref);
}

static void event_channel_decorated(struct front *front)
{
	refuses_decorations(front, "event-channel", port);
}

static void ring_ref_values(struct front *front)
{
	static const char *const values[] = { "", "0", "abc", "-1", "4294967295", "18446744073709551615" };

	refuses_values(front, "ring-ref", values, NR(values));
}

static void event_channel_values(struct front *front)
{
	static const char *const values[] = { "", "0", "abc", "-1", "131072", "4294967295", "18446744073709551615" };

	refuses_values(front, "event-channel", values, NR(values));
}

/* 2^32 more than the right one, which a parser of 32 bits takes for the right one. */
static void wrapped(struct front *front, const char *node, uint32_t (*value)(struct front *front))
{
	char what[64];

	front_begin(front);
	front_make(front);
	front_lay_out(front);
	snprintf(what, sizeof(what), "2^32 added to %s", node);
	front_write(front, node, "%llu", (1ULL << 32) + value(front));
	front_switch(front, front->state);
	must_refuse(front, "BUS-6", what);
}

static void ring_ref_wrapped(struct front *front)
{
	wrapped(front, "ring-ref", ring_ref);
}

static void event_channel_wrapped(struct front *front)
{
	wrapped(front, "event-channel", port);
}

static void node_missing(struct front *front, unsigned int order, const char *node)
{
	char what[64];

	snprintf(what, sizeof(what), "no %s", node);
	front_begin(front);
	if (front_backend_number(front, "max-ring-page-order", 0) < order)
		skip("the backend offers no rings of %u pages", 1U << order);
	front->order = order;
	front_announce_without(front, node);
	must_refuse(front, "BUS-6", what);
	must_offer_again(front, "BUS-27");
	front->order = 0;
	front_make(front);
	front_announce(front, "BUS-27");
	must_go_on(front, "BUS-27");
}

static void ring_ref_missing(struct front *front)
{
	node_missing(front, 0, "ring-ref");
}

static void event_channel_missing(struct front *front)
{
	node_missing(front, 0, "event-channel");
}

static void second_ring_ref_missing(struct front *front)
{
	node_missing(front, 1, "ring-ref1");
}

/* ---- what need not be there ------------------------------------------------------------------------------------ */

static void optional_malformed(struct front *front)
{
	static const char *const nodes[][2] = {
		{ "ring-page-order", "abc" },  { "ring-page-order", "" },      { "ring-page-order", "-1" },
		{ "feature-persistent", "2" }, { "feature-persistent", "no" }, { "feature-persistent", "" },
	};
	char what[64];

	front_connect(front, "BUS-21"); /* which node it knows shows in Connected */
	must_offer_again(front, "BUS-27");
	for (unsigned int i = 0; i < NR(nodes); i++) {
		if (i >= 3 && !front_backend_number(front, "feature-persistent", 0))
			break;
		front_announce_with(front, nodes[i][0], "%s", nodes[i][1]);
		snprintf(what, sizeof(what), "'%s' for %s", nodes[i][1], nodes[i][0]);
		must_not_connect(front, "BUS-7", what);
		must_offer_again(front, "BUS-27");
	}
}

const struct backend_case value_cases[] = {
	CASE("value-ring-ref-missing", "BUS-6 BUS-27", "no ring-ref", ring_ref_missing),
	CASE("value-ring-ref1-missing", "BUS-6 BUS-27", "a second page that is not named", second_ring_ref_missing),
	CASE("value-ring-ref-value", "BUS-6 BUS-27", "a ring-ref that cannot be one", ring_ref_values),
	CASE("value-ring-ref-decorated", "BUS-6 BUS-27", "a ring-ref with a sign, a blank or more", ring_ref_decorated),
	CASE("value-ring-ref-wrapped", "BUS-6", "a ring-ref of more than 32 bits", ring_ref_wrapped),
	CASE("value-longest", "BUS-6 BUS-27", "numbers as long as a node can be", refuses_longest,
	     .asks_toolstack = true),
	CASE("value-event-channel-missing", "BUS-6 BUS-27", "no event-channel", event_channel_missing),
	CASE("value-event-channel-value", "BUS-6 BUS-27", "an event-channel that cannot be one", event_channel_values),
	CASE("value-event-channel-decorated", "BUS-6 BUS-27", "an event-channel with a sign, a blank or more",
	     event_channel_decorated),
	CASE("value-event-channel-wrapped", "BUS-6", "an event-channel of more than 32 bits", event_channel_wrapped),
	CASE("value-optional-malformed", "BUS-7 BUS-21 BUS-27", "optional nodes that say nothing that makes sense",
	     optional_malformed),
	{ .head.name = NULL },
};
