/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two sides agree on by xenstore: what controller the toolstack asks for, each value within bounds once it is
 * here, and what we publish.
 *
 * Thread: xenbus', may sleep. Errors: -errno; says which node is wrong, in the kernel's log and in the error node.
 */
#ifndef FRONTEND_LINUX_USB_TERMS_H
#define FRONTEND_LINUX_USB_TERMS_H

#include <linux/types.h>
#include <xen/xenbus.h>

struct usb_front;

struct usb_terms {
	u64 usb_ver; /* XENUSB_VER_USB11 or XENUSB_VER_USB20 */
	u64 nr_ports;
};

/* Read once for a connection. */
int terms_read(struct xenbus_device *dev, struct usb_terms *terms);

/* Publishes front's rings, and removes what an earlier connection left. */
int terms_publish(struct usb_front *front);

/* Removes what it published. */
void terms_unpublish(struct xenbus_device *dev);

#endif
