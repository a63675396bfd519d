/* SPDX-License-Identifier: MIT */
/*
 * Which configuration a device of this domain has, with which settings of its interfaces, as whoever uses it by libusb
 * has to know and to keep to.
 *
 * Thread: a helper's, one at a time: all but libusb_config_endpoints() wait for the device. Never logs.
 * Errors: LIBUSB_ERROR_*.
 */
#ifndef BACKEND_USB_LIBUSB_CONFIG_H
#define BACKEND_USB_LIBUSB_CONFIG_H

#include <libusb.h>

#include "backend/usb/descriptors.h"
#include "backend/usb/urb.h"

#define LIBUSB_DEVICE_BYTES	     18 /* a device's descriptor, which the configurations' follow */
#define LIBUSB_MAX_DESCRIPTORS_BYTES 65536

struct libusb_config {
	/* The caller's to fill in. */
	libusb_device_handle *handle;
	uint8_t descriptors[LIBUSB_MAX_DESCRIPTORS_BYTES];
	int descriptors_bytes;
	uint8_t configuration, first; /* 0: none; when it was opened */
	/* ours */
	uint8_t alternate[USB_MAX_INTERFACES];
};

void libusb_config_endpoints(const struct libusb_config *config, struct usb_endpoints *endpoints);
/* All interfaces. As auto-detach has it, their drivers lose them now, and get them back when they are released. */
int libusb_config_claim(struct libusb_config *config);
void libusb_config_release(struct libusb_config *config);
int libusb_config_set(struct libusb_config *config, uint8_t configuration);
/* As it was when it was opened. */
int libusb_config_reset(struct libusb_config *config);
int libusb_config_set_interface(struct libusb_config *config, uint8_t interface, uint8_t alternate);

#endif
