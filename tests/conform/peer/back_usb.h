/* SPDX-License-Identifier: MIT */
/*
 * What back.h is of a USB controller: its two rings, which have one port in common, and the octets that an URB's
 * segments name. The ring of events is a `struct back` of its own, of which nothing but the ring is used.
 */
#ifndef TESTS_CONFORM_PEER_BACK_USB_H
#define TESTS_CONFORM_PEER_BACK_USB_H

#include "common/wire/usb.h"
#include "common/wire/xen_usbif.h"
#include "tests/conform/peer/back.h"

/* Their nodes. false: why not, or the store did not answer. */
bool back_usb_read(struct back *urbs, struct back *events, struct errbuf *why);
/* The port, and then the rings. */
bool back_usb_attach(struct back *urbs, struct back *events, struct errbuf *why);
void back_usb_release(struct back *urbs, struct back *events);
/* An event, in the place of a request that is there; it is published, and told. */
void back_usb_tell(struct back *urbs, struct back *events, uint8_t port, uint8_t speed);
void back_usb_push_events(struct back *urbs, struct back *events);

/* Some of the octets that segments name, from `at` on. false: a grant that cannot be used. */
bool back_usb_move(struct back *back, const struct usb_segment *segments, unsigned int nr, uint32_t at, uint32_t len,
		   void *octets, bool to_guest);

#endif
