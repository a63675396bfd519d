/* SPDX-License-Identifier: MIT */
/*
 * The ports of a connected controller: which device is at which, under which address, and what the guest has been told
 * of it on the ring of events, each of which takes a request that the guest has put there for it.
 *
 * A device that is unplugged takes no more transfers; when the last of those in it is back, it is given back. One that
 * is plugged in where the guest still believes another is told as two events.
 *
 * Thread: the queues' worker. Never logs.
 */
#ifndef BACKEND_USB_HUB_H
#define BACKEND_USB_HUB_H

#include "backend/core/queue.h"
#include "backend/usb/engine.h"

struct usb_hub_port {
	struct usb_device *device; /* NULL: none */
	struct usb_endpoints endpoints;
	uint8_t address;
	bool is_leaving;
	uint32_t nr_out; /* transfers that the device has, and chores under way */
	/* How often something was plugged in, and which of them the guest was told of last; with its speed. */
	uint32_t plug, told_plug;
	enum usb_speed told_speed;
};

struct usb_hub {
	struct queue *queue; /* of events */
	unsigned int nr_ports;
	/* The device of that port, from 1, is the owner's again. */
	void (*returned)(struct usb_hub *hub, unsigned int number);
	struct usb_hub_port port[USB_MAX_PORTS + 1]; /* by number */
};

/* is_resumed: the guest may believe anything, and is told first that there is nothing at any port. */
void usb_hub_init(struct usb_hub *hub, struct queue *queue, unsigned int nr_ports, bool is_resumed,
		  void (*returned)(struct usb_hub *, unsigned int));
void usb_hub_plug(struct usb_hub *hub, unsigned int number, struct usb_device *device);
/* returned() follows, maybe at once; the caller cancels what is out. Only of a port with a device. */
void usb_hub_unplug(struct usb_hub *hub, unsigned int number);

/* NULL: there is none, or it leaves. */
struct usb_device *usb_hub_device(const struct usb_hub *hub, unsigned int number);
/* A transfer, or a chore. */
void usb_hub_began(struct usb_hub *hub, unsigned int number);
void usb_hub_ended(struct usb_hub *hub, unsigned int number);

/* For the queue's ops->flush(): tells what there is to tell, as far as the guest has given requests for it. */
void usb_hub_flush(struct usb_hub *hub);

#endif
