/* SPDX-License-Identifier: MIT */
/*
 * The data path of a controller: an URB from the ring to its device and its answer back.
 *
 *	request -> decode -> check -> (packets in -> check) -> (data in) -> device -> (data out) -> respond
 *
 * Copies of a whole batch are one call, as in backend/blk/io.c. A URB's data lies in its slot's own buffer from before
 * it goes to its device until it is answered: so the guest's pages are never touched by a device, and no more at all
 * when the answer is visible.
 *
 * An unlink is answered after the URB that it names: one that has not gone to its device yet fails with IOERROR at
 * once; one that is there is cancelled, and ends when the device gives it back.
 *
 * SET_ADDRESS is answered here, as it was the host that gave the device its address. What the host's own stack keeps
 * count of (configurations, alternate settings, halts) is a chore of the engine's.
 *
 * Thread: the queue's worker. Logs what an URB was refused for, bounded by the caller's limit.
 */
#ifndef BACKEND_USB_IO_H
#define BACKEND_USB_IO_H

#include "backend/core/capture.h"
#include "backend/core/guest.h"
#include "backend/core/queue.h"
#include "backend/usb/counters.h"
#include "backend/usb/flight.h"
#include "backend/usb/hub.h"

struct usb_urbs;

/* A URB in flight. The slot's for life. */
struct usb_io {
	struct usb_transfer transfer;
	struct usb_urbs *urbs;
	TAILQ_ENTRY(usb_io) entry; /* in one of the lists, while it is our turn */
	enum usb_io_at {
		USB_IO_TO_LEARN,
		USB_IO_TO_FETCH,
		USB_IO_WAITING,
		USB_IO_IN_DEVICE,
		USB_IO_CHORE,
		USB_IO_TO_STORE,
	} at;
	uint32_t slot;
	struct usb_urb urb;
	uint64_t number; /* of all that were taken */
	bool copy_failed, is_cancelled;
	bool has_come; /* what describes its packets, and its data */
	uint64_t taken_ns;
	struct usb_chore chore;
	struct usb_packet packets[USB_MAX_PACKETS];
};

TAILQ_HEAD(usb_io_list, usb_io);

struct usb_urbs {
	/* The caller's to fill in. */
	const char *label;
	struct log_limit *log_limit;
	struct queue *queue;
	struct usb_hub *hub;
	struct usb_counters *counters;
	uint16_t controller;	 /* its number */
	struct capture *capture; /* NULL: nobody looks */
	/* ours */
	struct usb_io *io; /* by slot */
	uint8_t *buffers;
	struct usb_flight flight;
	struct usb_io_list to_learn; /* isochronous ones whose packets are still the guest's to say */
	struct usb_io_list to_fetch; /* data is still the guest's */
	struct usb_io_list waiting;  /* for their turn at endpoint 0 */
	struct usb_io_list to_store; /* data is not yet the guest's */
	bool is_stopping;
};

/* -ENOMEM: nothing is held. */
int usb_urbs_init(struct usb_urbs *urbs);
/* Nothing may be in flight any more. */
void usb_urbs_fini(struct usb_urbs *urbs);

/* For struct queue_ops. */
void usb_urbs_request(struct usb_urbs *urbs, uint32_t slot, const void *octets);
/* One that a daemon which died had: the device may have seen it, and is another one to the guest from here on. */
void usb_urbs_lost(struct usb_urbs *urbs, uint32_t slot, const void *octets);
void usb_urbs_flush(struct usb_urbs *urbs);
/* Gives memory back that is used no more. */
void usb_urbs_trim(struct usb_urbs *urbs);

/* Has the device of that port give back what it has: it leaves. */
void usb_urbs_cancel_port(struct usb_urbs *urbs, unsigned int number);
/* Has all devices do so; what they have not got yet, they do not get. Answers follow. */
void usb_urbs_stop(struct usb_urbs *urbs);

#endif
