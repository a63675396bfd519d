// SPDX-License-Identifier: MIT
/* A controller's dealings with xenstore: what the toolstack asks for, what the guest chose, what becomes of ports. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/core/metrics.h"
#include "backend/usb/hotplug.h"
#include "backend/usb/usb.h"
#include "common/base/container.h"
#include "common/wire/usb_capture.h"
#include "common/wire/xen_usbif.h"
#include "xenbus/node.h"

static struct usb_controller *to_usb(struct device *dev)
{
	return container_of(dev, struct usb_controller, dev);
}

/* ---- ports ----------------------------------------------------------------------------------------------------- */

struct port_status {
	struct device *dev;
	char name[32];
	const char *text;
};

/* Where the directory is gone, or another's, there is nobody to tell. */
static int write_port_status(struct xb_store *store, void *arg, struct errbuf *err)
{
	const struct port_status *status = arg;
	const char *dir = status->dev->xb.dir;
	char path[XB_PATH_MAX];
	enum xb_state ours;
	int rc = xb_read_state(store, dir, &ours, err);

	if (rc || ours == XB_UNKNOWN)
		return rc;
	if (*status->text)
		return xb_write(store, dir, status->name, err, "%s", status->text);
	rc = xb_path(path, sizeof(path), err, "%s/%s", dir, status->name);
	return rc ? rc : xb_remove(store, path, err);
}

/* false: there was an answer. */
static bool look_again(struct usb_controller *usb, int rc)
{
	bool is_unknown = xb_is_unknown(rc);

	usb->dev.must_look |= is_unknown;
	usb->dev.host->must_look_again |= is_unknown;
	return is_unknown;
}

/* What is not written for want of an answer is written with the next look. */
static void say_port(struct usb_controller *usb, unsigned int number)
{
	struct port_status status = { .dev = &usb->dev, .text = usb_ports_say(usb->ports, number) };
	struct usb_said *said = &usb->said[number];
	struct errbuf err;
	int rc;

	if (said->is_known && strcmp(said->text, status.text) == 0)
		return;
	snprintf(status.name, sizeof(status.name), "port-status/%u", number);
	rc = xb_transaction(usb->dev.host->store, write_port_status, &status, &err);
	said->is_known = rc == 0;
	if (rc == 0)
		strcpy(said->text, status.text);
	else
		look_again(usb, rc);
}

static void port_changed(void *owner, unsigned int number)
{
	say_port(owner, number);
}

/* Who puts a device in removes what was said of the one before, and waits for what is said of his. */
static void forget_if_removed(struct usb_controller *usb, unsigned int number)
{
	struct xb_device *xb = &usb->dev.xb;
	struct usb_said *said = &usb->said[number];
	char node[32], text[sizeof(said->text)];
	struct errbuf ignored;

	if (!said->is_known || !*said->text)
		return;
	snprintf(node, sizeof(node), "port-status/%u", number);
	if (xb_read_string_or(xb->store, xb->dir, node, "", text, sizeof(text), &ignored) == 0 && !*text)
		said->is_known = false;
}

static void look_at_port(struct usb_controller *usb, unsigned int number)
{
	struct xb_device *xb = &usb->dev.xb;
	char node[16], name[USB_NAME_SIZE];
	struct errbuf err;
	int rc;

	snprintf(node, sizeof(node), "port/%u", number);
	rc = xb_read_string_or(xb->store, xb->dir, node, "", name, sizeof(name), &err);
	if (look_again(usb, rc))
		return;
	forget_if_removed(usb, number);
	/* One that cannot be read as a text names nothing that there is: it is told as it is. */
	usb_ports_want(usb->ports, number, rc ? "?" : name);
	say_port(usb, number);
}

static void usb_look(struct device *dev)
{
	struct usb_controller *usb = to_usb(dev);

	for (unsigned int number = 1; usb->ports && number <= usb->nr_ports; number++)
		look_at_port(usb, number);
}

/* Of all controllers: a name may be that of any device. */
static void host_changed(struct device_host *host)
{
	struct device *dev;

	TAILQ_FOREACH(dev, &host->devices, entry) {
		if (to_usb(dev)->ports)
			usb_ports_look_again(to_usb(dev)->ports);
	}
}

