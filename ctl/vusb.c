// SPDX-License-Identifier: MIT
#include "ctl/vusb.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/options.h"
#include "common/base/parse.h"
#include "common/wire/usb.h"
#include "xenbus/node.h"
#include "xenbus/watch.h"

/* ---- a new one ------------------------------------------------------------------------------------------------- */

int vusb_create(const struct ts_device *vusb, struct xb_store *store, const struct vusb_request *request,
		struct errbuf *err)
{
	char devid[16], ver[16], nr_ports[16], port[USB_MAX_PORTS][16];
	struct ts_node backend[4 + USB_MAX_PORTS] = {
		{ "type", "pv" },
		{ "usb-ver", ver },
		{ "num-ports", nr_ports },
		{ "port", "" },
	};

	snprintf(devid, sizeof(devid), "%u", vusb->devid);
	snprintf(ver, sizeof(ver), "%u", request->usb_ver);
	snprintf(nr_ports, sizeof(nr_ports), "%u", request->nr_ports);
	for (uint32_t i = 0; i < request->nr_ports; i++) {
		snprintf(port[i], sizeof(port[i]), "port/%u", i + 1);
		backend[4 + i] = (struct ts_node){ port[i], "" };
	}
	return ts_device_create(vusb, store, &(struct ts_content){
		.name = devid,
		.backend = { backend, 4 + request->nr_ports },
	}, err);
}

static int parse_devid(const char *name, uint32_t *devid, struct errbuf *err)
{
	return option_u32("USB controller's number", name, 0, VUSB_MAX_DEVID, devid, err);
}

const struct ts_class vusb_class = {
	.kind = "vusb",
	.noun = "USB controller",
	.daemon = "pvring-usbd",
	.parse_name = parse_devid,
};

/* ---- its ports ------------------------------------------------------------------------------------------------- */

struct plug {
	const struct ts_device *vusb;
	const char *device;
	uint32_t wanted, found; /* port; 0: any, none */
};

static int read_port(struct xb_store *store, const char *dir, uint32_t port, char device[VUSB_NAME_SIZE],
		     struct errbuf *err)
{
	char name[16];

	snprintf(name, sizeof(name), "port/%u", port);
	return xb_read_string_or(store, dir, name, "", device, VUSB_NAME_SIZE, err);
}

/* In the backend's directory, and in the toolstack's own, of which one that is made anew is made. */
static int write_port(struct xb_store *store, const struct ts_device *vusb, uint32_t port, const char *device,
		      struct errbuf *err)
{
	char name[16];
	int rc;

	snprintf(name, sizeof(name), "port/%u", port);
	rc = xb_write(store, vusb->libxl, name, err, "%s", device);
	return rc ? rc : xb_write(store, vusb->backend, name, err, "%s", device);
}

static int read_nr_ports(struct xb_store *store, const struct ts_device *vusb, uint32_t *nr, struct errbuf *err)
{
	return xb_read_u32(store, vusb->backend, "num-ports", 1, USB_MAX_PORTS, nr, err);
}

static int find_room(struct xb_store *store, struct plug *plug, uint32_t nr_ports, struct errbuf *err)
{
	char device[VUSB_NAME_SIZE];
	int rc;

	plug->found = 0;
	for (uint32_t port = 1; port <= nr_ports; port++) {
		rc = read_port(store, plug->vusb->backend, port, device, err);
		if (rc)
			return rc;
		if (strcmp(device, plug->device) == 0)
			return errbuf_set(err, -EEXIST, "%s is at port %u already", device, port);
		if (port == plug->wanted && *device)
			return errbuf_set(err, -EBUSY, "port %u has %s", port, device);
		if (!*device && !plug->found && (!plug->wanted || plug->wanted == port))
			plug->found = port;
	}
	if (plug->found)
		return 0;
	return plug->wanted ? errbuf_set(err, -ERANGE, "there is no port %u: the controller has %u", plug->wanted,
					 nr_ports) :
			      errbuf_set(err, -ENOSPC, "none of the controller's %u ports is free", nr_ports);
}

/* What was said of the device before is nothing of the one that comes. */
static int remove_status(struct xb_store *store, const struct ts_device *vusb, uint32_t port, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc = xb_path(path, sizeof(path), err, "%s/port-status/%u", vusb->backend, port);

	return rc ? rc : xb_remove(store, path, err);
}

static int plug_in(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct plug *plug = arg;
	uint32_t nr_ports;
	int rc = read_nr_ports(store, plug->vusb, &nr_ports, err);

	if (rc == 0)
		rc = find_room(store, plug, nr_ports, err);
	if (rc == 0)
		rc = remove_status(store, plug->vusb, plug->found, err);
	return rc ? rc : write_port(store, plug->vusb, plug->found, plug->device, err);
}

