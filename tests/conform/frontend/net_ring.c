// SPDX-License-Identifier: MIT
/* The two rings of a vif: what they look like, how far their indexes go, and the pages that their slots name. */
#include "tests/conform/case.h"

#include <string.h>

#define UNWRITTEN  0xee /* no frontend writes that into a slot's flags */
#define FIRST_GREF 8
#define HEADER     64

/* Of play->how, which is one of these two. */
static const char of_tx[] = "the TX ring", of_rx[] = "the RX ring";

static struct back *ring_of(struct play *play)
{
	return play->how == of_rx ? &play_vif_of(play)->rx : &play->back;
}

static void attach(struct play *play, const char *work)
{
	play_drive(play, work);
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
}

/* ---- what they look like --------------------------------------------------------------------------------------- */

static void new_ring_is_clean(struct play *play)
{
	attach(play, "verify");
	must_be_new(ring_of(play), play->how);
}

/* Slots of which nothing was put into are not those that it has published. */
static void uses_all_slots(struct play *play)
{
	struct back *tx = &play->back;
	const netif_tx_request_t *slot;

	attach(play, "verify");
	memset((uint8_t *)tx->ring + HEADER, UNWRITTEN, BACK_PAGE_BYTES - HEADER);
	back_switch(tx, XB_CONNECTED);
	while (play_await_request(play)) {
		slot = (const void *)back_slot(tx, tx->req_cons);
		MUST("RING-1", slot->flags >> 8 != UNWRITTEN, "it has published up to %#x and not filled slot %u",
		     peer_load(&tx->ring->req_prod), tx->req_cons % PLAY_VIF_SLOTS);
		if (play_take_next(play))
			play_finish(play);
	}
	MUST("RING-1", play->status == 0, "its workload fails with status %d", play->status);
}

static void leaves_our_fields(struct play *play)
{
	struct back *tx = &play->back;
	ring_idx req_event;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_polling = true;
	back_ask_for_event(tx, req_event = tx->req_cons + 1);
	while (play_take_next(play)) {
		must_leave_our_fields(tx, req_event);
		play_finish(play);
		if (tx->ring)
			back_ask_for_event(tx, req_event = tx->req_cons + 1);
	}
}

static void request_before_index(struct play *play)
{
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	must_fill_each_before_index(play);
}

/* ---- how full they get ----------------------------------------------------------------------------------------- */

static void full_ring(struct play *play)
{
	static struct play_vif_frame held[PLAY_VIF_SLOTS];
	struct play_vif *vif = play_vif_of(play);
	unsigned int nr = 0;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	while (nr < PLAY_VIF_SLOTS && play_take_next_within(play, 2 * PLAY_SILENCE_MS))
		held[nr++] = vif->taken;
	for (unsigned int i = 0; i < nr; i++) {
		vif->taken = held[i];
		play_finish(play);
	}
	MUST("RING-8", play_serve(play) == 0, "its workload fails with status %d", play->status);
}

/* ---- indexes that no ring can have ----------------------------------------------------------------------------- */

static struct back *begin(struct play *play)
{
	struct back *ring = ring_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	play_vif_hold_all(play_vif_of(play));
	if (!play_vif_await_buffers(play_vif_of(play), 1))
		error("it has ended before it was given anything");
	return ring;
}

/* Whoever has believed it goes on. */
static void must_have_stopped(struct play *play, const char *clause, const char *why)
{
	back_notify(&play->back);
	play_vif_notify(play_vif_of(play));
	back_sleep(&play->back, PLAY_SILENCE_MS / 4);
	must_stop(play, clause, why);
}

static void one_too_many(struct play *play)
{
	struct back *ring = begin(play);

	back_set_rsp_prod(ring, peer_load(&ring->ring->req_prod) + 1);
	must_have_stopped(play, "RING-9", "a response more than there are requests");
}

static void far_ahead(struct play *play)
{
	struct back *ring = begin(play);

	back_set_rsp_prod(ring, ring->rsp_prod + 0x80000000U);
	must_have_stopped(play, "RING-9", "rsp_prod half a circle ahead");
}

static void backwards(struct play *play)
{
	struct back *ring = begin(play);

	back_set_rsp_prod(ring, ring->rsp_prod - 1);
	must_have_stopped(play, "RING-9", "rsp_prod one back");
}

/* It is too late for good ones. */
static void stays_broken(struct play *play)
{
	struct back *ring = begin(play);

	back_set_rsp_prod(ring, peer_load(&ring->ring->req_prod) + 1);
	must_have_stopped(play, "RING-14", "an index that is impossible");
	back_set_rsp_prod(ring, ring->rsp_prod);
	play_vif_answer(play_vif_of(play), NETIF_RSP_OKAY);
	must_have_stopped(play, "RING-14", "an index that was impossible, and is good now");
}

