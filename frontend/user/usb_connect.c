// SPDX-License-Identifier: MIT
/* A USB front from nothing to Connected, and back. */
#include "frontend/user/usb_front.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "frontend/user/queue.h"
#include "xenbus/node.h"

struct usbfront *usbfront_new(const struct usbfront_config *config)
{
	struct usbfront *front = calloc(1, sizeof(*front));

	if (!front)
		return NULL;
	front->config = *config;
	front->epoll_fd = -1;
	front_device_init(&front->device);
	front_port_init(&front->port);
	return front;
}

/* The backend has let go, or never will. */
static void release(struct usbfront *front)
{
	struct usbfront_config config = front->config;

	if (front->epoll_fd >= 0)
		close(front->epoll_fd);
	front_port_fini(&front->port);
	grant_pool_fini(&front->urb_pages);
	grant_pool_fini(&front->conn_pages);
	grant_pool_fini(&front->buffers);
	if (front->gntshr)
		xengntshr_close(front->gntshr);
	front_device_fini(&front->device);
	memset(front, 0, sizeof(*front));
	front->config = config;
	front->epoll_fd = -1;
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
	uint32_t domid = front->device.xb.domid;
	int rc;

	front->gntshr = xengntshr_open(NULL, 0);
	if (!front->gntshr) {
		rc = errno ? -errno : -EIO;
		return errbuf_set(err, rc, "granting pages: %s: is xen-gntalloc loaded?", strerror(-rc));
	}
	rc = front_ring_open(&front->urb_ring, &front->urb_pages, front->gntshr, domid, 0, USB_URB_REQUEST_BYTES,
			     USB_URB_RESPONSE_BYTES, err);
	if (rc == 0)
		rc = front_ring_open(&front->conn_ring, &front->conn_pages, front->gntshr, domid, 0,
				     USB_CONN_REQUEST_BYTES, USB_CONN_RESPONSE_BYTES, err);
	if (rc == 0)
		rc = grant_pool_share(&front->buffers, front->gntshr, domid, USBFRONT_NR_IOS * USBFRONT_IO_PAGES, err);
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

static int add_source(struct usbfront *front, enum usbfront_source source, int fd, struct errbuf *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };
	int rc;

	if (front->epoll_fd >= 0 && epoll_ctl(front->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	rc = -errno;
	return errbuf_set(err, rc, "epoll: %s", strerror(-rc));
}

static int make_fd(struct usbfront *front, struct errbuf *err)
{
	int store_fd = front_device_fd(&front->device, err);
	int rc;

	if (store_fd < 0)
		return store_fd;
	front->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	rc = add_source(front, USBFRONT_EVENT_CHANNEL, front_port_fd(&front->port), err);
	return rc ? rc : add_source(front, USBFRONT_XENSTORE, store_fd, err);
}

static uint64_t deadline_of(const struct usbfront *front)
{
	return clock_in_ms(front->config.timeout_ms);
}

/* How far connect came decides what a failure has to undo in xenstore. */
static int connect_steps(struct usbfront *front, bool *is_published, struct errbuf *err)
{
	uint64_t deadline = deadline_of(front);
	struct front_device *dev = &front->device;
	struct errbuf ignored;
	int rc;

	rc = front_device_open(dev, "vusb", front->config.devid, err);
	if (rc)
		return rc;
	rc = front_device_begin(dev, deadline, err);
	if (rc == 0)
		rc = xb_read_u32(&dev->store, dev->xb.otherend, "num-ports", 1, USB_MAX_PORTS, &front->nr_ports, err);
	if (rc == 0)
		rc = make_rings(front, err);
	if (rc)
		return rc;
	*is_published = true;
	rc = front_device_publish(dev, publish, front, XB_CONNECTED, err);
	if (rc == 0)
		rc = front_device_await_connected(dev, deadline, err);
	if (rc == 0)
		rc = make_fd(front, err);
	if (rc)
		return rc;
	(void)xb_clear_error(&dev->store, dev->xb.dir, &ignored);
	/* The places for events were there before there was anybody to be told. */
	front_port_notify(&front->port);
	return 0;
}

int usbfront_connect(struct usbfront *front, struct errbuf *err)
{
	bool is_published = false;
	int rc;

	assert(front->state == USBFRONT_CLOSED);
	rc = connect_steps(front, &is_published, err);
	if (rc == 0) {
		front->state = USBFRONT_CONNECTED;
		return 0;
	}
	if (is_published) /* the backend may have mapped the rings */
		front_device_give_up(&front->device, deadline_of(front), rc, err);
	release(front);
	return rc;
}

int usbfront_disconnect(struct usbfront *front, struct errbuf *err)
{
	int rc;

	if (front->state == USBFRONT_CLOSED)
		return 0;
	rc = front_device_close(&front->device, deadline_of(front), err);
	release(front);
	return rc;
}
