// SPDX-License-Identifier: MIT
/* Responses that no correct backend gives, and indexes that no ring can have. */
#include "tests/conform/case.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

/* What is out at once; the first one gets the bad response. */
struct out {
	struct blk_request held[PLAY_MAX_HELD];
	unsigned int nr;
};

static struct out *begin(struct play *play)
{
	static struct out out;

	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	out.nr = play_hold_several(play, out.held, PLAY_MAX_HELD);
	if (out.nr == 0)
		skip("its workload ends with success after few requests");
	return &out;
}

/* Whoever has believed it goes on once the others are answered. */
static void must_have_stopped(struct play *play, const struct out *out, const char *clause, const char *why)
{
	for (unsigned int i = 1; i < out->nr; i++)
		play_answer(play, &out->held[i], play_carry_out(play, &out->held[i]));
	must_stop(play, clause, why);
}

/* ---- what is in a response ------------------------------------------------------------------------------------- */

static void bad_id(struct play *play, uint64_t flipped)
{
	struct out *out = begin(play);

	out->held[0].id ^= flipped;
	play_answer(play, &out->held[0], BLKIF_RSP_OKAY);
	must_have_stopped(play, out, "BLK-16", "a response with an id that it never used");
}

static void unknown_id(struct play *play)
{
	bad_id(play, 0x5a5a5a5a);
}

static void unknown_high_half(struct play *play)
{
	bad_id(play, 1ULL << 40);
}

static void huge_id(struct play *play)
{
	bad_id(play, ~0ULL << 16);
}

/* One of the others gets the response of the first once more. */
static void answered_id(struct play *play)
{
	struct out *out = begin(play);

	if (out->nr == 1)
		skip("it has one request out at a time");
	out->nr--;
	play_answer(play, &out->held[0], play_carry_out(play, &out->held[0]));
	play_answer(play, &out->held[0], BLKIF_RSP_OKAY);
	must_have_stopped(play, out, "BLK-16", "a second response to one request");
}

static void other_operation(struct play *play)
{
	struct out *out = begin(play);

	out->held[0].operation = BLKIF_OP_WRITE;
	play_answer(play, &out->held[0], BLKIF_RSP_OKAY);
	must_have_stopped(play, out, "BLK-16", "a response with another operation than its request");
}

static void status_is_an_error(struct play *play, int16_t status)
{
	struct blk_request request;

	play_drive(play, "read");
	must_come_up(play, "BUS-10");
	while (play_take(play, &request))
		play_answer(play, &request, status);
	MUST("BLK-17", play->status != 0, "its workload ends with success, and status %d was answered to all of it",
	     status);
}

static void status_error(struct play *play)
{
	status_is_an_error(play, BLKIF_RSP_ERROR);
}

static void status_unknown(struct play *play)
{
	status_is_an_error(play, -3);
}

static void status_positive(struct play *play)
{
	status_is_an_error(play, 1);
}

static void status_least(struct play *play)
{
	status_is_an_error(play, INT16_MIN);
}

/* ---- what is not supported after all --------------------------------------------------------------------------- */

/* What came while the refusal was on its way is forgiven, and refused, too. */
static void forgive(struct play *play, uint8_t operation)
{
	static struct blk_request held[PLAY_MAX_HELD];
	unsigned int nr = play_hold(play, held, PLAY_MAX_HELD, PLAY_SILENCE_MS / 4);

	for (unsigned int i = 0; i < nr; i++)
		play_answer(play, &held[i],
			    held[i].operation == operation ? BLKIF_RSP_EOPNOTSUPP : play_carry_out(play, &held[i]));
}

static void operation_is_refused(struct play *play, uint8_t operation)
{
	struct blk_request request;
	bool is_known = false;

	play_drive(play, "flush");
	must_come_up(play, "BUS-10");
	while (play_take(play, &request)) {
		if (request.operation != operation) {
			play_answer(play, &request, play_carry_out(play, &request));
			continue;
		}
		MUST("BLK-12", !is_known, "it asks for operation %u again after EOPNOTSUPP", operation);
		is_known = true;
		play_answer(play, &request, BLKIF_RSP_EOPNOTSUPP);
		forgive(play, operation);
	}
	play_needs(play, operation);
	MUST("BLK-12", play->status == 0, "it does not go on without operation %u: status %d", operation, play->status);
}

static void flush_is_refused(struct play *play)
{
	play->back.has_barrier = false;
	operation_is_refused(play, BLKIF_OP_FLUSH_DISKCACHE);
}

static void barrier_is_refused(struct play *play)
{
	play->back.has_flush = false;
	operation_is_refused(play, BLKIF_OP_WRITE_BARRIER);
}

/* ---- indexes --------------------------------------------------------------------------------------------------- */

static void bad_index(struct play *play, ring_idx ahead, const char *why)
{
	struct back *back = &play->back;

	begin(play);
	back_set_rsp_prod(back, ahead == 1 ? peer_load(&back->ring->req_prod) + 1 : back->rsp_prod + ahead);
	back_notify(back);
	must_stop(play, "RING-9", why);
}

static void one_too_many(struct play *play)
{
	bad_index(play, 1, "a response more than there are requests");
}

static void far_ahead(struct play *play)
{
	bad_index(play, 0x80000000U, "rsp_prod half a circle ahead");
}

static void backwards(struct play *play)
{
	bad_index(play, -1U, "rsp_prod one back");
}

