// SPDX-License-Identifier: MIT
/* How what a frontend asks for is waited for, taken and served, whatever the device is. */
#include "tests/conform/peer/play.h"

#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"

void play_begin(struct play *play, const struct play_class *class, uint32_t domid, uint32_t devid, const char *clauses)
{
	struct errbuf err;

	play->class = class;
	play->clause = strndup(clauses, strcspn(clauses, " "));
	play->stall_clause = "RING-21";
	xb_store_init(&play->store);
	need(xb_store_open(&play->store, &err), &err);
	if (!back_begin(&play->back, &play->store, class->kind, domid, devid))
		error("the device's directories are not complete");
	class->begin(play);
}

void play_release(struct play *play)
{
	play->class->release(play);
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

/* Where the case does not, we go down as the frontend does. */
static void follow(struct play *play)
{
	struct back *back = &play->back;
	enum xb_state theirs = back_frontend_state(back);

	if (play->is_manual)
		return;
	if (theirs == XB_CLOSING && back_own_state(back) == XB_CONNECTED)
		back_switch(back, XB_CLOSING);
	if (theirs == XB_CLOSED && back->ring) {
		play_release(play);
		back_switch(back, XB_CLOSED);
	}
}

static void look(struct play *play)
{
	if (play->class->look)
		play->class->look(play);
}

unsigned int play_sleep(struct play *play, unsigned int ms)
{
	unsigned int seen = back_sleep(&play->back, ms < PLAY_EVENT_MS ? ms : PLAY_EVENT_MS);

	if (seen & BACK_SAW_STORE)
		follow(play);
	look(play);
	return seen;
}

/* Events of other rings' ports are none. */
static bool is_told(struct play *play, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;
	unsigned int seen;

	do {
		now_ns = clock_now_ns();
		seen = play_sleep(play, deadline_ns > now_ns ? (deadline_ns - now_ns) / 1000000 + 1 : 0);
	} while (seen == BACK_SAW_OTHER && now_ns < deadline_ns);
	return seen & ~BACK_SAW_OTHER;
}

/* A request that came after we had asked for its event brings one. */
static void await_event(struct play *play, unsigned int ms)
{
	struct back *back = &play->back;

	if (is_told(play, ms) || ms < PLAY_EVENT_MS || !back->ring || back_nr_requests(back) == 0)
		return;
	MUST("RING-18", is_told(play, PLAY_EVENT_MS),
	     "it has published up to %#x and not notified, though req_event was %#x", peer_load(&back->ring->req_prod),
	     back->req_cons + 1);
}

bool play_has_request(const struct play *play)
{
	return play->back.ring && back_nr_requests(&play->back) > 0;
}

bool play_await_request_for(struct play *play, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;

	look(play);
	while (!play_has_request(play)) {
		now_ns = clock_now_ns();
		if (!play_is_driven(play) || now_ns >= deadline_ns)
			return false;
		if (play->is_polling)
			play_sleep(play, 1);
		else if (!play->back.ring || back_may_sleep(&play->back))
			await_event(play, (deadline_ns - now_ns) / 1000000 + 1);
	}
	return true;
}

bool play_await_request(struct play *play)
{
	const struct back *back = &play->back;
	bool has_one = play_await_request_for(play, PLAY_PATIENCE_MS);

	MUST(play->stall_clause, has_one || !play_is_driven(play),
	     "all of its %llu requests are answered, it is %s, and it neither goes on nor ends: rsp_event is %#x",
	     (unsigned long long)play->nr_taken, xb_state_name(back_frontend_state(&play->back)),
	     back->ring ? peer_load(&back->ring->rsp_event) : 0);
	return has_one;
}

/* ---- taking and serving ---------------------------------------------------------------------------------------- */

static void take(struct play *play)
{
	must_be_possible(&play->back);
	play->class->take(play);
	play->nr_taken++;
}

bool play_take_next_within(struct play *play, unsigned int ms)
{
	if (!play_await_request_for(play, ms))
		return false;
	take(play);
	return true;
}

bool play_take_next(struct play *play)
{
	if (!play_await_request(play))
		return false;
	take(play);
	return true;
}

void must_ask_next(struct play *play)
{
	MUST(play->clause, play_take_next(play), "its workload asks for nothing, and ends with status %d",
	     play->status);
}

void play_finish(struct play *play)
{
	play->class->finish(play);
}

bool play_hold_load(struct play *play)
{
	return play->class->hold(play);
}

int play_serve(struct play *play)
{
	while (play_take_next(play))
		play_finish(play);
	return play->status;
}

void play_serve_what_is_there(struct play *play)
{
	while (play_has_request(play)) {
		take(play);
		play_finish(play);
	}
}
