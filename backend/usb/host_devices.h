/* SPDX-License-Identifier: MIT */
/*
 * The USB devices of this domain, as its kernel tells of them in sysfs: which one a name means, and whether it is one
 * that may be given away.
 *
 * Thread: any. Errors: -errno with the reason; never logs.
 */
#ifndef BACKEND_USB_HOST_DEVICES_H
#define BACKEND_USB_HOST_DEVICES_H

#include <stdbool.h>
#include <stdint.h>

#include "common/wire/usb.h"

struct errbuf;

#define USB_SYSFS "/sys/bus/usb/devices"

struct usb_host_device {
	char path[32]; /* "3-1.5": bus 3, port 1, port 5 of the hub there */
	uint32_t bus, number;
	uint32_t mbit_per_s; /* 1 for the 1.5 of a low-speed device */
	uint16_t vendor, product;
	uint8_t class;
	char serial[128]; /* "": it has none */
	char name[128];	  /* what it calls itself, for people */
};

/*
 * name: its path, or VENDOR:PRODUCT in four hexadecimal digits each, alone or with :SERIAL. -EINVAL: neither; -ENODEV:
 * no such device is there now; -ENOTUNIQ: there are several.
 */
int usb_host_device_find(const char *sysfs, const char *name, struct usb_host_device *device, struct errbuf *err);
/* Each of them, but root hubs, in the order of their paths. -ENOENT: this kernel knows no USB. */
int usb_host_devices_list(const char *sysfs, void (*visit)(const struct usb_host_device *device), struct errbuf *err);
/* Does the name look like one? */
bool usb_host_device_is_name(const char *name);

/*
 * -EPERM: a hub, as all that is behind it would go too; -EBUSY: this domain has a file system on it, or swap, or what
 * either may be on, such as a volume of LUKS, LVM or md.
 * -EPROTONOSUPPORT: a link that PV USB does not have.
 */
int usb_host_device_check(const char *sysfs, const struct usb_host_device *device, struct errbuf *err);
enum usb_speed usb_host_device_speed(const struct usb_host_device *device);

/* All descriptors, as the device has them: that of the device, then each configuration's. How many octets; -errno. */
int usb_host_device_descriptors(const char *sysfs, const char *path, uint8_t *octets, int size);

#endif
