// SPDX-License-Identifier: MIT
/* What a guest may ask for: chapter 13.3, in its order. */
#include "tests/conform/scripted_usb/controller.h"

#include "tests/conform/violate.h"

#define SET_ADDRESS 5
#define MAX_ADDRESS 127

/* ---- segments -------------------------------------------------------------------------------------------------- */

static bool has_right_segments(const struct usb_urb *urb)
{
	unsigned int nr_descs = urb->nr_desc_segments;
	uint32_t sum = 0;

	if (urb->nr_segments > USB_MAX_SEGMENTS || nr_descs > USB_MAX_SEGMENTS ||
	    urb->nr_segments + nr_descs > USB_MAX_SEGMENTS)
		return false;
	for (unsigned int i = 0; i < urb->nr_segments + nr_descs; i++) {
		if (urb->segment[i].offset_bytes + urb->segment[i].len_bytes > (int)BACK_PAGE_BYTES)
			return false;
		sum += i < urb->nr_segments ? urb->segment[i].len_bytes : 0;
	}
	return sum == urb->len_bytes;
}

static bool agrees_with_setup(const struct usb_urb *urb)
{
	struct usb_setup setup;

	usb_setup_decode(urb->setup, &setup);
	return urb->endpoint == 0 && setup.len_bytes == urb->len_bytes &&
	       (urb->len_bytes == 0 || urb->is_in == ((setup.request_type & USB_SETUP_IN) != 0));
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

static bool are_in_order(const struct usb_packet *packets, const struct usb_urb *urb)
{
	uint32_t end = 0;

	for (unsigned int i = 0; i < urb->nr_packets; i++) {
		const struct usb_packet *packet = &packets[i];

		if (packet->offset_bytes < end || packet->offset_bytes > urb->len_bytes ||
		    packet->len_bytes > urb->len_bytes - packet->offset_bytes)
			return false;
		end = packet->offset_bytes + packet->len_bytes;
	}
	return true;
}

static int32_t judge_packets(struct controller *controller, const struct usb_urb *urb)
{
	static struct usb_packet packets[CONTROLLER_MAX_PACKETS];
	int32_t bad = violates("USB-8") ? USBIF_STATUS_SHUTDOWN : USBIF_STATUS_INVAL;
	uint32_t room = 0;

	for (unsigned int i = 0; i < urb->nr_desc_segments; i++)
		room += urb->segment[urb->nr_segments + i].len_bytes;
	if (urb->nr_packets == 0 || urb->nr_packets > CONTROLLER_MAX_PACKETS ||
	    urb->nr_packets * sizeof(struct usb_packet) != room)
		return bad;
	if (!urb_read_packets(controller, urb, packets))
		return USBIF_STATUS_IOERROR;
	return are_in_order(packets, urb) ? USBIF_STATUS_OK : bad;
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

static bool is_out(const struct controller *controller, uint16_t id)
{
	for (unsigned int i = 0; i < controller->nr_waiting; i++) {
		if (controller->waiting[i].id == id)
			return true;
	}
	return false;
}

static bool has_right_address(const struct usb_urb *urb)
{
	struct usb_setup setup;

	usb_setup_decode(urb->setup, &setup);
	return setup.request_type != 0 || setup.request != SET_ADDRESS || setup.value <= MAX_ADDRESS;
}

static int32_t judge_shape(struct controller *controller, const struct usb_urb *urb)
{
	if (!has_right_segments(urb))
		return violates("USB-5") ? USBIF_STATUS_SHUTDOWN : USBIF_STATUS_INVAL;
	if (urb->type == USB_CONTROL && !agrees_with_setup(urb) && !violates("USB-7"))
		return USBIF_STATUS_INVAL;
	if (urb->type == USB_ISOC)
		return judge_packets(controller, urb);
	return USBIF_STATUS_OK;
}

static int32_t judge_device(struct controller *controller, const struct usb_urb *urb)
{
	const struct controller_port *port = &controller->port[urb->port];

	if (!port->gadget || (urb->address != 0 && urb->address != port->address && !violates("USB-12")))
		return USBIF_STATUS_NODEV;
	if (!gadget_has_endpoint(port->gadget, urb))
		return violates("USB-9") && urb->type != USB_CONTROL ? USBIF_STATUS_STALL : USBIF_STATUS_INVAL;
	if (urb->type == USB_CONTROL && !has_right_address(urb) && !violates("USB-11"))
		return USBIF_STATUS_INVAL;
	return USBIF_STATUS_OK;
}

int32_t urb_judge(struct controller *controller, const struct usb_urb *urb)
{
	int32_t status;

	if (urb->port == 0 || urb->port > controller->nr_ports)
		return violates("USB-4") ? USBIF_STATUS_NODEV : USBIF_STATUS_INVAL;
	if (is_out(controller, urb->id) && !violates("USB-10"))
		return USBIF_STATUS_INVAL;
	if (urb->is_unlink)
		return controller->port[urb->port].gadget || violates("USB-24") ? USBIF_STATUS_OK : USBIF_STATUS_NODEV;
	status = judge_shape(controller, urb);
	return status == USBIF_STATUS_OK ? judge_device(controller, urb) : status;
}