int vusb_plug(const struct ts_device *vusb, struct xb_store *store, const char *device, uint32_t *port,
	      struct errbuf *err)
{
	struct plug plug = { .vusb = vusb, .device = device, .wanted = *port };
	int rc;

	if (!*device || strlen(device) >= VUSB_NAME_SIZE)
		return errbuf_set(err, -EINVAL, "'%.40s' does not name a USB device", device);
	rc = xb_transaction(store, plug_in, &plug, err);
	*port = plug.found;
	return rc;
}

/* What the backend says of the port now: "" if nothing. */
static int read_status(const struct ts_device *vusb, struct xb_store *store, uint32_t port, char *status, size_t size,
		       struct errbuf *err)
{
	char name[32];

	snprintf(name, sizeof(name), "port-status/%u", port);
	return xb_read_string_or(store, vusb->backend, name, "", status, size, err);
}

/*
 * Until is_over(status); what it said then is in err. -ETIMEDOUT: with what it says instead. A watch is dirty at its
 * beginning, so the first look comes at once.
 */
static int wait_for_status(const struct ts_device *vusb, struct xb_store *store, uint32_t port,
			   bool (*is_over)(const char *status), struct errbuf *err)
{
	uint64_t deadline_ns = clock_now_ns() + TS_INIT_SECONDS * NSEC_PER_SEC;
	char status[sizeof(err->text)] = "";
	struct xb_watch watch;
	int rc;

	xb_watch_init(&watch);
	rc = xb_watch_add(store, &watch, vusb->backend, err);
	while (rc == 0) {
		rc = read_status(vusb, store, port, status, sizeof(status), err);
		if (rc || is_over(status))
			break;
		rc = xb_watch_wait(store, deadline_ns, err);
	}
	xb_watch_remove(&watch);
	if (rc == -ETIMEDOUT)
		return errbuf_set(err, rc,
				  "%s/port-status/%u is '%.100s' after %u s: is pvring-usbd running in domain %u?",
				  vusb->backend, port, status, TS_INIT_SECONDS, vusb->backend_domid);
	return rc ? rc : errbuf_set(err, 0, "%s", status);
}

static bool has_verdict(const char *status)
{
	return *status && strcmp(status, "opening") != 0 && strcmp(status, "closing") != 0;
}

static bool is_empty(const char *status)
{
	return !*status;
}

/* Until a backend that is there has seen it: what it said is not to be taken for its word on the next device. */
static void free_port(const struct ts_device *vusb, struct xb_store *store, uint32_t port, bool has_backend)
{
	struct errbuf ignored;

	if (write_port(store, vusb, port, "", &ignored) == 0 && has_backend)
		(void)wait_for_status(vusb, store, port, is_empty, &ignored);
}

int vusb_wait_until_ready(const struct ts_device *vusb, struct xb_store *store, uint32_t port, struct errbuf *err)
{
	int rc = wait_for_status(vusb, store, port, has_verdict, err);

	if (rc == 0 && strcmp(err->text, "ready") != 0)
		rc = -EIO;
	if (rc)
		free_port(vusb, store, port, rc != -ETIMEDOUT);
	return rc;
}

static int take_out(struct xb_store *store, void *arg, struct errbuf *err)
{
	struct plug *plug = arg;
	char device[VUSB_NAME_SIZE], number[16];
	uint32_t nr_ports;
	int rc = read_nr_ports(store, plug->vusb, &nr_ports, err);

	plug->found = 0;
	for (uint32_t port = 1; rc == 0 && port <= nr_ports; port++) {
		snprintf(number, sizeof(number), "%u", port);
		rc = read_port(store, plug->vusb->backend, port, device, err);
		if (rc == 0 && *device && (strcmp(device, plug->device) == 0 || strcmp(number, plug->device) == 0))
			plug->found = port;
	}
	if (rc == 0 && !plug->found)
		rc = errbuf_set(err, -ENOENT, "USB controller %u of domain %u has no device '%.100s'",
				plug->vusb->devid, plug->vusb->domid, plug->device);
	return rc ? rc : write_port(store, plug->vusb, plug->found, "", err);
}

int vusb_unplug(const struct ts_device *vusb, struct xb_store *store, const char *device, struct errbuf *err)
{
	struct plug plug = { .vusb = vusb, .device = device };
	int rc = xb_transaction(store, take_out, &plug, err);

	return rc ? rc : wait_for_status(vusb, store, plug.found, is_empty, err);
}
