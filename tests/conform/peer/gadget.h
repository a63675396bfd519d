/* SPDX-License-Identifier: MIT */
/*
 * A USB device that the suite has itself, for whatever controller of its own it is at: one that gives back what it is
 * sent, by bulk transfers at endpoint 1 and by interrupt transfers at endpoint 2, or one with an isochronous source of
 * octets that count up, at endpoint 1, and a sink that counts what is wrong with such, at endpoint 2. Its product's
 * number, its endpoints and its words are those of pvring-usbd's fake:loopback and fake:iso.
 *
 * What it is sent by one transfer it gives back by one, or by several, where those are shorter.
 * Pure. Never logs. Trust: the URB's shape has been judged, and its octets may be anything.
 */
#ifndef TESTS_CONFORM_PEER_GADGET_H
#define TESTS_CONFORM_PEER_GADGET_H

#include "common/wire/usb.h"

#define GADGET_MAX_BYTES    65536 /* of a transfer */
#define GADGET_PACKET_BYTES 512   /* of bulk transfers */

#define GADGET_MAX_WAITING 32
#define GADGET_ENDPOINTS   3

struct gadget_pipe {
	unsigned int nr_put, nr_taken; /* free-running */
	uint32_t taken_bytes;	       /* of the oldest */
	struct {
		uint32_t len_bytes;
		uint8_t bytes[GADGET_MAX_BYTES];
	} transfer[GADGET_MAX_WAITING];
};

struct gadget {
	bool is_iso;
	uint8_t configuration, setting;
	bool is_halted[GADGET_ENDPOINTS][2]; /* to the device, from it */
	struct gadget_pipe pipe[2];
	uint8_t next_given, next_expected;
	uint32_t nr_packets, nr_bytes, nr_wrong; /* of the sink */
};

/* With its first configuration, as a host leaves it. */
void gadget_init(struct gadget *gadget, bool is_iso);
/* As it is configured; endpoint 0 is for control transfers alone. */
bool gadget_has_endpoint(const struct gadget *gadget, const struct usb_urb *urb);
/*
 * Does it, at an endpoint that there is, with len_bytes of data and the packets of an isochronous one, and fills in the
 * answer, but for its id. false: the device has nothing to say to that yet, and nothing has happened.
 */
bool gadget_do(struct gadget *gadget, const struct usb_urb *urb, uint8_t *data, struct usb_packet *packets,
	       struct usb_urb_answer *answer);

#endif
