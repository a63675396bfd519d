/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A USB controller of the guest's, and its life: main → connect → hcd → rings → transfer, buffers; hub, terms.
 *
 * The lock is over what the kernel's USB core and the interrupt meet at: the rings and the ports. A controller from an
 * earlier connection has nothing at its ports while there is none.
 */
#ifndef FRONTEND_LINUX_USB_USB_H
#define FRONTEND_LINUX_USB_USB_H

#include <linux/spinlock.h>
#include <linux/usb.h>
#include <linux/usb/hcd.h>
#include <linux/workqueue.h>
#include <xen/interface/io/usbif.h>
#include <xen/xenbus.h>

#include "frontend/linux/life.h"
#include "frontend/linux/usb/rings.h"
#include "frontend/linux/usb/terms.h"

/* A port of the root hub: what is there, and USB_PORT_STAT_* and USB_PORT_STAT_C_* as the hub's driver knows them. */
struct root_port {
	u8 speed; /* XENUSB_SPEED_* */
	u16 status, change;
};

struct usb_front {
	struct front_life life;
	struct usb_terms terms;
	struct usb_hcd *hcd; /* from the first connection until front is freed */
	bool is_added;	     /* known to the USB core; owner: end */

	spinlock_t lock;
	struct usb_rings rings;
	struct root_port port[XENUSB_MAX_PORTNR];

	/* Takes the controller away from the USB core: waits for drivers of devices. */
	struct work_struct end;
};

/* ---- hcd.c: towards the kernel's USB core ------------------------------------------------------------------------ */

/* Makes front->hcd, from its terms, and shows it to the USB core. -errno; says why. May sleep. */
int hcd_add(struct usb_front *front);

/* ---- hub.c: the root hub ----------------------------------------------------------------------------------------- */

/* Under the lock: what is at a port now. NULL, or what no backend says. */
const char *hub_event(struct usb_front *front, unsigned int number, u8 speed);

/* Without the lock: there is news, if there is a controller. */
void hub_tell(struct usb_front *front);

/* Nothing is at any port. */
void hub_clear(struct usb_front *front);

int hub_status_data(struct usb_hcd *hcd, char *changes);
int hub_control(struct usb_hcd *hcd, u16 type_and_request, u16 value, u16 index, char *data, u16 length);

/* ---- connect.c: from phase to phase ------------------------------------------------------------------------------ */

/* Closed, front->end, which does the rest, is scheduled; suspended, the devices have gone. */
extern const struct front_steps usb_steps;

/* What the steps use. */
void front_init(struct usb_front *front);

/* ---- from anywhere ----------------------------------------------------------------------------------------------- */

static inline struct usb_front *front_of(struct usb_hcd *hcd)
{
	return *(struct usb_front **)hcd->hcd_priv;
}

#endif
