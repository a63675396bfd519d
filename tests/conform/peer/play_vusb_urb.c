// SPDX-License-Identifier: MIT
/* What a frontend may ask for, and what it gets: the answers of the devices behind the ports. */
#include <string.h>

#include "tests/conform/peer/play_vusb.h"
#include "tests/conform/verdict.h"

#define PAGE_BYTES  BACK_PAGE_BYTES
#define SET_ADDRESS 5

/* ---- what may be asked for ------------------------------------------------------------------------------------- */

static unsigned int nr_segments(const struct usb_urb *urb)
{
	return urb->nr_segments + urb->nr_desc_segments;
}

static void judge_segments(const struct usb_urb *urb)
{
	uint32_t sum = 0;

	MUST("USB-32", nr_segments(urb) <= USB_MAX_SEGMENTS, "an URB of %u segments, and %u more for packets",
	     urb->nr_segments, urb->nr_desc_segments);
	for (unsigned int i = 0; i < nr_segments(urb); i++) {
		const struct usb_segment *segment = &urb->segment[i];

		MUST("USB-32", segment->offset_bytes + segment->len_bytes <= PAGE_BYTES,
		     "segment %u has %u octets from %u on", i, segment->len_bytes, segment->offset_bytes);
		sum += i < urb->nr_segments ? segment->len_bytes : 0;
	}
	MUST("USB-32", sum == urb->len_bytes, "%u octets of data, and segments for %u", urb->len_bytes, sum);
}

static void judge_control(const struct usb_urb *urb)
{
	struct usb_setup setup;

	usb_setup_decode(urb->setup, &setup);
	MUST("USB-32", urb->endpoint == 0, "a control transfer at endpoint %u", urb->endpoint);
	MUST("USB-32", setup.len_bytes == urb->len_bytes, "a setup packet for %u octets with %u of them",
	     setup.len_bytes, urb->len_bytes);
	MUST("USB-32", urb->len_bytes == 0 || urb->is_in == ((setup.request_type & USB_SETUP_IN) != 0),
	     "a setup packet of type %#x with data the other way", setup.request_type);
}

static uint32_t desc_bytes(const struct usb_urb *urb)
{
	return urb->nr_packets * (uint32_t)sizeof(struct usb_packet);
}

static bool move_packets(struct play_vusb *vusb, const struct usb_urb *urb, struct usb_packet *packets, bool to_guest)
{
	return back_usb_move(&vusb->play.back, &urb->segment[urb->nr_segments], urb->nr_desc_segments, 0,
			     desc_bytes(urb), packets, to_guest);
}

/* Once we say Closed it may take its pages back. */
static void must_move(struct play_vusb *vusb, bool is_moved, const char *what)
{
	MUST("GNT-1", is_moved || back_own_state(&vusb->play.back) == XB_CLOSED, "%s of an URB cannot be used", what);
}

static void judge_iso(struct play_vusb *vusb, const struct usb_urb *urb)
{
	static struct usb_packet packets[PLAY_VUSB_MAX_PACKETS];
	uint32_t room = 0, end = 0;

	for (unsigned int i = 0; i < urb->nr_desc_segments; i++)
		room += urb->segment[urb->nr_segments + i].len_bytes;
	MUST("USB-32", urb->nr_packets > 0 && desc_bytes(urb) == room, "%u packets described by %u octets",
	     urb->nr_packets, room);
	if (urb->nr_packets > PLAY_VUSB_MAX_PACKETS)
		return;
	must_move(vusb, move_packets(vusb, urb, packets, false), "what describes the packets");
	for (unsigned int i = 0; i < urb->nr_packets; i++) {
		uint32_t offset = packets[i].offset_bytes, len = packets[i].len_bytes;

		MUST("USB-32", offset >= end && offset <= urb->len_bytes && len <= urb->len_bytes - offset,
		     "packet %u has %u octets from %u on, of %u", i, len, offset, urb->len_bytes);
		end = offset + len;
	}
}

