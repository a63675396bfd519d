/* SPDX-License-Identifier: MIT */
/*
 * Sees that USB devices come to this domain, and go: then every port is looked at again.
 *
 * Thread: the main thread. Logs that it cannot.
 */
#ifndef BACKEND_USB_HOTPLUG_H
#define BACKEND_USB_HOTPLUG_H

struct device_host;

/* changed(host) runs after each change, from the first call on; another call changes nothing. */
void usb_hotplug_watch(struct device_host *host, void (*changed)(struct device_host *host));

#endif
