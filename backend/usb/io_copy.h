/* SPDX-License-Identifier: MIT */
/*
 * Copies between a URB's pages, which are the guest's, and its slot's buffer: what describes its packets, and its data.
 *
 * Thread: the queue's worker. Never logs.
 */
#ifndef BACKEND_USB_IO_COPY_H
#define BACKEND_USB_IO_COPY_H

#include "backend/usb/io.h"

/* Each slot's begins with a page that is an engine's, at its end. */
#define USB_BUFFER_PAGE_BYTES 4096
#define USB_BUFFER_BYTES      (USB_BUFFER_PAGE_BYTES + USB_MAX_URB_BYTES)
_Static_assert(USB_ROOM_BYTES <= USB_BUFFER_PAGE_BYTES, "room before the data");

/* Where its data begins. */
static inline uint8_t *usb_io_buffer(const struct usb_io *io)
{
	return io->urbs->buffers + (size_t)io->slot * USB_BUFFER_BYTES + USB_BUFFER_PAGE_BYTES;
}

/* What to copy: the packets of an isochronous one; data for the device; what it has given, and nothing else. */
void usb_io_learn(struct usb_io *io);
void usb_io_fetch(struct usb_io *io);
void usb_io_store(struct usb_io *io);

/* Does that for the whole list, a batch at a time, and hands each URB on. failed(): a grant cannot be used. */
void usb_io_copy(struct usb_urbs *urbs, struct usb_io_list *list, void (*copy)(struct usb_io *),
		 void (*then)(struct usb_io *), void (*failed)(struct usb_io *));

#endif
