/* SPDX-License-Identifier: MIT */
/*
 * Which endpoints a configuration has, from its descriptors. Pure.
 *
 * Thread: any. Never logs. Trust: descriptors are a device's; what is not as it should be ends the walk.
 * Source: USB 2.0, 9.6.
 */
#ifndef BACKEND_USB_DESCRIPTORS_H
#define BACKEND_USB_DESCRIPTORS_H

#include <stddef.h>

#include "backend/usb/urb.h"

#define USB_MAX_INTERFACES 32

/* Of the alternate setting that each interface has. */
void usb_endpoints_find(struct usb_endpoints *endpoints, const uint8_t *configuration, size_t len_bytes,
			const uint8_t alternate[USB_MAX_INTERFACES]);
/* Has an interface that class, in any setting? */
bool usb_has_class(const uint8_t *descriptors, size_t len_bytes, uint8_t class);
/* Is there such an interface with such a setting? */
bool usb_has_setting(const uint8_t *configuration, size_t len_bytes, uint8_t interface, uint8_t alternate);

#endif
