/* SPDX-License-Identifier: MIT */
/*
 * Which devices there are: watches backend/KIND and the devices' own nodes, adds and forgets devices, and has each
 * looked at when something about it has changed.
 *
 * Thread: the main thread. Logs.
 */
#ifndef BACKEND_CORE_DISCOVERY_H
#define BACKEND_CORE_DISCOVERY_H

#include "backend/core/device.h"

struct discovery_spec {
	uint32_t only_guest;       /* XB_ANY_GUEST: all */
	const char *kernel_driver; /* "vbd": as the kernel driver for this kind calls itself */
	const char *kernel_module; /* "xen-blkback" */
};

struct discovery {
	struct discovery_spec spec;
	struct device_host *host;
	struct xb_watch scan_watch, release_watch;
	struct loop_fd store_fd;
	struct loop_task drain;
	struct loop_timer check;
	bool said_kernel_driver, said_cannot_look;
	bool has_scanned;
	bool has_other_store; /* one that knows nothing of what we serve: it is not believed */
};

/* Makes discovery_fini() a no-op. */
void discovery_init(struct discovery *discovery, struct device_host *host, const struct discovery_spec *spec);
/* Devices that there are already are added at once. -EBUSY: the kernel serves this kind in our domain. */
int discovery_start(struct discovery *discovery, struct errbuf *err);
void discovery_fini(struct discovery *discovery);
/* After a device was forgotten: another may stand in its place. */
void discovery_scan(struct discovery *discovery);

#endif
