// SPDX-License-Identifier: MIT
/* The state machine on the way down, and back up. */
#include "tests/conform/case.h"

#include <string.h>

#include "common/base/clock.h"

/* ---- closed by the backend ------------------------------------------------------------------------------------- */

static void closes_when_idle(struct play *play)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	must_go_down(play, "BUS-31");
}

static void backend_is_closed_at_once(struct play *play)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	back_switch(&play->back, XB_CLOSED);
	must_go_down(play, "BUS-31");
}

static void backend_closes_while_connecting(struct play *play)
{
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	back_switch(&play->back, XB_CLOSING);
	must_go_down(play, "BUS-31");
}

/* What never got a response has failed. */
static void must_go_down_without_answers(struct play *play)
{
	must_go_down(play, "BUS-31");
	MUST("BUS-31", play_await_drive(play, PLAY_PATIENCE_MS) != 0,
	     "its workload ends with success, and its requests got no response");
}

/* Nothing of it is answered any more. */
static void hold_load(struct play *play)
{
	play_drive(play, play->class->load);
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	if (!play_hold_load(play))
		skip("its workload ends after little");
}

static void closes_under_load(struct play *play)
{
	hold_load(play);
	must_go_down_without_answers(play);
}

static void backend_is_closed_under_load(struct play *play)
{
	hold_load(play);
	back_switch(&play->back, XB_CLOSED);
	must_go_down_without_answers(play);
}

/* A frontend may look at the disk before it can be told anything else. */
static void closes_at_first_request(struct play *play)
{
	play_drive(play, play->class->load);
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	must_ask_next(play);
	must_go_down_without_answers(play);
}

/* ---- closed by the toolstack ----------------------------------------------------------------------------------- */

static void write_unplug(struct back *back)
{
	back_write(back, "online", "0");
	back_write(back, "state", "%d", XB_CLOSING);
}

static void remove_backend(struct play *play)
{
	struct errbuf err;

	need(xb_remove(&play->store, play->back.dev.dir, &err), &err);
}

static void unplugged(struct play *play)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	back_transaction(&play->back, write_unplug);
	must_go_down(play, "BUS-31");
	play_remove_frontend(play);
	remove_backend(play);
	must_stay_removed(play, "BUS-4");
}

/* One that keeps its disk because it is in use, as FreeBSD's does, has it taken away; others are Closed by then. */
static void unplugged_by_force(struct play *play)
{
	hold_load(play);
	back_transaction(&play->back, write_unplug);
	play_await_refusal(play, PLAY_SILENCE_MS);
	play_remove_frontend(play);
	must_stay_removed(play, "BUS-4");
}

/* The backend's domain has died, and nobody says Closing; then the toolstack cleans up. */
static void backend_is_gone(struct play *play)
{
	hold_load(play);
	remove_backend(play);
	play_await_drive(play, 5 * PLAY_SILENCE_MS);
	play_remove_frontend(play);
	must_stay_removed(play, "BUS-4");
}

/* ---- afterwards ------------------------------------------------------------------------------------------------ */

/* Of the ring's first page: this one is certain to be mapped, and what is done with others is done with it. */
static _Alignas(struct ring_shared) uint8_t kept[BACK_PAGE_BYTES];

static void keep_copy(struct play *play)
{
	peer_copy(kept, play->back.ring, sizeof(kept));
}

/* Requests that were published since are none of its faults here. */
static bool is_changed(const struct back *back)
{
	ring_idx before = ((struct ring_shared *)kept)->req_prod, nr = peer_load(&back->ring->req_prod) - before;
	uint8_t now[BACK_PAGE_BYTES];
	size_t at;

	peer_copy(now, back->ring, sizeof(now));
	if (nr > back->layout.nr_slots)
		return true;
	for (ring_idx i = nr; i < back->layout.nr_slots; i++) {
		at = back_slot(back, before + i) - (const uint8_t *)back->ring;
		if (at + back->layout.slot_bytes <= sizeof(now) &&
		    memcmp(now + at, kept + at, back->layout.slot_bytes) != 0)
			return true;
	}
	return false;
}

static void must_keep(struct play *play, const char *clause, const char *when)
{
	play_await_drive(play, PLAY_SILENCE_MS);
	MUST(clause, !is_changed(&play->back), "it uses a page of its ring for something else %s", when);
}

/* The frontend is Closed, by itself or at our wish; we are in Closing, and hold on to the ring. */
static void hold_on(struct play *play)
{
	must_leave(play, play->class->load);
	keep_copy(play);
	must_close_before_us(play);
}

static void publishes_nothing_more(struct play *play)
{
	struct back *back = &play->back;
	uint64_t deadline_ns;

	hold_on(play);
	deadline_ns = clock_in_ms(PLAY_SILENCE_MS);
	while (clock_now_ns() < deadline_ns) {
		MUST("BUS-37", back_nr_requests(back) == 0, "it is Closed and has published %u requests",
		     back_nr_requests(back));
		back_sleep(back, 10);
	}
}

