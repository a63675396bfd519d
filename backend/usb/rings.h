/* SPDX-License-Identifier: MIT */
/*
 * A connection of a controller: its two rings, the devices at its ports, and the life of both between the threads. The
 * main thread asks and is told, one worker does.
 *
 * usb_rings_new() -> usb_rings_start() -> started() -> usb_rings_stop() -> stopped() -> released() -> usb_rings_free().
 * Devices are lent to it between usb_rings_plug() and returned(); with released() all are back. What stopped() has told
 * of as orphans are transfers that a device has not given back: until released() it keeps them and what they are in.
 *
 * Thread: the main thread, but for the counters. Logs as io.h says.
 */
#ifndef BACKEND_USB_RINGS_H
#define BACKEND_USB_RINGS_H

#include "backend/core/capture.h"
#include "backend/core/device_rings.h"
#include "backend/core/guest.h"
#include "backend/core/queue.h"
#include "backend/usb/counters.h"
#include "backend/usb/engine.h"
#include "common/base/errbuf.h"

struct usb_rings;

enum usb_ring { USB_RING_URB, USB_RING_CONN, USB_NR_RINGS };

struct usb_rings_params {
	const char *label;
	struct guest_limits *log_limits; /* used until stopped() */
	struct device_ring *rings; /* USB_NR_RINGS, identified */
	struct worker *worker;
	unsigned int nr_ports;
	uint16_t number; /* of the controller */
	struct capture *capture; /* of all URBs; NULL: nobody looks */
	bool is_resumed;
};

/* What the main thread is told, on its loop. */
struct usb_rings_events {
	struct loop *loop;
	void *device; /* the caller's, for these until stopped() */
	/* On failure released() follows at once. */
	void (*started)(void *device, int rc, const struct errbuf *err);
	/* The guest has broken the protocol: it is to be stopped. Once. */
	void (*failed)(void *device, const char *reason);
	void (*stopped)(void *device, uint32_t nr_orphans);
	void *ports; /* the caller's, for these until released() */
	void (*returned)(void *ports, unsigned int number);
	void (*released)(void *ports, struct usb_rings *rings); /* who is told frees it */
};

/* NULL: no memory. */
struct usb_rings *usb_rings_new(const struct usb_rings_params *params, const struct usb_rings_events *events);
void usb_rings_start(struct usb_rings *rings);
void usb_rings_stop(struct usb_rings *rings, enum queue_stop how);
void usb_rings_free(struct usb_rings *rings);

/* From started() on. After usb_rings_stop() neither does anything: what is lent is back with released(). */
void usb_rings_plug(struct usb_rings *rings, unsigned int number, struct usb_device *device);
void usb_rings_unplug(struct usb_rings *rings, unsigned int number);

/* All URBs from here on go to the capture, too. While it is connected. -ENOMEM */
int usb_rings_capture(struct usb_rings *rings, struct capture *capture);

/* Adds what it has counted so far. Any thread. */
void usb_rings_count(const struct usb_rings *rings, struct usb_counters *sum);

#endif
