/* SPDX-License-Identifier: MIT */
/*
 * One USB controller of the scripted backend, which keeps every clause of docs/protocol.md: whatever the toolstack
 * says is at a port, there is a device that gives back what it is sent, or one of isochronous transfers, if that is
 * fake:iso. Its parts: life.c (states), ports.c (what is at them, and who is told), ring.c (what is taken and
 * answered), judge.c (what is refused), transfer.c (between pages and devices).
 *
 * Thread: the main thread. Never logs: why a connection was refused stands in the error node.
 */
#ifndef TESTS_CONFORM_SCRIPTED_USB_CONTROLLER_H
#define TESTS_CONFORM_SCRIPTED_USB_CONTROLLER_H

#include "tests/conform/peer/back_usb.h"
#include "tests/conform/peer/gadget.h"

#define CONTROLLER_SLOTS       16   /* of the ring of URBs */
#define CONTROLLER_MAX_PACKETS 1024 /* of an isochronous transfer */
#define CONTROLLER_NAME_SIZE   64   /* of a device */

struct controller_port {
	char device[CONTROLLER_NAME_SIZE]; /* as the toolstack calls it; "": none */
	struct gadget *gadget; /* NULL: nothing is there */
	uint8_t address;
	unsigned int nr_untold; /* events, the last of which says what is there now */
};

struct controller {
	struct back back;   /* the first, so that what writes its nodes finds the rest; its ring is that of URBs */
	struct back events; /* of its device only the guest's number is used */
	bool was_offered, is_connected;
	uint32_t nr_ports, usb_ver;
	struct controller_port port[USB_MAX_PORTS + 1];
	/* What is not answered yet, in the order of the ring: the first of it the devices have. */
	unsigned int nr_waiting, nr_with_device;
	struct usb_urb waiting[CONTROLLER_SLOTS];
};

/* ---- life.c ---- */
/* Serves it until it is gone, or closed for good. It was begun: back_begin(). */
void controller_serve(struct controller *controller);

/* ---- ports.c ---- */
/* false: the toolstack has not said how many there are. */
bool ports_begin(struct controller *controller);
void ports_end(struct controller *controller);
/* Takes notice of what the toolstack has put there. */
void ports_look(struct controller *controller);
/* The frontend is a new one: it is told of all there is. */
void ports_forget_told(struct controller *controller);
/* As far as there are places. false: one is missing, and there will be an event when it is there. */
bool ports_tell(struct controller *controller);

/* ---- ring.c ---- */
/* Takes and answers what is there. false: its indexes are impossible. */
bool ring_serve(struct controller *controller);
/* Nothing is there, and an event is asked for when something is. */
bool ring_may_sleep(struct controller *controller);
/* All that the device at that port has. */
void ring_answer_all(struct controller *controller, uint8_t port, int32_t status);

/* ---- judge.c ---- */
/* USBIF_STATUS_OK: the device at its port can be asked. An unlink, too. */
int32_t urb_judge(struct controller *controller, const struct usb_urb *urb);

/* ---- transfer.c ---- */
/* What becomes of it, but for its id. false: the device has nothing to say yet. */
bool urb_carry_out(struct controller *controller, const struct usb_urb *urb, struct usb_urb_answer *answer);
/* What describes its packets. false: a grant that cannot be used. */
bool urb_read_packets(struct controller *controller, const struct usb_urb *urb, struct usb_packet *packets);

#endif
