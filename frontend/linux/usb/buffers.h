/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each slot's pages, which are lent to the backend for as long as there is a connection. All data is copied through
 * them: they never hold anything but data of this controller, an URB's own pages are never the backend's to touch, and
 * no transfer needs a grant operation. The fastest device of USB 2.0 sends 50 MB a second.
 *
 * Thread: xenbus', may sleep. Never logs.
 */
#ifndef FRONTEND_LINUX_USB_BUFFERS_H
#define FRONTEND_LINUX_USB_BUFFERS_H

#include <xen/grant_table.h>
#include <xen/interface/io/usbif.h>

/* The grants below are counted in pages of Xen's. */
static_assert(PAGE_SIZE == XEN_PAGE_SIZE);

#define USB_NR_SLOTS	 XENUSB_URB_RING_SIZE
#define USB_NR_SEGMENTS	 XENUSB_MAX_SEGMENTS_PER_REQUEST
#define USB_BUFFER_BYTES (USB_NR_SEGMENTS * PAGE_SIZE)

struct usb_buffers {
	void *data; /* NULL: there are none */
	grant_ref_t ref[USB_NR_SLOTS * USB_NR_SEGMENTS];
};

/* -errno. */
int buffers_open(struct usb_buffers *buffers, domid_t domid);

/* What the backend has not let go of is kept until Xen says that it is free. Twice is as good as once. */
void buffers_fini(struct usb_buffers *buffers);

/* A slot's: so many octets, and a grant for each page of them. */
static inline void *buffers_data(const struct usb_buffers *buffers, unsigned int slot)
{
	return buffers->data + slot * USB_BUFFER_BYTES;
}

static inline const grant_ref_t *buffers_refs(const struct usb_buffers *buffers, unsigned int slot)
{
	return &buffers->ref[slot * USB_NR_SEGMENTS];
}

#endif
