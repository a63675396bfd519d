// SPDX-License-Identifier: MIT
/* The disk of a case about a frontend: how what is asked of it is taken and served. */
#include "tests/conform/peer/play.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/peer/front_disk.h"
#include "tests/conform/verdict.h"

#define EVENT_MS 2000 /* for a notification that must come, with the request there */

void play_begin(struct play *play, uint32_t domid, uint32_t devid, const char *clauses)
{
	struct errbuf err;

	*play = (struct play){
		.clause = strndup(clauses, strcspn(clauses, " ")),
		.offer_clause = "BLK-9",
		.unit_clause = "BLK-28",
		.stall_clause = "RING-21",
	};
	xb_store_init(&play->store);
	need(xb_store_open(&play->store, &err), &err);
	if (!back_begin(&play->back, &play->store, "vbd", domid, devid))
		error("the disk's directories are not complete");
	play->back.nr_sectors = PLAY_SECTORS;
	play->disk = malloc(PLAY_MAX_SECTORS * BACK_SECTOR_BYTES);
	pattern_fill(play->disk, 0, PLAY_MAX_SECTORS);
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

static void take(struct play *play, struct blk_request *request)
{
	struct back *back = &play->back;
	ring_idx nr = back_nr_requests(back), max = back_max_requests(back);

	MUST("RING-8", nr <= max, "it has published %u requests where %u have room: req_prod is %#x", nr, max,
	     peer_load(&back->ring->req_prod));
	back_take_raw(back, play->slot);
	play_read_request(play, request);
	play->nr_taken++;
	play->nr_of[play->slot[0]]++;
}

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
		back_release(back);
		back_switch(back, XB_CLOSED);
	}
}

static unsigned int sleep_a_while(struct play *play, unsigned int ms)
{
	unsigned int seen = back_sleep(&play->back, ms < EVENT_MS ? ms : EVENT_MS);

	if (seen & BACK_SAW_STORE)
		follow(play);
	return seen;
}

/* A request that came after we had asked for its event brings one. */
static void await_event(struct play *play, unsigned int ms)
{
	struct back *back = &play->back;

	if (sleep_a_while(play, ms) || ms < EVENT_MS || !back->ring || back_nr_requests(back) == 0)
		return;
	MUST("RING-18", sleep_a_while(play, EVENT_MS),
	     "it has published up to %#x and not notified, though req_event was %#x", peer_load(&back->ring->req_prod),
	     back->req_cons + 1);
}

static bool has_request(struct play *play)
{
	return play->back.ring && back_nr_requests(&play->back) > 0;
}

static bool await_request(struct play *play, unsigned int ms)
{
	uint64_t deadline_ns = clock_in_ms(ms), now_ns;

	while (!has_request(play)) {
		now_ns = clock_now_ns();
		if (!play_is_driven(play) || now_ns >= deadline_ns)
			return false;
		if (play->is_polling)
			sleep_a_while(play, 1);
		else if (!play->back.ring || back_may_sleep(&play->back))
			await_event(play, (deadline_ns - now_ns) / 1000000 + 1);
	}
	return true;
}

bool play_await_request(struct play *play)
{
	const struct back *back = &play->back;
	bool has_one = await_request(play, PLAY_PATIENCE_MS);

	MUST(play->stall_clause, has_one || !play_is_driven(play),
	     "all of its %llu requests are answered, it is %s, and it neither goes on nor ends: rsp_event is %#x",
	     (unsigned long long)play->nr_taken, xb_state_name(back_frontend_state(&play->back)),
	     back->ring ? peer_load(&back->ring->rsp_event) : 0);
	return has_one;
}

bool play_take_within(struct play *play, struct blk_request *request, unsigned int ms)
{
	if (!await_request(play, ms))
		return false;
	take(play, request);
	return true;
}

bool play_take(struct play *play, struct blk_request *request)
{
	if (!play_await_request(play))
		return false;
	take(play, request);
	return true;
}

struct blk_request must_ask(struct play *play)
{
	struct blk_request request;

	MUST(play->clause, play_take(play, &request), "its workload asks for nothing, and ends with status %d",
	     play->status);
	return request;
}

void play_needs(const struct play *play, uint8_t operation)
{
	if (play->nr_of[operation] == 0)
		skip("its workload asks for no operation %u (%s)", operation, blk_operation_name(operation));
}

unsigned int play_hold(struct play *play, struct blk_request *held, unsigned int nr, unsigned int ms)
{
	unsigned int nr_held = 0;

	while (nr_held < nr && play_take_within(play, &held[nr_held], ms))
		nr_held++;
	return nr_held;
}

#define MAX_ALONE 16

unsigned int play_hold_several(struct play *play, struct blk_request *held, unsigned int nr)
{
	unsigned int nr_held;

	for (unsigned int nr_alone = 0; play_take(play, &held[0]); nr_alone++) {
		nr_held = 1 + play_hold(play, held + 1, nr - 1, PLAY_SILENCE_MS / 4);
		if (nr_held > 1 || nr_alone == MAX_ALONE)
			return nr_held;
		play_answer(play, &held[0], play_carry_out(play, &held[0]));
	}
	return 0;
}

/* ---- serving --------------------------------------------------------------------------------------------------- */

static void transfer(struct play *play, const struct blk_request *request, const struct blk_segment *segment,
		     unsigned int nr)
{
	bool is_read = request->operation == BLKIF_OP_READ;
	uint8_t *at = play->disk + request->sector * BACK_SECTOR_BYTES;

	for (unsigned int i = 0; i < nr; i++) {
		bool is_done = is_read ? back_copy_to(&play->back, &segment[i], at)
				       : back_copy_from(&play->back, &segment[i], at);

		/* Once we say Closed it may take its pages back. */
		MUST("GNT-1", is_done || back_own_state(&play->back) == XB_CLOSED, "grant %u of a %s cannot be %s",
		     segment[i].gref, blk_operation_name(request->operation), is_read ? "written" : "read");
		at += back_segment_bytes(&segment[i]);
	}
}

int16_t play_carry_out(struct play *play, const struct blk_request *request)
{
	if (play->back.ring && request->is_indirect)
		transfer(play, request, play->segment, play->nr_segments);
	else if (play->back.ring) /* a DISCARD has none, and may forget nothing */
		transfer(play, request, request->segment, request->nr_segments);
	return BLKIF_RSP_OKAY;
}

void play_answer(struct play *play, const struct blk_request *request, int16_t status)
{
	if (play->back.ring)
		back_answer(&play->back, request, status);
}

static void serve(struct play *play, const struct blk_request *request)
{
	play_answer(play, request, play_carry_out(play, request));
}

int play_serve(struct play *play)
{
	struct blk_request request;

	while (play_take(play, &request))
		serve(play, &request);
	return play->status;
}

void play_serve_what_is_there(struct play *play)
{
	struct blk_request request;

	while (has_request(play)) {
		take(play, &request);
		serve(play, &request);
	}
}
