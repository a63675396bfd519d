// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/usb/terms.h"

#include <xen/interface/io/protocols.h>

#include "frontend/linux/nodes.h"
#include "frontend/linux/usb/usb.h"

static const struct term usb_terms[] = {
	{ "usb-ver", XENUSB_VER_USB11, XENUSB_VER_USB20, 0, offsetof(struct usb_terms, usb_ver), true },
	{ "num-ports", 1, XENUSB_MAX_PORTNR, 0, offsetof(struct usb_terms, nr_ports), true },
};

int terms_read(struct xenbus_device *dev, struct usb_terms *terms)
{
	return nodes_read_terms(dev, terms, usb_terms, ARRAY_SIZE(usb_terms));
}

/* A directory that has been removed is not to come back: -ENOENT. */
static int remove_nodes(struct xenbus_transaction xbt, const void *arg)
{
	static const char *const nodes[] = { "urb-ring-ref", "conn-ring-ref", "event-channel" };
	const char *dir = arg;
	unsigned int i;
	int rc = 0;

	if (!xenbus_exists(xbt, dir, "state"))
		return -ENOENT;
	for (i = 0; rc == 0 && i < ARRAY_SIZE(nodes); i++)
		if (xenbus_exists(xbt, dir, nodes[i]))
			rc = xenbus_rm(xbt, dir, nodes[i]);
	return rc;
}

static int write_nodes(struct xenbus_transaction xbt, const void *arg)
{
	const struct usb_front *front = arg;
	const struct usb_rings *rings = &front->rings;
	const char *dir = front->life.dev->nodename;
	int rc;

	rc = remove_nodes(xbt, dir);
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "urb-ring-ref", "%u", rings->urb_ref);
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "conn-ring-ref", "%u", rings->conn_ref);
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "event-channel", "%u", rings->port);
	if (rc == 0)
		rc = xenbus_printf(xbt, dir, "protocol", "%s", XEN_IO_PROTO_ABI_NATIVE);
	return rc;
}

int terms_publish(struct usb_front *front)
{
	int rc = nodes_change(write_nodes, front);

	if (rc)
		xenbus_dev_error(front->life.dev, rc, "publishing the rings");
	return rc;
}

void terms_unpublish(struct xenbus_device *dev)
{
	int rc = nodes_change(remove_nodes, dev->nodename);

	if (rc && rc != -ENOENT)
		xenbus_dev_error(dev, rc, "removing the rings' nodes");
}
