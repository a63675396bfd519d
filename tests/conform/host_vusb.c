// SPDX-License-Identifier: MIT
/* The suite's USB controllers, each with a device at port 1. */
#include "tests/conform/host.h"

#include "tests/conform/case_vusb.h"
#include "tests/conform/peer/vusb.h"

static int create(struct host *host, struct host_device *vusb, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;
	uint32_t port = 1;
	int rc = case_vusb_create(&vusb->dev, host->store, host_kind(host, vusb->class), options->domid,
				  host->nr_made++, VUSB_PORTS, err);

	return rc ? rc : vusb_plug(&vusb->dev, host->store, options->usb_device, &port, err);
}

static void drop(struct host_device *vusb)
{
}

const struct host_class host_vusbs = {
	.types = "u",
	.kinds = { "vusb", "qusb" },
	.nr_attached = 1,
	.create = create,
	.drop = drop,
};