static int make_ports(struct usb_controller *usb, struct errbuf *err)
{
	struct device_host *host = usb->dev.host;
	const struct usb_ports_params params = {
		.label = usb->dev.label,
		.loop = host->loop,
		.host = { &usb->worker->loop, host->helper, usb->dev.xb.domid },
		.nr_ports = usb->nr_ports,
		.max_speed = usb->usb_ver == USB_VER_USB11 ? USB_SPEED_FULL : USB_SPEED_HIGH,
		.owner = usb,
		.changed = port_changed,
	};

	usb_hotplug_watch(host, host_changed);
	if (usb->ports)
		usb_ports_abandon(usb->ports);
	usb->ports = usb_ports_new(&params);
	return usb->ports ? 0 : errbuf_set(err, -ENOMEM, "no memory for %u ports", usb->nr_ports);
}

/* ---- what the toolstack asks for ------------------------------------------------------------------------------- */

static int usb_parse(struct device *dev, struct errbuf *err)
{
	struct usb_controller *usb = to_usb(dev);
	struct xb_device *xb = &dev->xb;
	uint32_t usb_ver, nr_ports;
	int rc;

	rc = xb_read_u32(xb->store, xb->dir, "usb-ver", USB_VER_USB11, USB_VER_USB20, &usb_ver, err);
	if (rc == 0)
		rc = xb_read_u32(xb->store, xb->dir, "num-ports", 1, USB_MAX_PORTS, &nr_ports, err);
	if (rc)
		return rc;
	if (!usb->worker)
		usb->worker = device_next_worker(dev->host);
	if (usb->ports && usb->usb_ver == usb_ver && usb->nr_ports == nr_ports)
		return 0;
	usb->usb_ver = usb_ver;
	usb->nr_ports = nr_ports;
	return make_ports(usb, err);
}

static const char *usb_target(const struct device *dev)
{
	return dev->label;
}

/* A controller is nothing that could be missing; a device at a port of it is another matter. */
static int usb_open(struct device *dev, struct errbuf *err)
{
	return 0;
}

static void usb_leave(struct device *dev)
{
	struct usb_controller *usb = to_usb(dev);

	if (usb->ports)
		usb_ports_abandon(usb->ports);
	usb->ports = NULL;
}

/* With the daemon's end, if it still has ports. */
static void usb_close(struct device *dev)
{
	struct usb_controller *usb = to_usb(dev);

	if (usb->ports)
		usb_ports_abandon(usb->ports);
	usb->ports = NULL;
}

/* num-ports and usb-ver are the offer, and the toolstack's. */
static int usb_offer(struct device *dev, struct errbuf *err)
{
	return 0;
}

static int usb_publish(struct device *dev, struct errbuf *err)
{
	return 0;
}

/* ---- what the guest chose -------------------------------------------------------------------------------------- */

static int read_protocol(struct xb_device *xb, struct errbuf *err)
{
	char protocol[32];
	struct errbuf why;
	int rc = xb_read_string_or(xb->store, xb->otherend, "protocol", "", protocol, sizeof(protocol), err);

	if (rc || !*protocol)
		return rc;
	rc = usb_protocol_check(protocol, &why);
	return rc ? errbuf_set(err, rc, "%s/protocol: %s", xb->otherend, why.text) : 0;
}

static int accept_ring(struct device *dev, enum usb_ring ring, const char *node, uint32_t port, struct errbuf *err)
{
	static const uint32_t sizes[USB_NR_RINGS][2] = {
		[USB_RING_URB] = { USB_URB_REQUEST_BYTES, USB_URB_RESPONSE_BYTES },
		[USB_RING_CONN] = { USB_CONN_REQUEST_BYTES, USB_CONN_RESPONSE_BYTES },
	};
	struct journal_identity *identity = &dev->rings.ring[ring].identity;
	struct ring_layout layout;
	int rc = xb_read_gref(dev->xb.store, dev->xb.otherend, node, &identity->ref[0], err);

	if (rc)
		return rc;
	snprintf(identity->protocol, sizeof(identity->protocol), "usbif");
	identity->queue = ring;
	identity->nr_refs = 1;
	identity->remote_port = port;
	identity->request_bytes = sizes[ring][0];
	identity->response_bytes = sizes[ring][1];
	rc = queue_ring_layout(identity, &layout, err);
	identity->nr_slots = layout.nr_slots;
	return rc;
}

