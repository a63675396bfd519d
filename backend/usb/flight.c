// SPDX-License-Identifier: MIT
#include "backend/usb/flight.h"

bool usb_flight_add(struct usb_flight *flight, uint32_t slot, uint16_t id, uint8_t port)
{
	for (uint32_t i = 0; i < USB_NR_SLOTS; i++) {
		if (flight->urb[i].is_out && flight->urb[i].id == id)
			return false;
	}
	flight->urb[slot] = (struct usb_flight_urb){
		.is_out = true,
		.id = id,
		.port = port,
		.first_waiting = USB_NO_SLOT,
	};
	return true;
}

void usb_flight_remove(struct usb_flight *flight, uint32_t slot)
{
	flight->urb[slot].is_out = false;
}

uint32_t usb_flight_find(const struct usb_flight *flight, uint16_t id, uint8_t port)
{
	for (uint32_t i = 0; i < USB_NR_SLOTS; i++) {
		const struct usb_flight_urb *urb = &flight->urb[i];

		if (urb->is_out && urb->id == id && urb->port == port)
			return i;
	}
	return USB_NO_SLOT;
}

void usb_flight_wait(struct usb_flight *flight, uint32_t slot, uint32_t unlink)
{
	uint32_t *at = &flight->urb[slot].first_waiting;

	while (*at != USB_NO_SLOT)
		at = &flight->urb[*at].next_waiting;
	*at = unlink;
	flight->urb[unlink].next_waiting = USB_NO_SLOT;
}

bool usb_flight_has_waiting(const struct usb_flight *flight, uint32_t slot)
{
	return flight->urb[slot].first_waiting != USB_NO_SLOT;
}

uint32_t usb_flight_take_waiting(struct usb_flight *flight, uint32_t slot)
{
	uint32_t unlink = flight->urb[slot].first_waiting;

	if (unlink != USB_NO_SLOT)
		flight->urb[slot].first_waiting = flight->urb[unlink].next_waiting;
	return unlink;
}
