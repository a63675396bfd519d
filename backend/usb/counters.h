/* SPDX-License-Identifier: MIT */
/*
 * What a controller has done: counted by the worker of its rings, kept over reconnects by the device.
 *
 * Thread: reasons_count() and counter_add() on the writer's; a reader on any, at any time. Never logs.
 */
#ifndef BACKEND_USB_COUNTERS_H
#define BACKEND_USB_COUNTERS_H

#include "backend/core/metrics.h"
#include "backend/core/reasons.h"

#define USB_NR_TYPES 4 /* enum usb_type */

struct usb_counters {
	uint64_t urbs[USB_NR_TYPES]; /* that a device has answered, with whatever status */
	uint64_t bytes[USB_NR_TYPES];
	uint64_t nr_unlinks;
	struct reasons errors;
	uint64_t nr_taken, nr_answered; /* the difference is in flight */
	uint64_t nr_spurious_events; /* the queues count these themselves */
	struct histogram latency;
};

/* sum belongs to the caller; counters may be counting. */
void usb_counters_add(struct usb_counters *sum, const struct usb_counters *counters);
/* The connection is over: what was not answered never will be, and is in flight no more as far as the guest goes. */
void usb_counters_close(struct usb_counters *sum);
/* Adds in_flight, urbs, bytes, unlinks, errors, latency_ns and spurious_events. */
void usb_counters_status(const struct usb_counters *counters, json_t *object);

#endif
