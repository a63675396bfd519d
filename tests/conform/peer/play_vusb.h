/* SPDX-License-Identifier: MIT */
/*
 * What play.h is of a USB controller: at port 1 a device that gives back what it is sent, at port 2 one with
 * isochronous endpoints, both of gadget.h; nothing at the others. A frontend is told of them once both sides are
 * connected.
 *
 * Use: play_drive() and must_come_up(); then play_take_next() and play_finish(), by which the device gets the URB: it
 * is answered when that has something to say. By hand: play_vusb_answer(), play_vusb_tell(). What may be asked for
 * every frontend is held to whatever the case is about: PLAY_VUSB_CLAUSES.
 * Thread: the main thread. Never logs. Trust: the guest may write anything anywhere.
 */
#ifndef TESTS_CONFORM_PEER_PLAY_VUSB_H
#define TESTS_CONFORM_PEER_PLAY_VUSB_H

#include "tests/conform/peer/back_usb.h"
#include "tests/conform/peer/gadget.h"
#include "tests/conform/peer/play.h"

#define PLAY_VUSB_CLAUSES     PLAY_CLAUSES " USB-32"
#define PLAY_VUSB_PORTS	      8
#define PLAY_VUSB_SLOTS	      16
#define PLAY_VUSB_PLACES      512  /* of the ring of events */
#define PLAY_VUSB_MAX_PACKETS 1024 /* of an isochronous transfer */

struct play_vusb_port {
	uint8_t speed, told; /* what is there, and what the frontend has been told */
	uint8_t address;
	struct gadget *gadget; /* NULL: whatever the speed says, nothing answers */
};

struct play_vusb {
	struct play play; /* the first; its ring is that of URBs */
	struct back events;
	struct play_vusb_port port[PLAY_VUSB_PORTS + 1];
	bool puts_in_first; /* of what is answered at once, transfers from the device */
	/* What was taken last, and what there was so far. */
	struct usb_urb taken;
	unsigned int nr_held;
	struct usb_urb held[PLAY_VUSB_SLOTS];
	/* What the devices have. */
	unsigned int nr_waiting;
	struct usb_urb waiting[PLAY_VUSB_SLOTS];
	bool is_out[UINT16_MAX + 1]; /* by id */
	uint64_t nr_unlinks, nr_of[USB_BULK + 1];
};

extern const struct play_class play_vusb_class;

struct play_vusb *play_vusb_of(struct play *play);

/* ---- ports ---- */
/* What is there from now on; it is told when there is a place for that. */
void play_vusb_plug(struct play_vusb *vusb, uint8_t port, uint8_t speed);
bool play_vusb_has_told(const struct play_vusb *vusb); /* all there is */
/* A place is there. */
void must_have_place(struct play_vusb *vusb);
void play_vusb_tell(struct play_vusb *vusb, uint8_t port, uint8_t speed); /* there is a place, and we are connected */

/* ---- URBs ---- */
/* All that may be wrong with the one that was taken last fails the frontend. */
void play_vusb_judge(struct play_vusb *vusb);
void play_vusb_finish(struct play *play); /* play_finish() */
/* Serves until a transfer of the workload's own has come, not one by which a device is found. false: it ends before. */
bool play_vusb_await_transfer(struct play_vusb *vusb);
/* That, and all others that are out then, until nothing has come for a while; taken is the first one. */
void play_vusb_hold_all(struct play_vusb *vusb);
/* Those but the first `nr_answered` are given to their devices. */
void play_vusb_finish_held(struct play_vusb *vusb, unsigned int nr_answered);
/* The device has it, and what is answered is the case's; of one from the device there may be nothing to be had. */
void play_vusb_swallow(struct play_vusb *vusb, const struct usb_urb *urb);
void play_vusb_answer(struct play_vusb *vusb, const struct usb_urb *urb, int32_t status, int32_t actual_bytes);

#endif
