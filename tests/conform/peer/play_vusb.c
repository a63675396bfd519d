// SPDX-License-Identifier: MIT
/* The controller of a case about a frontend: its nodes, its rings, its ports. */
#include "tests/conform/peer/play_vusb.h"

#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"

struct play_vusb *play_vusb_of(struct play *play)
{
	return (struct play_vusb *)play;
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void begin(struct play *play)
{
	static struct gadget gadgets[2];
	struct play_vusb *vusb = play_vusb_of(play);

	vusb->events.port = vusb->events.wake_fd = -1;
	for (unsigned int i = 0; i < 2; i++) {
		gadget_init(&gadgets[i], i);
		vusb->port[1 + i].speed = USB_SPEED_HIGH;
		vusb->port[1 + i].gadget = &gadgets[i];
	}
}

/* All there are a toolstack has written. */
static void write_none(struct back *back)
{
}

static void set_environment(const struct play *play)
{
}

static void judge_protocol(struct play_vusb *vusb)
{
	struct back *back = &vusb->play.back;
	char protocol[32];
	struct errbuf why;

	need(xb_read_string_or(back->store, back->dev.otherend, "protocol", "", protocol, sizeof(protocol), &why),
	     &why);
	MUST("BUS-10", !*protocol || usb_protocol_check(protocol, &why) == 0, "it has announced its rings, but %s",
	     why.text);
}

static void attach(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);
	struct back *back = &play->back;
	struct errbuf why;

	judge_protocol(vusb);
	MUST("BUS-10", back_usb_read(back, &vusb->events, &why), "it has announced its rings, but %s", why.text);
	if (!back_usb_attach(back, &vusb->events, &why))
		fail(back->port < 0 ? "EVT-1" : "GNT-1", "%s", why.text);
	vusb->nr_waiting = 0;
	memset(vusb->is_out, false, sizeof(vusb->is_out));
	for (unsigned int port = 1; port <= PLAY_VUSB_PORTS; port++) {
		vusb->port[port].told = USB_SPEED_NONE;
		vusb->port[port].address = 0;
	}
}

static void release(struct play *play)
{
	back_usb_release(&play->back, &play_vusb_of(play)->events);
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

static bool has_place(const struct play_vusb *vusb)
{
	must_be_possible(&vusb->events);
	return back_nr_requests(&vusb->events) > 0;
}

void must_have_place(struct play_vusb *vusb)
{
	uint64_t deadline_ns = clock_in_ms(PLAY_PATIENCE_MS);

	while (!has_place(vusb)) {
		MUST("USB-26", clock_now_ns() < deadline_ns,
		     "there is no request for an event, after %u of them", vusb->events.rsp_prod);
		play_sleep(&vusb->play, 1);
	}
}

void play_vusb_tell(struct play_vusb *vusb, uint8_t port, uint8_t speed)
{
	back_usb_tell(&vusb->play.back, &vusb->events, port, speed);
}

void play_vusb_plug(struct play_vusb *vusb, uint8_t port, uint8_t speed)
{
	vusb->port[port].speed = speed;
}

bool play_vusb_has_told(const struct play_vusb *vusb)
{
	for (unsigned int port = 1; port <= PLAY_VUSB_PORTS; port++) {
		if (vusb->port[port].told != vusb->port[port].speed)
			return false;
	}
	return true;
}

static void look(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	if (!play->back.ring || back_own_state(&play->back) != XB_CONNECTED)
		return;
	for (uint8_t number = 1; number <= PLAY_VUSB_PORTS; number++) {
		struct play_vusb_port *port = &vusb->port[number];

		if (port->told == port->speed || !has_place(vusb))
			continue;
		play_vusb_tell(vusb, number, port->speed);
		port->told = port->speed;
	}
}

/* ---- taking ---------------------------------------------------------------------------------------------------- */

/* USB-6 */
static void read_length(struct usb_urb *urb)
{
	uint32_t room = 0;

	for (unsigned int i = 0; i < urb->nr_segments && i < USB_MAX_SEGMENTS; i++)
		room += urb->segment[i].len_bytes;
	if (urb->len_bytes == 0 && room == GADGET_MAX_BYTES)
		urb->len_bytes = room;
}

static void take(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);
	uint8_t octets[USB_URB_REQUEST_BYTES];

	back_take_raw(&play->back, octets);
	usb_urb_decode(octets, &vusb->taken);
	read_length(&vusb->taken);
	play_vusb_judge(vusb);
	vusb->is_out[vusb->taken.id] = true;
	vusb->nr_unlinks += vusb->taken.is_unlink;
	vusb->nr_of[vusb->taken.type] += !vusb->taken.is_unlink;
}

bool play_vusb_await_transfer(struct play_vusb *vusb)
{
	while (play_take_next(&vusb->play)) {
		if (vusb->taken.type != USB_CONTROL)
			return true;
		play_finish(&vusb->play);
	}
	return false;
}

static bool hold(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	vusb->nr_held = 0;
	if (!play_vusb_await_transfer(vusb))
		return false;
	do {
		vusb->held[vusb->nr_held++] = vusb->taken;
	} while (vusb->nr_held < PLAY_VUSB_SLOTS && play_take_next_within(play, PLAY_SILENCE_MS / 4));
	vusb->taken = vusb->held[0];
	return true;
}

void play_vusb_hold_all(struct play_vusb *vusb)
{
	if (!hold(&vusb->play))
		skip("its workload ends with status %d before it has asked for anything", vusb->play.status);
}

void play_vusb_finish_held(struct play_vusb *vusb, unsigned int nr_answered)
{
	for (unsigned int i = nr_answered; i < vusb->nr_held; i++) {
		if (play_await_refusal(&vusb->play, 0) || !play_is_driven(&vusb->play))
			return;
		vusb->taken = vusb->held[i];
		play_finish(&vusb->play);
	}
}

const struct play_class play_vusb_class = {
	.kind = "vusb",
	.load = "verify",
	.begin = begin,
	.write_limits = write_none,
	.write_rest = write_none,
	.set_environment = set_environment,
	.attach = attach,
	.release = release,
	.look = look,
	.take = take,
	.finish = play_vusb_finish,
	.hold = hold,
};
