// SPDX-License-Identifier: MIT
/* What a frontend asks of the devices at its ports, when all is well. */
#include "tests/conform/case.h"

#include <string.h>

/* ---- transfers ------------------------------------------------------------------------------------------------- */

static void bulk(struct play *play)
{
	must_do(play, "USB-32", "verify");
}

static void of_type(struct play *play, const char *work, enum usb_type type)
{
	must_do(play, "USB-32", work);
	if (play_vusb_of(play)->nr_of[type] == 0)
		skip("its workload has no such transfers");
}

static void large(struct play *play)
{
	of_type(play, "big", USB_BULK);
}

static void interrupt(struct play *play)
{
	of_type(play, "interrupt", USB_INTERRUPT);
}

static void isochronous(struct play *play)
{
	of_type(play, "isochronous", USB_ISOC);
}

/* Those from the device before those to it, which is another endpoint. */
static void in_another_order(struct play *play)
{
	static struct usb_urb held[PLAY_VUSB_SLOTS];
	struct play_vusb *vusb = play_vusb_of(play);
	unsigned int nr;

	vusb->puts_in_first = true;
	play_drive(play, "verify");
	must_come_up(play, "BUS-10");
	play->stall_clause = "RING-15";
	while (play_await_request(play)) {
		for (nr = 0; nr < PLAY_VUSB_SLOTS && play_take_next_within(play, 5); nr++)
			held[nr] = vusb->taken;
		for (unsigned int is_in = 2; is_in-- > 0;) {
			for (unsigned int i = 0; i < nr; i++) {
				vusb->taken = held[i];
				if (held[i].is_in == is_in)
					play_finish(play);
			}
		}
	}
	MUST("RING-15", play->status == 0, "its workload fails with status %d", play->status);
}

/* ---- what is taken back ---------------------------------------------------------------------------------------- */

static const struct usb_urb *find_waiting(const struct play_vusb *vusb, uint16_t id)
{
	for (unsigned int i = 0; i < vusb->nr_waiting; i++) {
		if (vusb->waiting[i].id == id)
			return &vusb->waiting[i];
	}
	return NULL;
}

static void must_name_others(const struct usb_urb *other, const struct usb_urb *urb)
{
	for (unsigned int i = 0; !other->is_unlink && i < other->nr_segments + other->nr_desc_segments; i++) {
		for (unsigned int k = 0; k < urb->nr_segments; k++)
			MUST("USB-25", other->segment[i].gref != urb->segment[k].gref,
			     "URB %u names grant %u of URB %u, which it has unlinked and which is not answered",
			     other->id, other->segment[i].gref, urb->id);
	}
}

static void read_pages(struct play_vusb *vusb, const struct usb_urb *urb, uint8_t *octets)
{
	MUST("GNT-1", back_usb_move(&vusb->play.back, urb->segment, urb->nr_segments, 0, urb->len_bytes, octets, false),
	     "a page of an URB that is not answered cannot be read");
}

/* For a while, in which the device's data may come; what it asks for meanwhile is done afterwards. */
static void must_leave_alone(struct play_vusb *vusb, const struct usb_urb *urb)
{
	static uint8_t before[GADGET_MAX_BYTES], after[GADGET_MAX_BYTES];
	struct usb_urb held[PLAY_VUSB_SLOTS];
	unsigned int nr = 0;

	memset(before, 0x5a, sizeof(before));
	if (urb->is_in)
		back_usb_move(&vusb->play.back, urb->segment, urb->nr_segments, 0, urb->len_bytes, before, true);
	read_pages(vusb, urb, before);
	held[nr++] = vusb->taken;
	while (nr < PLAY_VUSB_SLOTS && play_take_next_within(&vusb->play, PLAY_SILENCE_MS / 2)) {
		must_name_others(&vusb->taken, urb);
		held[nr++] = vusb->taken;
	}
	read_pages(vusb, urb, after);
	MUST("USB-25", memcmp(before, after, urb->len_bytes) == 0,
	     "it uses a page of URB %u, which it has unlinked and which is not answered", urb->id);
	for (unsigned int i = 0; i < nr; i++) {
		vusb->taken = held[i];
		play_finish(&vusb->play);
	}
}

static void unlinks(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	play_drive(play, "unlink");
	must_come_up(play, "BUS-10");
	while (play_take_next(play)) {
		const struct usb_urb *urb = vusb->taken.is_unlink ? find_waiting(vusb, vusb->taken.unlink_id) : NULL;

		if (urb)
			must_leave_alone(vusb, urb);
		else
			play_finish(play);
	}
	MUST("USB-25", play->status == 0, "its workload fails with status %d", play->status);
	if (vusb->nr_unlinks == 0)
		skip("its workload takes nothing back");
	must_go_down(play, "BUS-31");
}

const struct frontend_case front_usb_transfer_cases[] = {
	CASE("usb-verify", "USB-32 BUS-10 BUS-31", "bulk transfers of all lengths", bulk),
	CASE("usb-big", "USB-32 BUS-10 BUS-31", "bulk transfers as large as the frontend makes them", large),
	CASE("usb-interrupt", "USB-32 BUS-10 BUS-31", "interrupt transfers", interrupt),
	CASE("usb-isochronous", "USB-32 BUS-10 BUS-31", "isochronous packets, each way", isochronous),
	CASE("usb-any-order", "RING-15 BUS-10", "endpoints are not answered in the order of the requests",
	     in_another_order),
	CASE("usb-unlink", "USB-25 GNT-1 BUS-10 BUS-31", "the pages of what is unlinked, until that is answered",
	     unlinks),
	{ .head.name = NULL },
};
