// SPDX-License-Identifier: MIT
/* Answers to URBs that no correct backend gives. */
#include "tests/conform/case.h"

#include <limits.h>

static struct play_vusb *begin(struct play *play)
{
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	play_vusb_hold_all(play_vusb_of(play));
	return play_vusb_of(play);
}

/* In place of that to the first that is held. Whoever has believed it goes on when all others are answered. */
static void must_have_stopped(struct play_vusb *vusb, const struct usb_urb *urb, int32_t actual_bytes, const char *why)
{
	struct play *play = &vusb->play;
	ring_idx req_prod = back_req_prod(&play->back);

	if (vusb->nr_held > 0)
		play_vusb_swallow(vusb, &vusb->held[0]);
	play_vusb_answer(vusb, urb, USBIF_STATUS_OK, actual_bytes);
	play_await_refusal(play, PLAY_SILENCE_MS / 4);
	play_vusb_finish_held(vusb, 1);
	must_stop_at(play, req_prod, "USB-31", why);
}

/* ---- ids ------------------------------------------------------------------------------------------------------- */

/* Of all that differ from that of an URB that is out, the first that is none itself. */
static void bad_id(struct play *play, uint16_t flipped)
{
	struct play_vusb *vusb = begin(play);
	struct usb_urb urb = vusb->held[0];

	urb.id ^= flipped;
	while (vusb->is_out[urb.id])
		urb.id++;
	must_have_stopped(vusb, &urb, 0, "an answer with an id that is not out");
}

static void unknown_id(struct play *play)
{
	bad_id(play, 0x0010);
}

static void huge_id(struct play *play)
{
	bad_id(play, 0xff00);
}

static void answered_id(struct play *play)
{
	struct play_vusb *vusb = begin(play);
	struct usb_urb urb = vusb->held[0];

	play_vusb_finish_held(vusb, 0);
	vusb->nr_held = 0;
	while (vusb->nr_held < PLAY_VUSB_SLOTS && play_take_next_within(play, PLAY_SILENCE_MS / 4))
		vusb->held[vusb->nr_held++] = vusb->taken;
	if (vusb->is_out[urb.id])
		skip("it uses an id again at once");
	must_have_stopped(vusb, &urb, 0, "a second answer to one URB");
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

/* Of the first that is held in that direction; it becomes the first of all. */
static void bad_length(struct play *play, bool is_in, int32_t more_bytes)
{
	struct play_vusb *vusb = begin(play);
	struct usb_urb urb;
	unsigned int i = 0;

	while (i < vusb->nr_held && vusb->held[i].is_in != is_in)
		i++;
	if (i == vusb->nr_held)
		skip("it has nothing out %s the device", is_in ? "from" : "to");
	urb = vusb->held[i];
	vusb->held[i] = vusb->held[0];
	vusb->held[0] = urb;
	must_have_stopped(vusb, &urb, more_bytes < 0 ? more_bytes : (int32_t)urb.len_bytes + more_bytes,
			  "an answer with more octets than were asked for");
}

static void one_octet_more(struct play *play)
{
	bad_length(play, true, 1);
}

static void one_octet_more_sent(struct play *play)
{
	bad_length(play, false, 1);
}

static void far_more_octets(struct play *play)
{
	bad_length(play, true, 0x10000000);
}

static void less_than_none(struct play *play)
{
	bad_length(play, true, -1);
}

static void least_of_all(struct play *play)
{
	bad_length(play, true, INT_MIN);
}

/* Of a descriptor, where somebody may have room for just that. */
static void long_descriptor(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->is_manual = true;
	do {
		if (play->nr_taken > 0)
			play_finish(play);
		must_ask_next(play);
		if (vusb->taken.type != USB_CONTROL)
			skip("its workload asks for no descriptor");
	} while (vusb->taken.len_bytes == 0);
	vusb->nr_held = 0;
	must_have_stopped(vusb, &vusb->taken, (int32_t)vusb->taken.len_bytes + 1,
			  "an answer with more octets than were asked for");
}

const struct frontend_case front_usb_answer_cases[] = {
	CASE("usb-answer-unknown-id", "USB-31 BUS-10", "an id that is not out", unknown_id),
	CASE("usb-answer-huge-id", "USB-31 BUS-10", "an id that is no index of anything", huge_id),
	CASE("usb-answer-answered-id", "USB-31 BUS-10", "an id that was answered before", answered_id),
	CASE("usb-answer-longer", "USB-31 BUS-10", "one octet more than was asked for", one_octet_more),
	CASE("usb-answer-sent-longer", "USB-31 BUS-10", "one octet more than was sent", one_octet_more_sent),
	CASE("usb-answer-far-longer", "USB-31 BUS-10", "far more octets than were asked for", far_more_octets),
	CASE("usb-answer-negative", "USB-31 BUS-10", "a negative number of octets", less_than_none),
	CASE("usb-answer-least", "USB-31 BUS-10", "the least number that there is", least_of_all),
	CASE("usb-answer-descriptor", "USB-31 BUS-10", "a descriptor that is longer than it may be", long_descriptor),
	{ .head.name = NULL },
};