/* It is too late for good ones. */
static void stays_broken(struct play *play)
{
	struct back *back = &play->back;
	struct out *out = begin(play);

	back_set_rsp_prod(back, peer_load(&back->ring->req_prod) + 1);
	back_notify(back);
	must_stop(play, "RING-14", "an index that is impossible");
	back_put(back, &(struct blk_response){ out->held[0].id, out->held[0].operation, BLKIF_RSP_OKAY });
	back_set_rsp_prod(back, back->rsp_prod);
	back_notify(back);
	must_have_stopped(play, out, "RING-14", "an index that was impossible, and is good now");
}

/* The frontend's own, in the page. */
static void own_indexes(struct play *play)
{
	static const ring_idx ahead[] = { 20, -1U, 0x80000000U, 1, 33 };
	struct blk_request request;
	struct back *back = &play->back;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_polling = true;
	play->stall_clause = "RING-6";
	while (play_take(play, &request)) {
		back_put(back, &(struct blk_response){ request.id, request.operation, play_carry_out(play, &request) });
		back_set_rsp_prod(back, back->rsp_prod);
		back_overwrite_rsp_event(back, back->rsp_prod + ahead[play->nr_taken % 5]);
		back_notify(back);
	}
	MUST("RING-6", play->status == 0, "its workload fails with status %d after rsp_event was overwritten",
	     play->status);
}

/* Until it is published an ERROR stands there, to the same request; the event lets it look. */
static void response_after_index(struct play *play)
{
	struct blk_request request;
	struct back *back = &play->back;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	while (play_take(play, &request)) {
		if (back->ring && play->nr_taken <= 20) {
			back_put(back, &(struct blk_response){ request.id, request.operation, BLKIF_RSP_ERROR });
			back->rsp_prod--;
			back_notify(back);
			usleep(5000);
		}
		play_answer(play, &request, play_carry_out(play, &request));
	}
	MUST("RING-12", play->status == 0,
	     "its workload fails with status %d after an ERROR that was overwritten before it was published",
	     play->status);
}

/* ---- while it is read ------------------------------------------------------------------------------------------ */

struct flicker {
	volatile bool runs, ends;
	struct back *back;
	ring_idx index;
};

/* Both are whole responses; only a mixture of them is none. */
static void *flick(void *arg)
{
	struct flicker *flicker = arg;
	uint8_t good[BLK_MAX_RESPONSE_BYTES] = { 0 }, bad[BLK_MAX_RESPONSE_BYTES];

	memcpy(good, back_slot(flicker->back, flicker->index), flicker->back->layout.response_bytes);
	memcpy(bad, good, sizeof(bad));
	bad[7] ^= 0xff; /* of the id, which is then far beyond any table */
	while (!flicker->ends) {
		back_overwrite_slot(flicker->back, flicker->index, bad);
		back_overwrite_slot(flicker->back, flicker->index, good);
		flicker->runs = true;
	}
	return NULL;
}

/* It may stop, and may go on, but not crash. */
static void response_flickers(struct play *play)
{
	struct back *back = &play->back;
	struct out *out = begin(play);
	struct flicker flicker = { .back = back, .index = back->rsp_prod };
	pthread_t thread;

	back_put(back, &(struct blk_response){ out->held[0].id, out->held[0].operation, BLKIF_RSP_OKAY });
	if (pthread_create(&thread, NULL, flick, &flicker))
		error("a thread cannot be started");
	while (!flicker.runs)
		usleep(100);
	back_push(back);
	play_await_drive(play, PLAY_SILENCE_MS);
	flicker.ends = true;
	pthread_join(thread, NULL);
	play_await_drive(play, PLAY_SILENCE_MS); /* which sees a crash */
}

const struct frontend_case front_response_cases[] = {
	CASE("response-unknown-id", "BLK-16 BUS-10", "an id that was never used", unknown_id),
	CASE("response-unknown-high-half", "BLK-16 BUS-10", "an id that was used, but for one bit",
	     unknown_high_half),
	CASE("response-huge-id", "BLK-16 BUS-10", "an id that is no index of anything", huge_id),
	CASE("response-answered-id", "BLK-16 BUS-10", "an id that was answered before", answered_id),
	CASE("response-operation", "BLK-16 BUS-10", "the operation of another request", other_operation),
	CASE("response-error", "BLK-17 BUS-10", "ERROR", status_error),
	CASE("response-status-unknown", "BLK-17 BUS-10", "status -3", status_unknown),
	CASE("response-status-positive", "BLK-17 BUS-10", "status 1", status_positive),
	CASE("response-status-least", "BLK-17 BUS-10", "status -32768", status_least),
	CASE("response-no-flush", "BLK-12 BUS-10", "EOPNOTSUPP to a FLUSH that was offered", flush_is_refused),
	CASE("response-no-barrier", "BLK-12 BUS-10", "EOPNOTSUPP to a BARRIER that was offered", barrier_is_refused),
	CASE("response-too-many", "RING-9 BUS-10", "one response more than there are requests", one_too_many),
	CASE("response-far-ahead", "RING-9 BUS-10", "rsp_prod half a circle ahead", far_ahead),
	CASE("response-backwards", "RING-9 BUS-10", "rsp_prod one back", backwards),
	CASE("response-stays-broken", "RING-14 BUS-10", "a broken ring is not mended by a good index", stays_broken),
	CASE("response-own-indexes", "RING-6 BUS-10", "the frontend's index in the page is overwritten", own_indexes),
	CASE("response-after-index", "RING-12 BUS-10", "a slot that changes before it is published",
	     response_after_index),
	CASE("response-flickers", "RING-13 BUS-10", "a response that changes while it is read", response_flickers),
	{ .head.name = NULL },
};
