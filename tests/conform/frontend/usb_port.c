// SPDX-License-Identifier: MIT
/* What a frontend is told of its controller: how many ports that has, and what is at them. */
#include "tests/conform/case.h"

#include <stdio.h>
#include <string.h>

#include "tests/conform/peer/nodes.h"

#define SPARE_PORT 3 /* at which nothing answers */

/* ---- nodes ----------------------------------------------------------------------------------------------------- */

static void earlier_protocol(struct play *play)
{
	struct nodes nodes;
	struct errbuf err;

	need(xb_write(&play->store, play->back.dev.otherend, "protocol", &err, "conform-abi"), &err);
	play_drive(play, "idle");
	play_offer(play);
	must_announce(play, "BUS-10");
	nodes_read_from(&nodes, &play->store, play->back.dev.otherend);
	MUST("BUS-15", strcmp(nodes_get(&nodes, "protocol"), "conform-abi") != 0,
	     "it leaves protocol of an earlier connection");
}

/* Of ports that it may not have taken up it is told nothing. */
static void wrong_offer(struct play *play)
{
	char what[PLAY_WHAT_BYTES];

	play_vusb_plug(play_vusb_of(play), 2, USB_SPEED_NONE);
	if (!play_offer_wrong(play, "verify", what))
		return;
	must_attach(play);
	back_switch(&play->back, XB_CONNECTED);
	if (!must_decide(play, "BUS-49", what))
		return;
	MUST("BUS-49", play_serve(play) == 0, "its workload fails with status %d", play->status);
	must_go_down(play, "BUS-31");
}

/* ---- places for events ----------------------------------------------------------------------------------------- */

/* All that is at the ports now. */
static void must_be_told(struct play_vusb *vusb)
{
	while (vusb->events.ring && !play_vusb_has_told(vusb)) {
		must_have_place(vusb);
		play_sleep(&vusb->play, 0);
		play_serve_what_is_there(&vusb->play);
	}
	MUST("USB-26", vusb->events.ring, "it closes after an event");
}

static void has_places(struct play *play)
{
	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	must_be_told(play_vusb_of(play));
	must_have_place(play_vusb_of(play));
	must_go_down(play, "BUS-31");
}

/* More than the ring takes, so that only what was put in the place of others is left. */
static void keeps_places(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	play_drive(play, "idle");
	must_come_up(play, "BUS-10");
	for (unsigned int i = 0; i < 2 * PLAY_VUSB_PLACES; i++) {
		play_vusb_plug(vusb, SPARE_PORT, i % 2 ? USB_SPEED_NONE : USB_SPEED_FULL);
		must_be_told(vusb);
	}
	must_go_down(play, "BUS-31");
}

static void plugged_late(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	play_vusb_plug(vusb, 1, USB_SPEED_NONE);
	play_vusb_plug(vusb, 2, USB_SPEED_NONE);
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play_await_drive(play, 2 * PLAY_SILENCE_MS);
	play_vusb_plug(vusb, 1, USB_SPEED_HIGH);
	play->stall_clause = "USB-26";
	MUST("USB-26", play_serve(play) == 0, "its workload fails with status %d, and the device was plugged in late",
	     play->status);
	must_go_down(play, "BUS-31");
}

/* ---- events that no correct backend tells ---------------------------------------------------------------------- */

struct event {
	uint8_t port, speed;
};

/* Whoever has believed it goes on when all is answered. */
static void bad_event(struct play *play)
{
	const struct event *event = play->how;
	struct play_vusb *vusb = play_vusb_of(play);
	ring_idx req_prod;
	char why[64];

	snprintf(why, sizeof(why), "an event of port %u with speed %u", event->port, event->speed);
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	play_vusb_hold_all(vusb);
	must_have_place(vusb);
	req_prod = back_req_prod(&play->back);
	play_vusb_tell(vusb, event->port, event->speed);
	play_await_refusal(play, PLAY_SILENCE_MS / 4);
	play_vusb_finish_held(vusb, 0);
	must_stop_at(play, req_prod, "USB-31", why);
}

#define BAD(port, speed) .how = &(const struct event){ port, speed }

const struct frontend_case front_usb_port_cases[] = {
	CASE("usb-earlier-protocol", "BUS-15 BUS-10", "what an earlier connection left is removed", earlier_protocol),
	CASE("usb-offer-ports-0", "BUS-49 BUS-31", "no port", wrong_offer, WRONG("num-ports", "0")),
	CASE("usb-offer-ports-32", "BUS-49 BUS-31", "more ports than there can be", wrong_offer,
	     WRONG("num-ports", "32")),
	CASE("usb-offer-ports-2-32", "BUS-49 BUS-31", "ports that are 1 modulo 2^32", wrong_offer,
	     WRONG("num-ports", "4294967297")),
	CASE("usb-offer-ports-text", "BUS-49 BUS-31", "ports that are no number", wrong_offer,
	     WRONG("num-ports", "many")),
	CASE("usb-places", "USB-26 BUS-10 BUS-31", "there are requests for events", has_places),
	CASE("usb-places-kept", "USB-26 BUS-10 BUS-31", "and again one for each that was used", keeps_places),
	CASE("usb-plugged-late", "USB-26 BUS-10 BUS-31", "a device that comes to a controller in use", plugged_late),
	CASE("usb-event-port-0", "USB-31 BUS-10", "an event of port 0", bad_event, BAD(0, USB_SPEED_HIGH)),
	CASE("usb-event-port-9", "USB-31 BUS-10", "of the port after the last", bad_event, BAD(9, USB_SPEED_HIGH)),
	CASE("usb-event-port-255", "USB-31 BUS-10", "of a port that no controller has", bad_event,
	     BAD(255, USB_SPEED_NONE)),
	CASE("usb-event-speed-4", "USB-31 BUS-10", "an event with the speed after the last", bad_event, BAD(3, 4)),
	CASE("usb-event-speed-255", "USB-31 BUS-10", "with one far beyond", bad_event, BAD(3, 255)),
	{ .head.name = NULL },
};
