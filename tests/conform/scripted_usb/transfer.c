// SPDX-License-Identifier: MIT
/* Between a guest's pages and a device, and what the backend does itself. */
#include "tests/conform/scripted_usb/controller.h"

#include <string.h>

#include "tests/conform/violate.h"

enum { CLEAR_FEATURE = 1, SET_ADDRESS = 5 };

static uint8_t data[GADGET_MAX_BYTES];
static struct usb_packet packets[CONTROLLER_MAX_PACKETS];

static bool move_packets(struct controller *controller, const struct usb_urb *urb, struct usb_packet *these,
			 bool to_guest)
{
	return back_usb_move(&controller->back, &urb->segment[urb->nr_segments], urb->nr_desc_segments, 0,
			     urb->nr_packets * (uint32_t)sizeof(*these), these, to_guest);
}

bool urb_read_packets(struct controller *controller, const struct usb_urb *urb, struct usb_packet *these)
{
	return move_packets(controller, urb, these, false);
}

static bool move_data(struct controller *controller, const struct usb_urb *urb, uint32_t at, uint32_t len,
		      bool to_guest)
{
	return back_usb_move(&controller->back, urb->segment, urb->nr_segments, at, len, data + at, to_guest);
}

static bool fetch(struct controller *controller, const struct usb_urb *urb)
{
	if (urb->type == USB_ISOC && !urb_read_packets(controller, urb, packets))
		return false;
	return urb->is_in || move_data(controller, urb, 0, urb->len_bytes, false);
}

static bool give_back(struct controller *controller, const struct usb_urb *urb, uint32_t actual_bytes)
{
	bool is_moved = true;

	if (urb->type != USB_ISOC)
		return !urb->is_in || move_data(controller, urb, 0, violates("USB-15") ? urb->len_bytes : actual_bytes,
						true);
	for (unsigned int i = 0; urb->is_in && i < urb->nr_packets; i++)
		is_moved &= move_data(controller, urb, packets[i].offset_bytes, packets[i].actual_bytes, true);
	return violates("USB-20") || (move_packets(controller, urb, packets, true) && is_moved);
}

static bool ask_device(struct gadget *gadget, const struct usb_urb *urb, struct usb_urb_answer *answer)
{
	struct usb_urb asked = *urb;

	if (violates("USB-18"))
		asked.must_not_be_short = false;
	if (!gadget_do(gadget, &asked, data, packets, answer))
		return false;
	if (violates("USB-20.count"))
		answer->nr_errors = 0;
	return answer->status != USBIF_STATUS_STALL || urb->type == USB_CONTROL || !violates("USB-19");
}

static bool transfer(struct controller *controller, const struct usb_urb *urb, struct usb_urb_answer *answer)
{
	bool can_fail = !violates("USB-13");

	*answer = (struct usb_urb_answer){ .status = USBIF_STATUS_IOERROR };
	if (!fetch(controller, urb) && can_fail)
		return true;
	if (!ask_device(controller->port[urb->port].gadget, urb, answer))
		return false;
	if (!give_back(controller, urb, (uint32_t)answer->actual_bytes) && can_fail)
		*answer = (struct usb_urb_answer){ .status = USBIF_STATUS_IOERROR };
	return true;
}

bool urb_carry_out(struct controller *controller, const struct usb_urb *urb, struct usb_urb_answer *answer)
{
	struct usb_setup setup = { .request = 0 };

	if (urb->type == USB_CONTROL)
		usb_setup_decode(urb->setup, &setup);
	*answer = (struct usb_urb_answer){ .status = USBIF_STATUS_OK };
	if (setup.request_type == 0 && setup.request == SET_ADDRESS && !violates("USB-16"))
		controller->port[urb->port].address = (uint8_t)setup.value;
	else if (setup.request != CLEAR_FEATURE || !violates("USB-17"))
		return transfer(controller, urb, answer);
	return true;
}
