/* SPDX-License-Identifier: MIT */
/*
 * The hotplug step: after a backend has offered a device the toolstack waits for the verdict of the daemon on what is
 * behind it (an image, an interface), and says that the device may connect.
 *
 * Thread: the main thread. Errors: -errno with the reason in err; never logs.
 */
#ifndef CTL_HOTPLUG_H
#define CTL_HOTPLUG_H

#include <stdbool.h>

#include "ctl/toolstack_device.h"

#define HOTPLUG_SECONDS 30 /* less than what a script may take, HOTPLUG_SCRIPT_SECONDS */

/* libxl runs a script for it. */
static inline bool hotplug_has_step(const struct ts_class *class)
{
	return class->hotplug.script;
}

/*
 * On a backend directory of our own domain. hotplug-status is "connected" at its end; or "error", and hotplug-error
 * holds the reason.
 */
int hotplug_add(struct xb_store *store, const struct ts_class *class, const char *backend, struct errbuf *err);

/*
 * The step that the toolstack's nodes name, for a device with a backend in our own domain: the above where the script
 * is ours, which need not be installed; any other is run as libxl runs it.
 */
int hotplug_device_came(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);
int hotplug_device_went(const struct ts_device *dev, struct xb_store *store, struct errbuf *err);

#endif