/* The frontend's own, in the page. */
static void own_indexes(struct play *play)
{
	static const ring_idx ahead[] = { 20, -1U, 0x80000000U, 1, 33 };
	struct back *ring = ring_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_polling = true;
	play->stall_clause = "RING-6";
	while (play_take_next(play)) {
		play_finish(play);
		if (!ring->ring)
			continue;
		back_overwrite_rsp_event(ring, ring->rsp_prod + ahead[play->nr_taken % 5]);
		back_notify(&play->back);
		play_vif_notify(play_vif_of(play));
	}
	MUST("RING-6", play->status == 0, "its workload fails with status %d after rsp_event was overwritten",
	     play->status);
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

static void grants_are_not_reserved(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	MUST("GNT-4", play->back.refs[0] >= FIRST_GREF && vif->rx.refs[0] >= FIRST_GREF,
	     "its rings are grants %u and %u", play->back.refs[0], vif->rx.refs[0]);
	while (play_take_next(play)) {
		for (unsigned int i = 0; i < vif->taken.nr_slots; i++)
			MUST("GNT-4", vif->taken.is_extra[i] || vif->taken.slot[i].gref >= FIRST_GREF,
			     "slot %u of a frame is grant %u", i, vif->taken.slot[i].gref);
		play_finish(play);
	}
	MUST("GNT-4", play->status == 0, "its workload fails with status %d", play->status);
}

static void data_stays(struct play *play)
{
	struct play_vif *vif = play_vif_of(play);
	static struct frame before;

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	must_ask_next(play);
	before = vif->taken.frame;
	play->is_manual = true;
	play_await_drive(play, PLAY_SILENCE_MS);
	MUST("GNT-1", back_read_page(&play->back, vif->taken.slot[0].gref, vif->taken.slot[0].offset,
				     vif->taken.slot[0].size, vif->taken.frame.bytes),
	     "grant %u cannot be read any more, and has no answer yet", vif->taken.slot[0].gref);
	MUST("GNT-17", memcmp(before.bytes, vif->taken.frame.bytes, vif->taken.slot[0].size) == 0,
	     "it changes a page of a frame that has no answer yet");
}

/* A backend that keeps a buffer mapped, and says that it is filled. */
static void buffer_in_use(struct play *play)
{
	static uint8_t kept[BACK_PAGE_BYTES];
	struct play_vif *vif = play_vif_of(play);
	netif_rx_request_t buffer;
	uint8_t *page;

	play->how = of_rx;
	begin(play);
	buffer = play_vif_buffer(vif);
	page = back_map(&play->back, buffer.gref, true);
	MUST("GNT-1", page, "a buffer, grant %u, cannot be written", buffer.gref);
	memset(page, 0x5b, BACK_PAGE_BYTES);
	memcpy(kept, page, sizeof(kept));
	back_put_raw(&vif->rx, &(netif_rx_response_t){ .id = buffer.id, .status = BACK_PAGE_BYTES });
	play_vif_push(vif);
	play_vif_answer(vif, NETIF_RSP_OKAY);
	play_await_drive(play, 2 * PLAY_SILENCE_MS);
	MUST("GNT-16", memcmp(kept, page, sizeof(kept)) == 0, "it uses a buffer that is mapped for something else");
}

#define OF_BOTH(name, clauses, about, function)                                                                        \
	CASE("ring-send-" name, clauses, about, function, .how = of_tx),                                               \
		CASE("ring-receive-" name, clauses, about, function, .how = of_rx)

const struct frontend_case front_net_ring_cases[] = {
	OF_BOTH("new", "RING-2 BUS-10", "a new ring is empty, and its page is", new_ring_is_clean),
	CASE("ring-send-slots", "RING-1 BUS-10", "slots are filled where the layout says, lap by lap", uses_all_slots),
	CASE("ring-send-fields", "RING-4 BUS-10", "the backend's fields of the header are the backend's",
	     leaves_our_fields),
	CASE("ring-send-before-index", "RING-11 BUS-10", "slots are there as soon as req_prod says so",
	     request_before_index),
	CASE("ring-send-full", "RING-8 BUS-10", "as many frames as it likes, and no answer", full_ring),
	OF_BOTH("too-many", "RING-9 BUS-10", "one response more than there are requests", one_too_many),
	OF_BOTH("far-ahead", "RING-9 BUS-10", "rsp_prod half a circle ahead", far_ahead),
	OF_BOTH("backwards", "RING-9 BUS-10", "rsp_prod one back", backwards),
	OF_BOTH("stays-broken", "RING-14 BUS-10", "a broken ring is not mended by a good index", stays_broken),
	OF_BOTH("own-indexes", "RING-6 BUS-10", "the frontend's index in the page is overwritten", own_indexes),
	CASE("grant-not-reserved", "GNT-4 BUS-10", "no grant is one of those that Xen reserves",
	     grants_are_not_reserved),
	CASE("grant-buffer-in-use", "GNT-16 GNT-1 BUS-10", "a buffer that is still mapped after it was filled",
	     buffer_in_use),
	CASE("grant-data-stays", "GNT-17 GNT-1 BUS-10", "data stays as it is until the answer", data_stays),
	{ .head.name = NULL },
};
