// SPDX-License-Identifier: MIT
/* Answers to what a frontend has sent: in another order, with errors, and such as no correct backend gives. */
#include "tests/conform/case.h"

#define MAX_HELD 64

/* ---- legal ones ------------------------------------------------------------------------------------------------ */

static void answer_slot(struct play *play, const netif_tx_request_t *slot, bool is_extra)
{
	back_put_raw(&play->back, &(netif_tx_response_t){ slot->id, is_extra ? NETIF_RSP_NULL : NETIF_RSP_OKAY });
}

/* As many frames as it sends at once, and their slots from the last on; they come back in their order. */
static void in_reverse(struct play *play)
{
	static struct play_vif_frame held[MAX_HELD];
	struct play_vif *vif = play_vif_of(play);
	unsigned int nr;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->stall_clause = "RING-15";
	while (play_await_request(play)) {
		for (nr = 0; nr < MAX_HELD && play_take_next_within(play, 5); nr++)
			held[nr] = vif->taken;
		for (unsigned int i = nr; play->back.ring && i-- > 0;) {
			for (unsigned int slot = held[i].nr_slots; slot-- > 0;)
				answer_slot(play, &held[i].slot[slot], held[i].is_extra[slot]);
		}
		if (play->back.ring)
			back_push(&play->back);
		for (unsigned int i = 0; i < nr; i++) {
			vif->taken = held[i];
			play_vif_mirror(vif);
		}
	}
	MUST("RING-15", play->status == 0, "its workload fails with status %d", play->status);
}

/* The frame is lost, which a workload may take for a failure; but nobody waits for it. */
static void with_status(struct play *play, int16_t status)
{
	struct play_vif *vif = play_vif_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->stall_clause = "NET-70";
	while (play_take_next(play)) {
		bool is_lost = play->nr_taken % 7 == 3;

		MUST("NET-70", back_frontend_state(&play->back) == XB_CONNECTED || !is_lost,
		     "it is %s after a status of %d", xb_state_name(back_frontend_state(&play->back)), status);
		play_vif_answer(vif, is_lost ? status : NETIF_RSP_OKAY);
		play_vif_mirror(vif);
	}
}

static void with_errors(struct play *play)
{
	with_status(play, NETIF_RSP_ERROR);
}

static void with_drops(struct play *play)
{
	with_status(play, NETIF_RSP_DROPPED);
}

/* ---- others ---------------------------------------------------------------------------------------------------- */

static netif_tx_request_t hold_one(struct play *play)
{
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	play_vif_hold_all(play_vif_of(play));
	return play_vif_of(play)->taken.slot[0];
}

/* Whoever has believed it goes on when all else is answered. */
static void must_have_stopped(struct play *play, const netif_tx_response_t *response, const char *why)
{
	ring_idx req_prod = back_req_prod(&play->back);

	back_put_raw(&play->back, response);
	back_push(&play->back);
	back_sleep(&play->back, PLAY_SILENCE_MS / 4);
	play_vif_finish_held(play_vif_of(play), 1);
	must_stop_at(play, req_prod, "NET-70", why);
}

static void bad_id(struct play *play, uint16_t flipped)
{
	netif_tx_request_t slot = hold_one(play);

	must_have_stopped(play, &(netif_tx_response_t){ slot.id ^ flipped, NETIF_RSP_OKAY },
			  "an answer with an id that is not out");
}

/* Other slots may be out: of an id that is far from all of them this one is sure. */
static void unknown_id(struct play *play)
{
	bad_id(play, 0x5555);
}

static void huge_id(struct play *play)
{
	bad_id(play, 0xff00);
}

static void answered_id(struct play *play)
{
	netif_tx_request_t slot = hold_one(play);

	answer_slot(play, &slot, false);
	must_have_stopped(play, &(netif_tx_response_t){ slot.id, NETIF_RSP_OKAY }, "a second answer to one slot");
}

/* No extra is out. */
static void null_without_extra(struct play *play)
{
	play_vif_offer_nothing(play_vif_of(play));
	hold_one(play);
	must_have_stopped(play, &(netif_tx_response_t){ 0, NETIF_RSP_NULL }, "an answer to an extra that is not out");
}

const struct frontend_case front_net_answer_cases[] = {
	CASE("answer-any-order", "RING-15 BUS-10", "slots are answered in the reverse order", in_reverse),
	CASE("answer-error", "NET-70 BUS-10", "some of its frames are answered ERROR", with_errors),
	CASE("answer-dropped", "NET-70 BUS-10", "some are answered DROPPED", with_drops),
	CASE("answer-unknown-id", "NET-70 BUS-10", "an id that was never used", unknown_id),
	CASE("answer-huge-id", "NET-70 BUS-10", "an id that is no index of anything", huge_id),
	CASE("answer-answered-id", "NET-70 BUS-10", "an id that was answered before", answered_id),
	CASE("answer-null", "NET-70 BUS-10", "NULL, and there was no extra", null_without_extra),
	{ .head.name = NULL },
};
