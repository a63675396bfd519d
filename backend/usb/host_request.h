/* SPDX-License-Identifier: MIT */
/*
 * Which control transfers are the host's own to do, and none of the device's business: it has given the device its
 * address, and keeps count of configurations, alternate settings and halts. Pure: a URB in, what it asks for out.
 *
 * Thread: any. Never logs.
 * Source: USB 2.0, 9.4, none of whose requests for this has data.
 */
#ifndef BACKEND_USB_HOST_REQUEST_H
#define BACKEND_USB_HOST_REQUEST_H

#include "backend/usb/engine.h"

struct usb_host_request {
	enum usb_host_request_kind {
		USB_NOT_THE_HOSTS,
		USB_SET_ADDRESS,
		USB_DO_CHORE,
		USB_BAD_REQUEST, /* answer USBIF_STATUS_INVAL */
	} kind;
	uint8_t address;
	struct usb_chore chore; /* what is the caller's to fill in, but for done() */
	const char *why;	/* it is bad: a constant */
};

/* Of a control transfer. */
struct usb_host_request usb_host_request(const struct usb_urb *urb);

#endif
