// SPDX-License-Identifier: MIT
/* Who wakes whom, and what an event says. */
#include "tests/conform/case.h"

#include "common/base/clock.h"

#define STORM_EVENTS 20000
#define GUST_EVENTS  200
#define SILENT_MS    2000 /* well above what a disk takes */

static void must_have_served(struct play *play, const char *clause)
{
	MUST(clause, play_serve(play) == 0, "its workload fails with status %d", play->status);
}

static void begin(struct play *play, const char *work)
{
	play_drive(play, work);
	must_come_up(play, "BUS-10");
}

/* ---- theirs ---------------------------------------------------------------------------------------------------- */

/* We look when we are told, never otherwise. */
static void notifies(struct play *play)
{
	begin(play, "verify");
	while (play_take_next(play)) {
		play_finish(play);
		back_drop_events(&play->back);
	}
	MUST("RING-18", play->status == 0, "its workload fails with status %d", play->status);
}

/* What no correct backend asks for costs a notification, and nothing else: we look by ourselves. */
static void event_index_anywhere(struct play *play)
{
	static const ring_idx ahead[] = { 0x80000000U, 1000, -1000U, 0x7fffffffU, 0, 33, -1U };
	struct back *back = &play->back;

	begin(play, "verify");
	play->is_polling = true;
	play->stall_clause = "RING-22";
	back_ask_for_event(back, 0x40000000U);
	for (unsigned int i = 0; play_take_next(play); i++) {
		back_ask_for_event(back, back->req_cons + ahead[i % (sizeof(ahead) / sizeof(ahead[0]))]);
		play_finish(play);
	}
	MUST("RING-22", play->status == 0, "its workload fails with status %d", play->status);
}

/* ---- ours ------------------------------------------------------------------------------------------------------ */

/* It sleeps by then: only what it has asked for can wake it. */
static void answers_late(struct play *play)
{
	unsigned int nr = 0;

	begin(play, play->class->load);
	while (play_take_next(play)) {
		if (nr++ < 20)
			back_sleep(&play->back, 5);
		play_finish(play);
	}
	MUST("RING-21", play->status == 0, "its workload fails with status %d", play->status);
}

/* Between its look and its sleep. */
static void answers_at_once(struct play *play)
{
	begin(play, "verify");
	must_have_served(play, "RING-21");
}

static void one_event_for_many(struct play *play)
{
	static struct blk_request held[PLAY_MAX_HELD];
	struct back *back = &play->back;
	unsigned int nr;

	begin(play, "verify");
	play->stall_clause = "EVT-3";
	while (play_await_request(play)) {
		nr = play_hold(play, held, 16, 5);
		if (!back->ring)
			break;
		for (unsigned int i = 0; i < nr; i++)
			back_put(back, &(struct blk_response){ held[i].id, held[i].operation,
							       play_carry_out(play, &held[i]) });
		back_push(back);
	}
	MUST("EVT-3", play->status == 0, "its workload fails with status %d", play->status);
}

static void events_for_nothing(struct play *play)
{
	begin(play, "verify");
	play->stall_clause = "EVT-3";
	while (play_take_next(play)) {
		back_notify(&play->back);
		play_finish(play);
		back_notify(&play->back);
	}
	MUST("EVT-3", play->status == 0, "its workload fails with status %d", play->status);
}

static void storm(struct play *play, unsigned int nr_events)
{
	for (unsigned int i = 0; i < nr_events; i++)
		back_notify(&play->back);
}

/* XSA-391 */
static void event_storm(struct play *play)
{
	begin(play, "verify");
	play->stall_clause = "EVT-3";
	play_await_request(play);
	storm(play, STORM_EVENTS);
	must_have_served(play, "EVT-3");
}

/* Also one that leaves its port masked for longer and longer finds each of its responses. */
static void event_storm_lasts(struct play *play)
{
	begin(play, "verify");
	play->stall_clause = "EVT-6";
	while (play_take_next(play)) {
		storm(play, GUST_EVENTS);
		play_finish(play);
	}
	MUST("EVT-6", play->status == 0, "its workload fails with status %d", play->status);
}

static void silent_for_a_while(struct play *play)
{
	begin(play, play->class->load);
	must_ask_next(play);
	MUST("BUS-48", !play_await_refusal(play, SILENT_MS) && play_is_driven(play),
	     "it gives a request up after %u ms", SILENT_MS);
	play_finish(play);
	must_have_served(play, "BUS-48");
}

/* ---- the port -------------------------------------------------------------------------------------------------- */

/* As a backend's process that is replaced by another one. */
static void rebind(struct play *play, bool is_used_meanwhile)
{
	struct back *back = &play->back;
	struct errbuf why;

	xenevtchn_unbind(back->evtchn, back->port);
	back->port = -1;
	if (is_used_meanwhile)
		play_await_closed(play, 20);
	MUST("EVT-8", back_bind(back, &why), "its port cannot be bound again: %s", why.text);
	back_notify(back);
}

static void port_is_kept(struct play *play)
{
	begin(play, "idle");
	rebind(play, true);
	must_go_down(play, "BUS-31");
}

static void notifies_nobody(struct play *play)
{
	unsigned int nr = 0;

	begin(play, "verify");
	while (play_take_next(play)) {
		play_finish(play);
		if (nr++ < 10)
			rebind(play, true);
	}
	MUST("EVT-7", play->status == 0, "its workload fails with status %d after its port was unbound for a while",
	     play->status);
}

const struct frontend_case front_event_cases[] = {
	CASE("event-notifies", "RING-18 BUS-10", "every request that is asked for is told", notifies),
	CASE("event-index-anywhere", "RING-22 BUS-10", "req_event is what no backend writes", event_index_anywhere),
	CASE("event-answers-late", "RING-21 BUS-10", "responses come when it sleeps", answers_late),
	CASE("event-answers-at-once", "RING-21 BUS-10", "responses come as soon as they can", answers_at_once),
	CASE("event-one-for-many", "EVT-3 BUS-10", "many responses and one event", one_event_for_many,
	     .is_of_disk = true),
	CASE("event-for-nothing", "EVT-3 BUS-10", "more events than responses", events_for_nothing),
	CASE("event-storm", "EVT-3 BUS-10", "events without end", event_storm),
	CASE("event-storm-lasts", "EVT-6 BUS-10", "and with them its responses, one by one", event_storm_lasts),
	CASE("event-silent", "BUS-48 BUS-10", "a backend that takes its time", silent_for_a_while),
	CASE("event-port-kept", "EVT-8 BUS-31 BUS-10", "the port can be bound again", port_is_kept),
	CASE("event-notifies-nobody", "EVT-7 EVT-8 BUS-10", "notifications that cannot be delivered", notifies_nobody),
	{ .head.name = NULL },
};
