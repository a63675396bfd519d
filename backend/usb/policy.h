/* SPDX-License-Identifier: MIT */
/*
 * Which devices of this domain, or another machine, may go to which guest: a file of rules, of which the first that
 * fits counts.
 *
 *	# comment
 *	allow|deny GUEST DEVICE
 *
 * GUEST: a domain's number, or *. DEVICE: *, BUS-PORT, VENDOR:PRODUCT[:SERIAL], class:CC, the class of the device or of
 * one of its interfaces in two hexadecimal digits, or usbredir, one of another machine. What no rule fits is denied.
 *
 * Thread: usb_policy_read() on the main thread at the start; the other on any after it. Errors: -errno with the file
 * and line; never logs.
 */
#ifndef BACKEND_USB_POLICY_H
#define BACKEND_USB_POLICY_H

#include <stddef.h>

#include "backend/usb/host_devices.h"

#define USB_POLICY_MAX_RULES 256
#define USB_POLICY_REDIR     "usbredir" /* in place of its port */

struct usb_policy {
	unsigned int nr;
	struct usb_rule {
		bool is_allowed;
		uint32_t domid; /* USB_ANY_GUEST */
		enum usb_rule_kind { USB_RULE_ANY, USB_RULE_NAME, USB_RULE_CLASS } kind;
		char name[160];
		uint8_t class;
	} rule[USB_POLICY_MAX_RULES];
};

#define USB_ANY_GUEST UINT32_MAX

int usb_policy_read(struct usb_policy *policy, const char *path, struct errbuf *err);
/* -EACCES: not this device to that guest. Its descriptors say the classes of its interfaces. */
int usb_policy_check(const struct usb_policy *policy, uint32_t domid, const struct usb_host_device *device,
		     const uint8_t *descriptors, size_t len_bytes, struct errbuf *err);

#endif
