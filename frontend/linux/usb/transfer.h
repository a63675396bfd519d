/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An URB as parts, each of which is one request of the ring's: what stands in the request, what the answer makes of the
 * URB, and the copying of its data between the URB and the slot's buffer.
 *
 * The next part of an URB is not sent before the one before it has been answered, in full: a device that ends a
 * transfer early goes on with what comes after it. Only an isochronous one goes on whatever becomes of its packets.
 *
 * Thread: under the controller's lock. Trust: what the backend wrote is judged here. Never logs.
 */
#ifndef FRONTEND_LINUX_USB_TRANSFER_H
#define FRONTEND_LINUX_USB_TRANSFER_H

#include <linux/usb.h>
#include <xen/grant_table.h>
#include <xen/interface/io/usbif.h>

/* What is ours of an URB that we have: its hcpriv. */
struct usb_transfer {
	struct list_head node; /* of those that wait for a slot, or of those that are to be given back */
	struct urb *urb;
	unsigned int next;	 /* the octet, or the packet, that is sent next */
	unsigned int nr_out;	 /* parts in the ring */
	bool is_sent;		 /* there is no part any more that is to be sent */
	int status;
};

/* Of an URB's octets, or of its packets. */
struct usb_part {
	unsigned int first, nr, bytes;
};

/* In a request to the URB's endpoint. */
u32 transfer_pipe(struct urb *urb);

/* The next part: into request, and its data into the slot's buffer. */
void transfer_put(struct usb_transfer *transfer, void *buffer, const grant_ref_t *refs, struct usb_part *part,
		  struct xenusb_urb_request *request);

/* A part's answer. NULL, or what no backend would say; then it is of no account. */
const char *transfer_answered(struct usb_transfer *transfer, const void *buffer, const struct usb_part *part,
			      const struct xenusb_urb_response *response);

#endif
