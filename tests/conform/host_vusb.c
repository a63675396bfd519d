// SPDX-License-Identifier: MIT
/* The suite's USB controllers, each with a device at port 1. */
#include "tests/conform/host.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/conform/case_vusb.h"
#include "tests/conform/peer/vusb.h"

static int create(struct host *host, struct host_device *vusb, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;

	return case_vusb_create(&vusb->dev, host->store, host_kind(host, vusb->class), options->domid, host->nr_made++,
				VUSB_PORTS, err);
}

/* QEMU sees what is plugged in from then on that it has offered a controller, and nothing before. */
static int equip(struct host *host, struct host_device *vusb, struct errbuf *err)
{
	uint32_t port = 1;

	return vusb_plug(&vusb->dev, host->store, host->options->usb_device, &port, err);
}

/* "PORT NAME" */
static int plug(struct host *host, struct host_device *vusb, const char *what, struct errbuf *err)
{
	const struct {
		const char *name, *device;
	} devices[] = {
		{ "none", "" },
		{ "loopback", host->options->usb_device },
		{ "iso", host->options->usb_iso_device },
	};
	char name[16], node[32];
	unsigned int port;

	if (sscanf(what, "%u %15s", &port, name) != 2)
		return errbuf_set(err, -EINVAL, "'%s': expected a port and what is plugged in there", what);
	snprintf(node, sizeof(node), "port/%u", port);
	for (unsigned int i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		if (strcmp(devices[i].name, name) == 0)
			return xb_write(host->store, vusb->dev.backend, node, err, "%s", devices[i].device);
	}
	return errbuf_set(err, -EINVAL, "'%s' is no device of the suite's", name);
}

static void drop(struct host_device *vusb)
{
}

const struct host_class host_vusbs = {
	.types = "u",
	.kinds = { "vusb", "qusb" },
	.nr_attached = 1,
	.create = create,
	.equip = equip,
	.plug = plug,
	.drop = drop,
};
