/* SPDX-License-Identifier: MIT */
/*
 * What a capture's record of a URB (common/wire/usb_capture.h) is in a capture file: the event that Linux' usbmon has
 * of such a URB, and in words what usbmon has no place for. Pure.
 *
 * Thread: any. Never logs. Trust: a URB's numbers may be anything, as the guest wrote them.
 * Source: Documentation/usb/usbmon.rst of Linux; tcpdump.org/linktypes/LINKTYPE_USB_LINUX_MMAPPED.html.
 */
#ifndef CTL_USB_RECORD_H
#define CTL_USB_RECORD_H

#include <stddef.h>

#include "common/wire/usb_capture.h"

#define USB_RECORD_TEXT_BYTES 200 /* room for what usb_record_describe() says of any record */

struct usbmon_event {
	struct usbmon_header {
		uint64_t id;
		uint8_t type; /* 'S', 'C' or 'E' */
		uint8_t transfer_type;
		uint8_t endpoint; /* with its direction's bit */
		uint8_t device;
		uint16_t bus;
		char setup_flag, data_flag; /* 0: it is there; else why not */
		int64_t seconds;
		int32_t microseconds, status;
		uint32_t len_bytes, captured_bytes;
		union {
			uint8_t setup[8];
			struct {
				int32_t nr_errors, nr_packets;
			} isoc;
		};
		int32_t interval, start_frame;
		uint32_t transfer_flags, nr_packets;
	} header;
	uint8_t bytes[USB_CAPTURE_MAX_PACKETS * 16 + USB_CAPTURE_MAX_DATA]; /* the packets, then the data */
};

/* The bytes that the event has; 0: what the daemon has sent is no record. */
size_t usb_record_event(const void *record, size_t len_bytes, struct usbmon_event *event);
/* "port 2, id 17; unlinked": the port of the controller, the guest's own number of the URB, what became of it. */
void usb_record_describe(const struct usb_capture_record *record, char *text, size_t size);

#endif
