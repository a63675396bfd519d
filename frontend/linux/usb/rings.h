/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two rings and their port: which part of which URB is in which slot, and which URBs wait for one.
 *
 * URBs of an endpoint go to the backend, and come back, in their order. Of the few slots there are an endpoint has only
 * some at a time, and the last are kept for what is answered soon: a device that sends nothing keeps nobody else
 * from being asked.
 *
 * An id is a slot's number, and in its upper part how often that was used: so an unlink that comes late is of nothing
 * that came after it.
 */
#ifndef FRONTEND_LINUX_USB_RINGS_H
#define FRONTEND_LINUX_USB_RINGS_H

#include <linux/bitmap.h>
#include <linux/list.h>
#include <linux/usb.h>
#include <xen/interface/io/usbif.h>
#include <xen/xenbus.h>

#include "common/ring/front.h"
#include "frontend/linux/usb/buffers.h"
#include "frontend/linux/usb/transfer.h"

#define USB_NR_EVENTS 64 /* requests for one: two for each port */

struct usb_front;

struct usb_slot {
	u16 id;
	struct usb_transfer *transfer; /* NULL: it is free, or has an unlink */
	struct usb_part part;
	bool must_unlink; /* an unlink of it is to be sent */
};

struct usb_rings {
	struct usb_front *front; /* NULL: there are none */
	grant_ref_t urb_ref, conn_ref;
	evtchn_port_t port;
	int irq;
	struct usb_buffers buffers;

	/* under the controller's lock */
	bool is_up;
	struct ring_front urb, conn;
	struct usb_slot slot[USB_NR_SLOTS];
	DECLARE_BITMAP(free, USB_NR_SLOTS);
	DECLARE_BITMAP(events, USB_NR_EVENTS); /* requests that are out */
	struct list_head waiting; /* transfers that have parts to be sent, in the order in which they came */
};

/* Rings and their port, ready to be published. -errno; says why. May sleep. */
int rings_open(struct usb_rings *rings, struct usb_front *front);

/* No more is sent or looked for, on any CPU, and every URB is given back. Twice is as good as once. May sleep. */
void rings_stop(struct usb_rings *rings);

/* Frees all. The backend's pages are freed when it has let go. */
void rings_fini(struct usb_rings *rings);

/* Under the lock, while they are up: an URB that is linked to its endpoint. */
void rings_add(struct usb_rings *rings, struct usb_transfer *transfer);

/*
 * Under the lock: takes back an URB of theirs as soon as the backend lets it. If that is now it is put into the list,
 * which is for rings_give_back().
 */
void rings_unlink(struct usb_rings *rings, struct usb_transfer *transfer, struct list_head *done);

/* Without the lock: tells who sent them. */
void rings_give_back(struct usb_front *front, struct list_head *done);

#endif
