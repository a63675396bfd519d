// SPDX-License-Identifier: MIT
#include "backend/usb/engine.h"

#include <errno.h>
#include <string.h>

#include "common/base/errbuf.h"

#define FAKE  "fake:"
#define REDIR "usbredir:"

const struct usb_policy *usb_policy;

int usb_device_open(struct usb_device **device, const char *name, const struct usb_host *host, struct errbuf *err)
{
	if (strncmp(name, FAKE, strlen(FAKE)) == 0)
		return usb_engine_fake.open(device, name + strlen(FAKE), host, err);
	if (strncmp(name, REDIR, strlen(REDIR)) == 0)
		return usb_engine_redir.open(device, name + strlen(REDIR), host, err);
	return usb_engine_libusb.open(device, name, host, err);
}
