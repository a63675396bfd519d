// SPDX-License-Identifier: MIT
/* A USB front from nothing to Connected, and back. */
#include "frontend/user/usb_front.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/user/queue.h"
#include "xenbus/node.h"

struct usbfront *usbfront_new(const struct usbfront_config *config)
{
	struct usbfront *front = calloc(1, sizeof(*front));

	if (!front)
		return NULL;
	front->config = *config;
	front_device_init(&front->device);
	front_port_init(&front->port);
	return front;
}

/* The backend has let go, or never will. */
static void release(struct usbfront *front)
{
	struct usbfront_config config = front->config;

	front_port_fini(&front->port);
	grant_pool_fini(&front->urb_pages);
	grant_pool_fini(&front->conn_pages);
	grant_pool_fini(&front->buffers);
	front_device_fini(&front->device);
	memset(front, 0, sizeof(*front));
	front->config = config;
	front_device_init(&front->device);
	front_port_init(&front->port);
}

void usbfront_free(struct usbfront *front)
{
	if (!front)
		return;
	release(front);
	free(front);
}

static void name_buffers(struct usbfront *front)
{
	for (unsigned int i = 0; i < USBFRONT_NR_IOS; i++) {
		struct usbfront_flight *flight = &front->flight[i];

		*flight = (struct usbfront_flight){ .is_free = true };
		flight->io.index = i;
		flight->io.data = grant_pool_page(&front->buffers, i * USBFRONT_IO_PAGES);
		flight->io.packets = grant_pool_page(&front->buffers, i * USBFRONT_IO_PAGES + USB_MAX_SEGMENTS);
	}
}

/* Each is a place for one event. */
static void fill_conn_ring(struct usbfront *front)
{
	uint32_t nr = front->config.nr_places ? front->config.nr_places : UINT32_MAX;
	uint8_t octets[USB_CONN_REQUEST_BYTES];

	for (uint16_t id = 0; id < nr && ring_front_free_slots(&front->conn_ring) > 0; id++) {
		usb_conn_request_encode(id, octets);
		ring_front_put(&front->conn_ring, octets);
	}
	ring_front_push(&front->conn_ring);
}

static int make_rings(struct usbfront *front, struct errbuf *err)
{
	xengntshr_handle *gntshr = front->device.gntshr;
	uint32_t domid = front->device.xb.domid;
	int rc;

	rc = front_ring_open(&front->urb_ring, &front->urb_pages, gntshr, domid, 0, USB_URB_REQUEST_BYTES,
			     USB_URB_RESPONSE_BYTES, err);
	if (rc == 0)
		rc = front_ring_open(&front->conn_ring, &front->conn_pages, gntshr, domid, 0,
				     USB_CONN_REQUEST_BYTES, USB_CONN_RESPONSE_BYTES, err);
	if (rc == 0)
		rc = grant_pool_share(&front->buffers, gntshr, domid, USBFRONT_NR_IOS * USBFRONT_IO_PAGES, err);
	if (rc == 0)
		rc = front_port_open(&front->port, domid, err);
	if (rc)
		return rc;
	name_buffers(front);
	fill_conn_ring(front);
	return 0;
}

/* Everything this frontend tells its backend. */
static int publish(struct xb_store *store, const char *dir, void *arg, struct errbuf *err)
{
	const struct usbfront *front = arg;
	char path[XB_PATH_MAX];
	int rc = xb_path(path, sizeof(path), err, "%s/protocol", dir);

	if (rc == 0)
		rc = xb_remove(store, path, err);
	if (rc == 0)
		rc = xb_write(store, dir, "urb-ring-ref", err, "%u", front->urb_pages.refs[0]);
	if (rc == 0)
		rc = xb_write(store, dir, "conn-ring-ref", err, "%u", front->conn_pages.refs[0]);
	if (rc == 0)
		rc = xb_write(store, dir, "event-channel", err, "%d", front->port.number);
	if (rc == 0 && front->config.protocol)
		rc = xb_write(store, dir, "protocol", err, "%s", front->config.protocol);
	return rc;
}

static int prepare(void *arg, struct errbuf *err)
{
	struct usbfront *front = arg;
	struct front_device *dev = &front->device;
	int rc = xb_read_u32(&dev->store, dev->xb.otherend, "num-ports", 1, USB_MAX_PORTS, &front->nr_ports, err);

	return rc ? rc : make_rings(front, err);
}

static int connected(void *arg, struct errbuf *err)
{
	struct usbfront *front = arg;
	int rc = front_device_add_port(&front->device, &front->port, err);

	if (rc == 0) /* the places for events were there before there was anybody to be told */
		front_port_notify(&front->port);
	return rc;
}

static const struct front_steps steps = {
	.kind = "vusb",
	.prepare = prepare,
	.publish = publish,
	.published = XB_CONNECTED,
	.connected = connected,
};

int usbfront_connect(struct usbfront *front, struct errbuf *err)
{
	int rc;

	assert(front->state == USBFRONT_CLOSED);
	rc = front_device_connect(&front->device, &steps, front->config.devid, front->config.timeout_ms, front, err);
	if (rc)
		release(front);
	else
		front->state = USBFRONT_CONNECTED;
	return rc;
}

int usbfront_disconnect(struct usbfront *front, struct errbuf *err)
{
	int rc;

	if (front->state == USBFRONT_CLOSED)
		return 0;
	rc = front_device_close(&front->device, front->config.timeout_ms, err);
	release(front);
	return rc;
}
