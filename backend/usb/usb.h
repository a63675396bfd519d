/* SPDX-License-Identifier: MIT */
/* What pvring-usbd's own files share: a USB controller of a guest. */
#ifndef BACKEND_USB_USB_H
#define BACKEND_USB_USB_H

#include "backend/core/device.h"
#include "backend/usb/ports.h"
#include "backend/usb/rings.h"

/* Its kind is main.c's to change, before anything else is done. */
extern struct device_class usb_class;

struct usb_controller {
	struct device dev;
	struct worker *worker; /* of all its connections: a device is opened for one */
	uint32_t usb_ver, nr_ports;
	struct usb_ports *ports; /* NULL: its nodes have not been read yet, or it is gone */
	struct usb_said {
		bool is_known; /* what a daemon before us has left there is not */
		char text[sizeof(((struct errbuf *)0)->text)];
	} said[USB_MAX_PORTS + 1]; /* in the store, of each port */
	struct usb_rings *rings; /* NULL: not connected */
	struct usb_counters counted_before; /* by the rings of earlier connections */
};

#endif