static void keeps_pages_until_closed(struct play *play)
{
	hold_on(play);
	must_keep(play, "BUS-38", "while the backend is Closing");
}

/* A backend that lies: Closed, and the ring is mapped. */
static void keeps_pages_in_use(struct play *play)
{
	hold_on(play);
	keep_copy(play);
	back_switch(&play->back, XB_CLOSED);
	must_keep(play, "GNT-16", "though Xen says that it is mapped");
}

/* ---- coming back ----------------------------------------------------------------------------------------------- */

/* The driver, or its guest, was restarted meanwhile. */
static void waits_for_closed(struct play *play)
{
	struct back *back = &play->back;

	hold_on(play);
	play_kill_drive(play);
	play_drive(play, "rebind");
	MUST("BUS-44", !play_comes_back(play, 2 * PLAY_SILENCE_MS),
	     "it is Initialising again while the backend is Closing");
	play_release(play);
	back_switch(back, XB_CLOSED);
	if (!play_comes_back(play, PLAY_PATIENCE_MS))
		skip("it does not come back");
	play->is_manual = false;
	must_come_up(play, "BUS-44");
	MUST("BUS-44", play_serve(play) == 0, "its workload fails with status %d in a second connection",
	     play->status);
}

static void comes_back_often(struct play *play)
{
	struct back *back = &play->back;

	must_do(play, "BUS-44", play->class->load);
	for (unsigned int i = 0; i < 4; i++) {
		back->max_order = i;
		back->is_persistent = i % 2;
		play_drive(play, "rebind");
		if (!play_comes_back(play, PLAY_PATIENCE_MS))
			skip("it does not come back");
		must_come_up(play, "BUS-44");
		MUST("BUS-44", play_serve(play) == 0, "its workload fails with status %d in connection %u",
		     play->status, i + 2);
		must_go_down(play, "BUS-31");
	}
}

/* What it has waited for is over before it looks: the backend is in InitWait. */
static void is_offered_at_once(struct play *play)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	must_go_down(play, "BUS-31");
	play_offer(play);
	play_await_drive(play, 5 * PLAY_SILENCE_MS);
	play_kill_drive(play);
	play_drive(play, "rebind");
	if (!play_comes_back(play, PLAY_PATIENCE_MS))
		skip("it does not come back");
	must_come_up(play, "BUS-44");
	MUST("BUS-44", play_serve(play) == 0, "its workload fails with status %d in a second connection",
	     play->status);
}

const struct frontend_case front_close_cases[] = {
	CASE("close-idle", "BUS-31 BUS-10", "a disk that is not used is let go of", closes_when_idle),
	CASE("close-backend-closed", "BUS-31 BUS-10", "the backend is in Closed without Closing",
	     backend_is_closed_at_once),
	CASE("close-backend-closed-under-load", "BUS-31 BUS-10", "the same with requests that get no response any more",
	     backend_is_closed_under_load),
	CASE("close-while-connecting", "BUS-31 BUS-10", "the backend gives up before it is Connected",
	     backend_closes_while_connecting),
	CASE("close-under-load", "BUS-31 BUS-10", "requests that get no response any more have failed",
	     closes_under_load),
	CASE("close-at-first-request", "BUS-31 BUS-10", "so has the very first one", closes_at_first_request),
	CASE("close-unplugged", "BUS-4 BUS-31 BUS-10", "the toolstack unplugs the disk", unplugged),
	CASE("close-unplugged-by-force", "BUS-4 BUS-10", "and does not wait until a disk under load is closed",
	     unplugged_by_force),
	CASE("close-backend-gone", "BUS-4 BUS-10", "the backend's directory is removed under load", backend_is_gone),
	CASE("close-publishes-nothing", "BUS-37 BUS-31 BUS-10", "nothing is published in Closed",
	     publishes_nothing_more),
	CASE("close-keeps-pages", "BUS-38 BUS-31 BUS-10", "pages are kept until the backend has let go",
	     keeps_pages_until_closed),
	CASE("close-pages-in-use", "GNT-16 BUS-31 BUS-10", "and for as long as they are mapped", keeps_pages_in_use),
	CASE("close-waits", "BUS-44 BUS-31 BUS-10", "it does not start over before the backend has let go",
	     waits_for_closed),
	CASE("close-comes-back", "BUS-44 BUS-31 BUS-10", "one connection after the other, with other offers",
	     comes_back_often),
	CASE("close-offered-at-once", "BUS-44 BUS-31 BUS-10", "the backend is in InitWait as soon as it was Closed",
	     is_offered_at_once),
	{ .head.name = NULL },
};
