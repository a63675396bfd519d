/* SPDX-License-Identifier: MIT */
/*
 * The ports of a controller as its operator sees them: which device is wanted at each, whether it could be opened, and
 * to which connection it is lent. Opening and closing are a helper's, so a port is on its way for a while; what is
 * wanted may change meanwhile, and is looked at when it has arrived.
 *
 * It outlives its controller where a helper, or a transfer that does not come back, still has a device of it: that is
 * closed when it comes back.
 *
 * Thread: the main thread. Logs what becomes of each port.
 */
#ifndef BACKEND_USB_PORTS_H
#define BACKEND_USB_PORTS_H

#include <jansson.h>

#include "backend/core/helper.h"
#include "backend/usb/engine.h"
#include "common/base/errbuf.h"

#define USB_NAME_SIZE 200

struct usb_ports;
struct usb_rings;

struct usb_ports_params {
	const char *label; /* of the controller */
	struct loop *loop; /* the main thread's */
	struct usb_host host;
	unsigned int nr_ports;
	enum usb_speed max_speed; /* that the controller's version has */
	void *owner;
	/* What there is to say of a port has changed: usb_ports_say(). */
	void (*changed)(void *owner, unsigned int number);
};

/* NULL: no memory. */
struct usb_ports *usb_ports_new(const struct usb_ports_params *params);
/* The controller is gone. The helper outlives all that is posted to it. */
void usb_ports_abandon(struct usb_ports *ports);

/* name: ""; no device. A name that is too long names none. */
void usb_ports_want(struct usb_ports *ports, unsigned int number, const char *name);
/* A device may have come to this domain, or gone. */
void usb_ports_look_again(struct usb_ports *ports);
/* A connection begins, which usb_ports_released() ends. */
void usb_ports_begin(struct usb_ports *ports);
/* Devices are lent to this connection from here on, and what could not be opened is tried again; NULL: to none. */
void usb_ports_connect(struct usb_ports *ports, struct usb_rings *rings);
/* For the events of rings. */
void usb_ports_returned(void *ports, unsigned int number);
void usb_ports_released(void *ports, struct usb_rings *rings);

/* "": no device is wanted; "opening", "ready", or what is wrong. */
const char *usb_ports_say(const struct usb_ports *ports, unsigned int number);
/* [{"port": 1, "device": "fake:mouse", "status": "ready"}, ...], of those that are not empty. */
json_t *usb_ports_json(const struct usb_ports *ports);

#endif
