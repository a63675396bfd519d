/* SPDX-License-Identifier: MIT */
/*
 * Asks what cases want to ask, and prints what is answered: "NAME STATUS [BYTES]", by the name of what was asked, or
 * "front WHY" if the backend gave what no correct one gives.
 */
#ifndef TESTS_DAEMON_USB_HOSTILE_ASK_H
#define TESTS_DAEMON_USB_HOSTILE_ASK_H

#include "frontend/user/usb_front.h"

#define TIMEOUT_MS 20000

/* The ports, as the test has them. */
#define LOOPBACK 1
#define ISO	 4
#define NOTHING	 5

extern struct usbfront *front;

struct usb_urb urb_to(unsigned int port, enum usb_type type, uint8_t endpoint, bool is_in, uint32_t len_bytes);
struct usb_urb control_to(unsigned int port, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
			  uint16_t len_bytes);
struct usb_urb descriptor_of(unsigned int port);

struct usbfront_io *get(const char *name);
/* Not yet published. */
struct usbfront_io *ask(const char *name, struct usb_urb urb);
/* With segments of the case's own; those without a gref get one. */
struct usbfront_io *ask_raw(const char *name, struct usb_urb urb);
/* Publishes, and waits for so many answers; 0: only publishes. */
void settle(unsigned int nr);
void ask_one(const char *name, struct usb_urb urb);
void configure(unsigned int port);
void afterwards(void);

const char *status_name(int32_t status);

#endif