static int usb_accept(struct device *dev, struct errbuf *err)
{
	struct xb_device *xb = &dev->xb;
	uint32_t port;
	int rc = read_protocol(xb, err);

	if (rc == 0)
		rc = xb_read_port(xb->store, xb->otherend, "event-channel", &port, err);
	if (rc == 0)
		rc = accept_ring(dev, USB_RING_URB, "urb-ring-ref", port, err);
	if (rc == 0)
		rc = accept_ring(dev, USB_RING_CONN, "conn-ring-ref", port, err);
	return rc ? rc : device_rings_use(&dev->rings, USB_NR_RINGS, err);
}

/* ---- the rings ------------------------------------------------------------------------------------------------- */

static int usb_lock(struct device *dev, struct errbuf *err)
{
	return 0;
}

static void on_started(void *owner, int rc, const struct errbuf *err)
{
	struct usb_controller *usb = owner;

	if (rc)
		usb->rings = NULL;
	else
		usb_ports_connect(usb->ports, usb->rings);
	device_connected(&usb->dev, rc, err);
}

static void on_failed(void *owner, const char *reason)
{
	device_fail(&((struct usb_controller *)owner)->dev, reason);
}

static void on_stopped(void *owner, uint32_t nr_orphans)
{
	struct usb_controller *usb = owner;

	usb_rings_count(usb->rings, &usb->counted_before);
	usb_counters_close(&usb->counted_before);
	usb->rings = NULL;
	device_disconnected(&usb->dev, nr_orphans);
}

static void usb_connect(struct device *dev)
{
	struct usb_controller *usb = to_usb(dev);
	const struct usb_rings_params params = {
		.label = dev->label,
		.log_limits = &dev->guest->limits,
		.rings = dev->rings.ring,
		.worker = usb->worker,
		.nr_ports = usb->nr_ports,
		.number = (uint16_t)dev->xb.devid,
		.capture = dev->capture,
		.is_resumed = dev->is_resuming,
	};
	const struct usb_rings_events events = {
		.loop = dev->host->loop,
		.device = usb,
		.started = on_started,
		.failed = on_failed,
		.stopped = on_stopped,
		.ports = usb->ports,
		.returned = usb_ports_returned,
		.released = usb_ports_released,
	};
	struct errbuf err;

	usb->rings = usb_rings_new(&params, &events);
	if (!usb->rings) {
		device_connected(dev, errbuf_set(&err, -ENOMEM, "no memory for the rings"), &err);
		return;
	}
	usb_ports_begin(usb->ports);
	usb_rings_start(usb->rings);
}

/* libxl fails where a port has a device that is none of this domain's bus, says nothing and leaves the controller. */
static void usb_outlived(struct device *dev)
{
	struct errbuf err;

	if (xb_remove(dev->host->store, dev->xb.dir, &err))
		log_warn("%s: its guest is dead, and its nodes stay: %s", dev->label, err.text);
}

static void usb_disconnect(struct device *dev, enum queue_stop how)
{
	struct usb_controller *usb = to_usb(dev);

	usb_ports_connect(usb->ports, NULL);
	usb_rings_stop(usb->rings, how);
}

static int usb_capture(struct device *dev, struct capture *capture)
{
	return usb_rings_capture(to_usb(dev)->rings, capture);
}

/* ---- status ---------------------------------------------------------------------------------------------------- */

static void usb_status(struct device *dev, json_t *object)
{
	struct usb_controller *usb = to_usb(dev);
	struct usb_counters counters = usb->counted_before;

	if (usb->rings)
		usb_rings_count(usb->rings, &counters);
	json_object_set_new(object, "usb_ver", json_integer(usb->usb_ver));
	json_object_set_new(object, "nr_ports", json_integer(usb->nr_ports));
	json_object_set_new(object, "ports", usb->ports ? usb_ports_json(usb->ports) : json_array());
	usb_counters_status(&counters, object);
}

struct device_class usb_class = {
	.kind = "vusb",
	.device_bytes = sizeof(struct usb_controller),
	.parse = usb_parse,
	.target = usb_target,
	.open = usb_open,
	.offer = usb_offer,
	.accept = usb_accept,
	.lock = usb_lock,
	.connect = usb_connect,
	.publish = usb_publish,
	.look = usb_look,
	.outlived = usb_outlived,
	.disconnect = usb_disconnect,
	.leave = usb_leave,
	.close = usb_close,
	.capture = usb_capture,
	.capture_format = USB_CAPTURE_FORMAT,
	.status = usb_status,
};
