/* SPDX-License-Identifier: MIT */
/*
 * What pvring-usbd tells `pvring usb capture` of a URB: one datagram, a record, then what describes its packets, then
 * its data as far as there is any. Both ends run on one machine, so numbers are as it has them; they may be of
 * different builds, so the request for a capture names USB_CAPTURE_FORMAT.
 */
#ifndef COMMON_WIRE_USB_CAPTURE_H
#define COMMON_WIRE_USB_CAPTURE_H

#include "common/wire/usb.h"

#define USB_CAPTURE_FORMAT	 1
#define USB_CAPTURE_MAX_PACKETS	 128
#define USB_CAPTURE_MAX_DATA	 65536
#define USB_CAPTURE_REASON_BYTES 96

/* Every URB is submitted, then either completed or refused. */
enum usb_capture_event { USB_CAPTURE_SUBMIT, USB_CAPTURE_COMPLETE, USB_CAPTURE_REFUSE };

struct usb_capture_record {
	uint64_t time_ns;    /* CLOCK_REALTIME */
	uint64_t number;     /* of the URB: all of its records', and no other URB's of this connection */
	uint16_t controller; /* its number */
	uint16_t id;	     /* by which the guest knows the URB */
	uint8_t event;	     /* enum usb_capture_event */
	uint8_t type;	     /* enum usb_type */
	uint8_t port, address, endpoint, is_in;
	uint8_t must_not_be_short;
	uint8_t is_unlinked; /* completed with an error as the guest unlinked it */
	uint8_t setup[8];
	uint32_t len_bytes;  /* submitted: of the whole; completed: as many as have passed */
	int32_t status;	     /* as the answer has it */
	int32_t nr_errors;
	uint16_t interval, start_frame;
	uint16_t nr_packets; /* struct usb_packet, behind it */
	char refused[USB_CAPTURE_REASON_BYTES]; /* why, if it was; else "" */
};

#endif
