// SPDX-License-Identifier: MIT
/* The two rings of a USB controller: what they look like, how far their indexes go, and the pages that URBs name. */
#include "tests/conform/case.h"

#include <string.h>

#define UNWRITTEN  0xee /* bits of a pipe that nobody sets are set then */
#define PIPE_AT	   4	/* in an URB's slot */
#define FIRST_GREF 8
#define HEADER	   64

/* Of play->how, which is one of these two. */
static const char of_urbs[] = "the ring of URBs", of_events[] = "the ring of events";

static struct back *ring_of(struct play *play)
{
	return play->how == of_events ? &play_vusb_of(play)->events : &play->back;
}

static void attach(struct play *play)
{
	play_drive(play, "verify");
	play_offer(play);
	must_announce(play, "BUS-10");
	must_attach(play);
}

static void come_up(struct play *play)
{
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
}

/* ---- what they look like --------------------------------------------------------------------------------------- */

static void new_ring_is_clean(struct play *play)
{
	attach(play);
	must_be_new(ring_of(play), play->how);
}

static void uses_all_slots(struct play *play)
{
	struct back *urbs = &play->back;
	const uint8_t *slot;

	attach(play);
	memset((uint8_t *)urbs->ring + HEADER, UNWRITTEN, BACK_PAGE_BYTES - HEADER);
	back_switch(urbs, XB_CONNECTED);
	while (play_await_request(play)) {
		slot = back_slot(urbs, urbs->req_cons);
		MUST("RING-1", slot[PIPE_AT + 2] != UNWRITTEN || slot[PIPE_AT + 3] != UNWRITTEN,
		     "it has published up to %#x and not filled slot %u", peer_load(&urbs->ring->req_prod),
		     urbs->req_cons % PLAY_VUSB_SLOTS);
		if (play_take_next(play))
			play_finish(play);
	}
	MUST("RING-1", play->status == 0, "its workload fails with status %d", play->status);
}

/* For events of the other ring nobody asks. */
static void leaves_our_fields(struct play *play)
{
	struct back *urbs = &play->back, *events = &play_vusb_of(play)->events;
	ring_idx req_event;

	come_up(play);
	play->is_polling = true;
	back_ask_for_event(urbs, req_event = urbs->req_cons + 1);
	while (play_take_next(play)) {
		must_leave_our_fields(urbs, req_event);
		must_leave_our_fields(events, 1);
		play_finish(play);
		if (urbs->ring)
			back_ask_for_event(urbs, req_event = urbs->req_cons + 1);
	}
}

static void request_before_index(struct play *play)
{
	come_up(play);
	must_fill_each_before_index(play);
}

/* ---- how full they get ----------------------------------------------------------------------------------------- */

static void full_ring(struct play *play)
{
	come_up(play);
	play_vusb_hold_all(play_vusb_of(play));
	play_vusb_finish_held(play_vusb_of(play), 0);
	MUST("RING-8", play_serve(play) == 0, "its workload fails with status %d", play->status);
}

/* ---- indexes that no ring can have ----------------------------------------------------------------------------- */

static struct back *begin(struct play *play)
{
	come_up(play);
	play->is_manual = true;
	play_vusb_hold_all(play_vusb_of(play));
	return ring_of(play);
}

/* Whoever has believed it goes on: where URBs can still be answered, they are. What was published before counts. */
static void must_have_stopped(struct play *play, ring_idx req_prod, const char *clause, const char *why)
{
	back_notify(&play->back);
	play_await_refusal(play, PLAY_SILENCE_MS / 4);
	if (play->how == of_events)
		play_vusb_finish_held(play_vusb_of(play), 0);
	must_stop_at(play, req_prod, clause, why);
}

static void bad_index(struct play *play, struct back *ring, ring_idx rsp_prod, const char *why)
{
	ring_idx req_prod = back_req_prod(&play->back);

	back_set_rsp_prod(ring, rsp_prod);
	must_have_stopped(play, req_prod, "RING-9", why);
}

static void one_too_many(struct play *play)
{
	struct back *ring = begin(play);

	bad_index(play, ring, back_req_prod(ring) + 1, "a response more than there are requests");
}

static void far_ahead(struct play *play)
{
	struct back *ring = begin(play);

	bad_index(play, ring, ring->rsp_prod + 0x80000000U, "rsp_prod half a circle ahead");
}

static void backwards(struct play *play)
{
	struct back *ring = begin(play);

	bad_index(play, ring, ring->rsp_prod - 1, "rsp_prod one back");
}

