// SPDX-License-Identifier: MIT
/* The suite's USB controllers, each with a device at port 1. */
#include "tests/conform/host.h"

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

static void drop(struct host_device *vusb)
{
}

const struct host_class host_vusbs = {
	.types = "u",
	.kinds = { "vusb", "qusb" },
	.nr_attached = 1,
	.create = create,
	.equip = equip,
	.drop = drop,
};
