// SPDX-License-Identifier: MIT
/* The suite's USB controllers, each with a device at port 1. */
#include "tests/conform/host.h"

#include "ctl/vusb.h"
#include "tests/conform/peer/vusb.h"

#define NR_CONTROLLERS 64

static int create(struct host *host, struct host_device *vusb, char type, struct errbuf *err)
{
	const struct conform_options *options = host->options;
	const struct vusb_request request = { .nr_ports = VUSB_PORTS, .usb_ver = 2 };
	uint32_t port = 1;
	int rc = ts_device_init(&vusb->dev, &vusb_class, host_kind(host, vusb->class), options->domid,
				host->nr_made++ % NR_CONTROLLERS, host->store->domid, err);

	if (rc)
		return rc;
	(void)ts_device_remove(&vusb->dev, host->store, err); /* what an earlier run left */
	rc = vusb_create(&vusb->dev, host->store, &request, err);
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
