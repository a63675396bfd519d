/* SPDX-License-Identifier: MIT */
/*
 * What is on the two rings of a USB controller, and what a setup packet says. usbif has no field wider than 32 bits, so
 * its layout is one and the same for all guests; nothing is judged here (backend/usb/urb.h does).
 *
 * Pure. Thread: any. Never logs. Trust: the octets are a private copy of the peer's.
 * Source: xen/io/usbif.h; of an isochronous packet's descriptor, which it does not define, struct
 * usb_iso_packet_descriptor of Linux (include/linux/usb.h), as its frontend shares an array of those; USB 2.0, 9.3.
 */
#ifndef COMMON_WIRE_USB_H
#define COMMON_WIRE_USB_H

#include <stdbool.h>
#include <stdint.h>

struct errbuf;

#define USB_URB_REQUEST_BYTES	148
#define USB_URB_RESPONSE_BYTES	16
#define USB_CONN_REQUEST_BYTES	2
#define USB_CONN_RESPONSE_BYTES 4

#define USB_MAX_SEGMENTS 16
#define USB_MAX_PORTS	 31

/* As on the wire. */
enum usb_type { USB_ISOC, USB_INTERRUPT, USB_CONTROL, USB_BULK };
enum usb_speed { USB_SPEED_NONE, USB_SPEED_LOW, USB_SPEED_FULL, USB_SPEED_HIGH };

struct usb_segment {
	uint32_t gref;
	uint16_t offset_bytes, len_bytes;
};

struct usb_urb {
	uint16_t id;
	uint8_t port;	 /* from 1 */
	uint8_t address; /* of the device, as its guest has set it; 0: it has not yet */
	uint8_t endpoint;
	enum usb_type type;
	bool is_in, is_unlink, must_not_be_short;
	uint32_t len_bytes;
	uint16_t nr_segments;	    /* of data; what follows them describes packets */
	uint16_t nr_desc_segments;  /* isochronous alone; 0 otherwise, as the next three */
	uint16_t nr_packets, start_frame;
	uint16_t interval;	    /* interrupt, too */
	uint16_t unlink_id;	    /* of an unlink */
	uint8_t setup[8];	    /* of a control transfer */
	struct usb_segment segment[USB_MAX_SEGMENTS];
};

struct usb_urb_answer {
	uint16_t id, start_frame;
	int32_t status; /* USBIF_STATUS_* */
	int32_t actual_bytes, nr_errors;
};

struct usb_conn_event {
	uint16_t id;
	uint8_t port, speed;
};

/* One packet of an isochronous transfer, as it stands in the pages that describe them. */
struct usb_packet {
	uint32_t offset_bytes, len_bytes, actual_bytes;
	int32_t status;
};

void usb_urb_decode(const void *octets, struct usb_urb *urb);
void usb_urb_encode(const struct usb_urb *urb, void *octets);
void usb_urb_answer_decode(const void *octets, struct usb_urb_answer *answer);
void usb_urb_answer_encode(const struct usb_urb_answer *answer, void *octets);
uint16_t usb_conn_request_decode(const void *octets);
void usb_conn_request_encode(uint16_t id, void *octets);
void usb_conn_event_decode(const void *octets, struct usb_conn_event *event);
void usb_conn_event_encode(const struct usb_conn_event *event, void *octets);

/* What a frontend says in `protocol`: -EINVAL for anything but the names of x86 and our own, which all mean
 * the same here. */
int usb_protocol_check(const char *name, struct errbuf *err);

struct usb_setup {
	uint8_t request_type, request;
	uint16_t value, index, len_bytes;
};

#define USB_SETUP_IN 0x80 /* in request_type: the data stage is the device's to send */

void usb_setup_decode(const uint8_t octets[8], struct usb_setup *setup);
void usb_setup_encode(const struct usb_setup *setup, uint8_t octets[8]);

#endif
