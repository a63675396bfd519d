/* SPDX-License-Identifier: MIT */
/*
 * Which URBs are out, by the id that their guest has given them, and which unlinks wait for each. Pure: a slot of the
 * ring's is a number below USB_NR_SLOTS.
 *
 * Thread: the queue's worker. Never fails otherwise, never logs.
 */
#ifndef BACKEND_USB_FLIGHT_H
#define BACKEND_USB_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#define USB_NR_SLOTS 16 /* of the one page that a ring of URBs is */
#define USB_NO_SLOT  UINT32_MAX

struct usb_flight {
	struct usb_flight_urb {
		bool is_out;
		uint16_t id;
		uint8_t port;
		uint32_t first_waiting; /* unlink; USB_NO_SLOT: none */
		uint32_t next_waiting;	/* of an unlink: what waits beside it */
	} urb[USB_NR_SLOTS];
};

/* false: an id that is out already, at whatever port. */
bool usb_flight_add(struct usb_flight *flight, uint32_t slot, uint16_t id, uint8_t port);
void usb_flight_remove(struct usb_flight *flight, uint32_t slot);
/* USB_NO_SLOT: none of that id is out at that port. */
uint32_t usb_flight_find(const struct usb_flight *flight, uint16_t id, uint8_t port);

/* The unlink in `unlink` is to be answered after the URB in `slot`, which is out. */
void usb_flight_wait(struct usb_flight *flight, uint32_t slot, uint32_t unlink);
bool usb_flight_has_waiting(const struct usb_flight *flight, uint32_t slot);
/* Takes the first that waits for the URB; USB_NO_SLOT: none does. Both also after the URB was removed. */
uint32_t usb_flight_take_waiting(struct usb_flight *flight, uint32_t slot);

#endif
