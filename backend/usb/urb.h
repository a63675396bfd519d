/* SPDX-License-Identifier: MIT */
/*
 * Is this a URB that the controller can serve? Pure: limits and a decoded URB in, verdict and reason out. What passes
 * here lies within its pages and its buffer, and is what its type may be; nothing after it checks again.
 *
 * Thread: any. Never logs.
 */
#ifndef BACKEND_USB_URB_H
#define BACKEND_USB_URB_H

#include "common/wire/usb.h"

#define USB_MAX_PACKETS	   128	 /* of one transfer: Linux' usbfs takes no more */
#define USB_MAX_URB_BYTES  65536 /* see usb_urb_check() */
#define USB_MAX_ADDRESS	   127
#define USB_NR_ENDPOINTS   16

enum usb_verdict {
	USB_OK,
	USB_REJECT, /* answer USBIF_STATUS_INVAL */
};

/* What an endpoint of a device is, by number and direction. */
struct usb_endpoint {
	uint8_t type;	       /* enum usb_type; of one that is not there, USB_CONTROL */
	uint16_t packet_bytes; /* 0: it is not there */
};

struct usb_endpoints {
	struct usb_endpoint in[USB_NR_ENDPOINTS], out[USB_NR_ENDPOINTS];
};

/*
 * An unlink, too. On anything but USB_OK, *why is a constant that says what is wrong.
 * Linux' frontend has no more than 16 bits for the length: of 65536 bytes, as a request of 16 whole pages is, it
 * writes 0. Such a one is taken for what it is, and urb->len_bytes set right.
 */
enum usb_verdict usb_urb_check(unsigned int nr_ports, struct usb_urb *urb, const char **why);
/* Of any transfer but a control one: the device has such an endpoint. */
enum usb_verdict usb_endpoint_check(const struct usb_endpoints *endpoints, const struct usb_urb *urb,
				    const char **why);
/* The packets of an isochronous one, once their descriptions are here. */
enum usb_verdict usb_packets_check(const struct usb_urb *urb, const struct usb_packet *packets, const char **why);

#endif
