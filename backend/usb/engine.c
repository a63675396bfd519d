// SPDX-License-Identifier: MIT
#include "backend/usb/engine.h"

#include <errno.h>
#include <string.h>

#include "common/base/errbuf.h"

static const struct usb_engine *const engines[] = { &usb_engine_fake };

int usb_device_open(struct usb_device **device, const char *name, const struct usb_host *host, struct errbuf *err)
{
	const char *rest = strchr(name, ':');

	for (size_t i = 0; rest && i < sizeof(engines) / sizeof(engines[0]); i++) {
		size_t len = strlen(engines[i]->scheme);

		if (len == (size_t)(rest - name) && strncmp(engines[i]->scheme, name, len) == 0)
			return engines[i]->open(device, rest + 1, host, err);
	}
	return errbuf_set(err, -EINVAL, "'%.100s' does not name a USB device: expected fake:KIND", name);
}
