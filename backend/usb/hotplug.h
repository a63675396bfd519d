/* SPDX-License-Identifier: MIT */
/*
 * Sees that USB devices come to this domain, and go: then every port is looked at again.
 *
 * Thread: the main thread, but for usb_hotplug_gone(). Logs that it cannot.
 */
#ifndef BACKEND_USB_HOTPLUG_H
#define BACKEND_USB_HOTPLUG_H

struct device_host;

/* changed(host) runs after each change, from the first call on; another call changes nothing. */
void usb_hotplug_watch(struct device_host *host, void (*changed)(struct device_host *host));
/* Any thread, after that: the engine of a device has found that it is gone. */
void usb_hotplug_gone(void);

#endif
