/* SPDX-License-Identifier: MIT */
/*
 * What front.h is of a USB controller: its rings of URBs and of events, and what is at port 1, which the suite has put
 * there: a device that gives back by bulk transfers at endpoint 1 what it is sent there, in packets of 512 octets, as
 * pvring-usbd's fake:loopback does. Nothing is at the other ports. A case may have the toolstack put another device
 * there (toolstack_plug()), an isochronous source at endpoint 1 and sink at endpoint 2, as pvring-usbd's fake:iso is.
 *
 * Use: front_connect(), vusb_await_device(), then vusb_do(), or vusb_put() and vusb_push() and vusb_take().
 * How URBs are answered every backend is held to whatever the case is about: VUSB_CLAUSES.
 * Thread: the main thread. Never logs.
 */
#ifndef TESTS_CONFORM_PEER_VUSB_H
#define TESTS_CONFORM_PEER_VUSB_H

#include "common/wire/usb.h"
#include "common/wire/xen_usbif.h"
#include "tests/conform/peer/front.h"

#define VUSB_PORTS	  8
#define VUSB_SLOTS	  16
#define VUSB_PLACES	  512 /* for events */
#define VUSB_PAGES	  48
#define VUSB_ENDPOINT	  1
#define VUSB_PACKET_BYTES 512
#define VUSB_CLAUSES	  "BUS-21 USB-27 USB-16 USB-17"

struct vusb {
	struct front front; /* the device, and the ring of URBs */
	struct front conn;  /* that of events */
	unsigned int nr_places; /* for events; set before it connects */
	uint8_t speed[VUSB_PORTS + 1];
	unsigned int nr_events; /* so far */
	bool is_configured;
	uint8_t address; /* of the device at port 1; 0: it has been given none */
};

void vusb_init(struct vusb *vusb, uint32_t devid);
struct vusb *vusb_of(struct front *front);
extern const struct front_class front_vusb_class;

/* A place for an event, not published yet. */
void vusb_put_place(struct vusb *vusb, uint16_t id);
/* One event, if it comes in that time; its place is given back. */
bool vusb_take_event(struct vusb *vusb, struct usb_conn_event *event, unsigned int ms);
/* Connected, and the guest has been told of the device at port 1, which has an address and its first configuration. */
struct vusb *vusb_connected(struct front *front);
/* The address and the configuration: not of one that has them. */
void vusb_configure(struct vusb *vusb);

/* To the device at port 1, with data in whole pages from `page` on. */
struct usb_urb vusb_bulk(struct front *front, bool is_in, unsigned int page, uint32_t len_bytes);
struct usb_urb vusb_control(struct front *front, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
			    unsigned int page, uint16_t len_bytes);
/* Its id is where it stands in the ring. */
uint16_t vusb_put(struct front *front, struct usb_urb urb);
bool vusb_take(struct front *front, struct usb_urb_answer *answer, unsigned int ms);
/* It is answered, by its id; whatever else is out. */
struct usb_urb_answer vusb_must_answer(struct front *front, const char *clause, uint16_t id);
struct usb_urb_answer vusb_do(struct front *front, const char *clause, const struct usb_urb *urb);
const char *vusb_status_name(int32_t status);

#endif
