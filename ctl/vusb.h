/* SPDX-License-Identifier: MIT */
/*
 * What the toolstack knows of USB controllers: the nodes of a new one, and which device is at which of its ports. The
 * rest of a controller's life is every device's (ctl/toolstack_device.h). It has no hotplug step: libxl runs none.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_VUSB_H
#define CTL_VUSB_H

#include "ctl/toolstack_device.h"

#define VUSB_MAX_DEVID	   65535
#define VUSB_DEFAULT_PORTS 8 /* libxl's */
#define VUSB_NAME_SIZE	   200

extern const struct ts_class vusb_class;

/* What a new one is to be. */
struct vusb_request {
	uint32_t nr_ports, usb_ver;
};

/* As ts_device_create(). */
int vusb_create(const struct ts_device *vusb, struct xb_store *store, const struct vusb_request *request,
		struct errbuf *err);

/*
 * Puts a device to the port, or, if it is 0, to the first without one, and says which. -EEXIST: it is at one already;
 * -ENOSPC: no port is free; -EBUSY: that one is not; -ERANGE: there is no such port.
 */
int vusb_plug(const struct ts_device *vusb, struct xb_store *store, const char *device, uint32_t *port,
	      struct errbuf *err);
/* Waits for what the backend says of it. -EIO: the backend's reason, and the port is free again. */
int vusb_wait_until_ready(const struct ts_device *vusb, struct xb_store *store, uint32_t port, struct errbuf *err);
/* Takes it away, by its name or its port's number, and waits until the backend has let go of it. -ENOENT */
int vusb_unplug(const struct ts_device *vusb, struct xb_store *store, const char *device, struct errbuf *err);

#endif
