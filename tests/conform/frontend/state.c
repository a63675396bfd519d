// SPDX-License-Identifier: MIT
/* The state machine on the way up: every legal course of the backend's, and states that are none. */
#include "tests/conform/case.h"

/* ---- legal courses --------------------------------------------------------------------------------------------- */

static void must_serve(struct play *play, const char *clause)
{
	MUST(clause, play_serve(play) == 0, "its workload fails with status %d", play->status);
	must_go_down(play, "BUS-31");
}

/* As Linux's backend does: features and size with Connected only, and then the state in a write of its own. */
static void features_late(struct play *play)
{
	struct back *back = &play->back;

	play_drive(play, "verify");
	play_offer_limits(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	play_offer_rest(play);
	back_switch(back, XB_CONNECTED);
	must_be_connected(play, "BUS-8");
	must_serve(play, "BUS-8");
}

static void connected_late(struct play *play)
{
	struct back *back = &play->back;

	play_drive(play, "verify");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	play_await_closed(play, 2 * PLAY_SILENCE_MS);
	MUST("BUS-26", back_nr_requests(back) == 0, "it publishes %u requests before the backend is Connected",
	     back_nr_requests(back));
	back_switch(back, XB_CONNECTED);
	must_serve(play, "BUS-10");
}

/* The backend was faster than its watch. */
static void found_in(struct play *play, enum xb_state state)
{
	struct back *back = &play->back;

	play_offer(play);
	back_switch(back, state);
	play_drive(play, play->class->load);
	must_announce(play, "BUS-24");
	must_attach(play);
	back_switch(back, XB_CONNECTED);
	must_be_connected(play, "BUS-24");
	must_serve(play, "BUS-24");
}

static void found_initialised(struct play *play)
{
	found_in(play, XB_INITIALISED);
}

static void found_connected(struct play *play)
{
	found_in(play, XB_CONNECTED);
}

static void goes_by_initialised(struct play *play)
{
	struct back *back = &play->back;

	play_drive(play, play->class->load);
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
	back_switch(back, XB_INITIALISED);
	play_await_closed(play, PLAY_SILENCE_MS);
	back_switch(back, XB_CONNECTED);
	must_be_connected(play, "BUS-24");
	must_serve(play, "BUS-24");
}

/* ---- states that are none -------------------------------------------------------------------------------------- */

static void must_take_for_fatal(struct play *play, const char *state)
{
	play_write_state(play, state);
	MUST("BUS-29", play_await_refusal(play, PLAY_PATIENCE_MS), "it stays %s though the backend's state is '%s'",
	     xb_state_name(back_frontend_state(&play->back)), state);
}

static void bad_state_when_connected(struct play *play, const char *state)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	must_take_for_fatal(play, state);
}

static void bad_state_while_connecting(struct play *play, const char *state)
{
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_take_for_fatal(play, state);
}

static void reconfiguring(struct play *play)
{
	bad_state_when_connected(play, "7");
}

static void reconfigured(struct play *play)
{
	bad_state_while_connecting(play, "8");
}

static void out_of_range(struct play *play)
{
	bad_state_when_connected(play, "9");
}

static void wraps(struct play *play)
{
	bad_state_when_connected(play, "4294967300");
}

static void no_number(struct play *play)
{
	bad_state_while_connecting(play, "Connected");
}

const struct frontend_case front_state_cases[] = {
	CASE("state-features-late", "BUS-8 BUS-10 BUS-31", "what may come with Connected does", features_late),
	CASE("state-connected-late", "BUS-26 BUS-10 BUS-31", "the backend needs a while to connect",
	     connected_late),
	CASE("state-found-initialised", "BUS-24 BUS-31", "the backend is in Initialised before it is looked at",
	     found_initialised),
	CASE("state-found-connected", "BUS-24 BUS-31", "the same in Connected", found_connected),
	CASE("state-by-initialised", "BUS-24 BUS-10 BUS-31", "InitWait, Initialised, Connected", goes_by_initialised),
	CASE("state-reconfiguring", "BUS-29 BUS-10", "a backend in Reconfiguring", reconfiguring),
	CASE("state-reconfigured", "BUS-29 BUS-10", "a backend in Reconfigured before it was Connected", reconfigured),
	CASE("state-out-of-range", "BUS-29 BUS-10", "a backend in state 9", out_of_range),
	CASE("state-wraps", "BUS-29 BUS-10", "a state that is Connected modulo 2^32", wraps),
	CASE("state-text", "BUS-29 BUS-10", "a state that is no number, before it was Connected", no_number),
	{ .head.name = NULL },
};