void play_vusb_judge(struct play_vusb *vusb)
{
	const struct usb_urb *urb = &vusb->taken;

	MUST("USB-32", urb->port > 0 && urb->port <= PLAY_VUSB_PORTS, "an URB to port %u of %u", urb->port,
	     PLAY_VUSB_PORTS);
	MUST("USB-32", !vusb->is_out[urb->id], "an URB with id %u, which is out", urb->id);
	if (urb->is_unlink)
		return;
	judge_segments(urb);
	if (urb->type == USB_CONTROL)
		judge_control(urb);
	else if (urb->type == USB_ISOC)
		judge_iso(vusb, urb);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void put_answer(struct play_vusb *vusb, const struct usb_urb_answer *answer)
{
	uint8_t octets[USB_URB_RESPONSE_BYTES];

	usb_urb_answer_encode(answer, octets);
	back_put_raw(&vusb->play.back, octets);
	vusb->is_out[answer->id] = false;
}

void play_vusb_answer(struct play_vusb *vusb, const struct usb_urb *urb, int32_t status, int32_t actual_bytes)
{
	if (!vusb->play.back.ring)
		return;
	put_answer(vusb, &(struct usb_urb_answer){ .id = urb->id, .status = status, .actual_bytes = actual_bytes });
	back_push(&vusb->play.back);
}

/* ---- the devices ----------------------------------------------------------------------------------------------- */

static bool move_data(struct play_vusb *vusb, const struct usb_urb *urb, uint32_t at, uint32_t len, uint8_t *data,
		      bool to_guest)
{
	return back_usb_move(&vusb->play.back, urb->segment, urb->nr_segments, at, len, data + at, to_guest);
}

/* Of an isochronous one each packet, and what became of it. */
static void give_back(struct play_vusb *vusb, const struct usb_urb *urb, uint8_t *data, struct usb_packet *packets,
		      uint32_t actual_bytes)
{
	if (urb->is_in && urb->type != USB_ISOC)
		must_move(vusb, move_data(vusb, urb, 0, actual_bytes, data, true), "a page");
	if (urb->type != USB_ISOC)
		return;
	for (unsigned int i = 0; urb->is_in && i < urb->nr_packets; i++)
		must_move(vusb, move_data(vusb, urb, packets[i].offset_bytes, packets[i].actual_bytes, data, true),
			  "a page");
	must_move(vusb, move_packets(vusb, urb, packets, true), "what describes the packets");
}

/* false: the device has nothing to say yet. */
static bool carry_out(struct play_vusb *vusb, const struct usb_urb *urb, struct usb_urb_answer *answer)
{
	static struct usb_packet packets[PLAY_VUSB_MAX_PACKETS];
	static uint8_t data[GADGET_MAX_BYTES];

	if (!urb->is_in)
		must_move(vusb, move_data(vusb, urb, 0, urb->len_bytes, data, false), "a page");
	if (urb->type == USB_ISOC)
		must_move(vusb, move_packets(vusb, urb, packets, false), "what describes the packets");
	if (!gadget_do(vusb->port[urb->port].gadget, urb, data, packets, answer))
		return false;
	give_back(vusb, urb, data, packets, (uint32_t)answer->actual_bytes);
	return true;
}

static bool is_set_address(const struct usb_urb *urb, struct usb_setup *setup)
{
	usb_setup_decode(urb->setup, setup);
	return urb->type == USB_CONTROL && setup->request_type == 0 && setup->request == SET_ADDRESS;
}

/* What the backend says itself, or the device. */
static bool serve(struct play_vusb *vusb, const struct usb_urb *urb, struct usb_urb_answer *answer)
{
	struct play_vusb_port *port = &vusb->port[urb->port];
	struct usb_setup setup;

	*answer = (struct usb_urb_answer){ .status = USBIF_STATUS_NODEV };
	if (port->speed == USB_SPEED_NONE || !port->gadget || (urb->address != 0 && urb->address != port->address))
		return true;
	answer->status = USBIF_STATUS_INVAL;
	if (!gadget_has_endpoint(port->gadget, urb) || urb->nr_packets > PLAY_VUSB_MAX_PACKETS)
		return true;
	if (!is_set_address(urb, &setup))
		return carry_out(vusb, urb, answer);
	if (setup.value <= 127) {
		port->address = (uint8_t)setup.value;
		answer->status = USBIF_STATUS_OK;
	}
	return true;
}

void play_vusb_swallow(struct play_vusb *vusb, const struct usb_urb *urb)
{
	struct usb_urb_answer ignored;

	serve(vusb, urb, &ignored);
}

/* ---- all that is out ------------------------------------------------------------------------------------------- */

static void drop_waiting(struct play_vusb *vusb, unsigned int i)
{
	memmove(&vusb->waiting[i], &vusb->waiting[i + 1], (--vusb->nr_waiting - i) * sizeof(vusb->waiting[0]));
}

/* The first that is through now; what one says may be what an earlier one has waited for. */
static bool serve_one(struct play_vusb *vusb, struct usb_urb_answer *answer, bool *is_in)
{
	for (unsigned int i = 0; i < vusb->nr_waiting; i++) {
		const struct usb_urb *urb = &vusb->waiting[i];

		if (!serve(vusb, urb, answer))
			continue;
		answer->id = urb->id;
		*is_in = urb->is_in;
		drop_waiting(vusb, i);
		return true;
	}
	return false;
}

static void serve_all(struct play_vusb *vusb)
{
	struct usb_urb_answer answer, later[PLAY_VUSB_SLOTS];
	unsigned int nr_later = 0;
	bool is_in;

	while (serve_one(vusb, &answer, &is_in)) {
		if (vusb->puts_in_first && !is_in)
			later[nr_later++] = answer;
		else
			put_answer(vusb, &answer);
	}
	for (unsigned int i = 0; i < nr_later; i++)
		put_answer(vusb, &later[i]);
	back_push(&vusb->play.back);
}

/* USB-22 and USB-23 */
static void unlink_one(struct play_vusb *vusb, const struct usb_urb *unlink)
{
	for (unsigned int i = 0; i < vusb->nr_waiting; i++) {
		const struct usb_urb urb = vusb->waiting[i];

		if (urb.id != unlink->unlink_id || urb.port != unlink->port)
			continue;
		drop_waiting(vusb, i);
		play_vusb_answer(vusb, &urb, USBIF_STATUS_IOERROR, 0);
		break;
	}
	play_vusb_answer(vusb, unlink, USBIF_STATUS_OK, 0);
}

void play_vusb_finish(struct play *play)
{
	struct play_vusb *vusb = play_vusb_of(play);

	if (!play->back.ring)
		return;
	if (vusb->taken.is_unlink) {
		unlink_one(vusb, &vusb->taken);
		return;
	}
	vusb->waiting[vusb->nr_waiting++] = vusb->taken;
	serve_all(vusb);
}