/* It is too late for good ones. */
static void stays_broken(struct play *play)
{
	struct back *ring = begin(play);
	ring_idx req_prod = back_req_prod(&play->back);

	back_set_rsp_prod(ring, back_req_prod(ring) + 1);
	must_have_stopped(play, req_prod, "RING-14", "an index that is impossible");
	back_set_rsp_prod(ring, ring->rsp_prod);
	if (play->how == of_urbs)
		play_vusb_finish_held(play_vusb_of(play), 0);
	must_have_stopped(play, req_prod, "RING-14", "an index that was impossible, and is good now");
}

/* The frontend's own, in the page. */
static void own_indexes(struct play *play)
{
	static const ring_idx ahead[] = { 20, -1U, 0x80000000U, 1, 33 };
	struct back *ring = ring_of(play);

	come_up(play);
	play->is_polling = true;
	play->stall_clause = "RING-6";
	while (play_take_next(play)) {
		play_finish(play);
		if (!ring->ring)
			continue;
		back_overwrite_rsp_event(ring, ring->rsp_prod + ahead[play->nr_taken % 5]);
		back_notify(&play->back);
	}
	MUST("RING-6", play->status == 0, "its workload fails with status %d after rsp_event was overwritten",
	     play->status);
}

/* ---- pages ----------------------------------------------------------------------------------------------------- */

static void grants_are_not_reserved(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);
	const struct usb_urb *urb = &vusb->taken;

	come_up(play);
	MUST("GNT-4", play->back.refs[0] >= FIRST_GREF && vusb->events.refs[0] >= FIRST_GREF,
	     "its rings are grants %u and %u", play->back.refs[0], vusb->events.refs[0]);
	while (play_take_next(play)) {
		for (unsigned int i = 0; !urb->is_unlink && i < urb->nr_segments + urb->nr_desc_segments; i++)
			MUST("GNT-4", urb->segment[i].gref >= FIRST_GREF, "segment %u of an URB is grant %u", i,
			     urb->segment[i].gref);
		play_finish(play);
	}
	MUST("GNT-4", play->status == 0, "its workload fails with status %d", play->status);
}

static void fetch(struct play *play, const struct usb_urb *urb, uint8_t *octets)
{
	MUST("GNT-1", back_usb_move(&play->back, urb->segment, urb->nr_segments, 0, urb->len_bytes, octets, false),
	     "a page of an URB that has no answer yet cannot be read");
}

static void data_stays(struct play *play)
{
	static uint8_t before[GADGET_MAX_BYTES], after[GADGET_MAX_BYTES];
	struct play_vusb *vusb = play_vusb_of(play);

	come_up(play);
	do {
		if (vusb->nr_of[USB_BULK] > 0)
			play_finish(play);
		if (!play_vusb_await_transfer(vusb))
			skip("its workload sends nothing");
	} while (vusb->taken.is_in || vusb->taken.len_bytes == 0);
	fetch(play, &vusb->taken, before);
	play->is_manual = true;
	play_await_drive(play, PLAY_SILENCE_MS);
	fetch(play, &vusb->taken, after);
	MUST("GNT-17", memcmp(before, after, vusb->taken.len_bytes) == 0,
	     "it changes a page of an URB that has no answer yet");
}

#define OF_BOTH(name, clauses, about, function)                                                                        \
	CASE("usb-ring-urbs-" name, clauses, about, function, .how = of_urbs),                                         \
		CASE("usb-ring-events-" name, clauses, about, function, .how = of_events)

const struct frontend_case front_usb_ring_cases[] = {
	OF_BOTH("new", "RING-2 BUS-10", "a new ring is empty, and its page is", new_ring_is_clean),
	CASE("usb-ring-slots", "RING-1 BUS-10", "slots are filled where the layout says, lap by lap", uses_all_slots),
	CASE("usb-ring-fields", "RING-4 BUS-10", "the backend's fields of the headers are the backend's",
	     leaves_our_fields),
	CASE("usb-ring-before-index", "RING-11 BUS-10", "slots are there as soon as req_prod says so",
	     request_before_index),
	CASE("usb-ring-full", "RING-8 BUS-10", "as many URBs as it likes, and no answer", full_ring),
	OF_BOTH("too-many", "RING-9 BUS-10", "one response more than there are requests", one_too_many),
	OF_BOTH("far-ahead", "RING-9 BUS-10", "rsp_prod half a circle ahead", far_ahead),
	OF_BOTH("backwards", "RING-9 BUS-10", "rsp_prod one back", backwards),
	OF_BOTH("stays-broken", "RING-14 BUS-10", "a broken ring is not mended by a good index", stays_broken),
	OF_BOTH("own-indexes", "RING-6 BUS-10", "the frontend's index in the page is overwritten", own_indexes),
	CASE("usb-grant-not-reserved", "GNT-4 BUS-10", "no grant is one of those that Xen reserves",
	     grants_are_not_reserved),
	CASE("usb-grant-data-stays", "GNT-17 GNT-1 BUS-10", "data stays as it is until the answer", data_stays),
	{ .head.name = NULL },
};
