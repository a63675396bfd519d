// SPDX-License-Identifier: MIT
/*
 * Devices of this domain, by libusb. One is taken from its kernel drivers when it is opened, and given back to them
 * when it is closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/usb/engine.h"
#include "backend/usb/host_devices.h"
#include "backend/usb/libusb_config.h"
#include "backend/usb/libusb_events.h"
#include "backend/usb/policy.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

/* libusb's transfer for one of ours; a ring's URBs are as many as a device can have at once. */
struct flight {
	struct host_device *device;
	struct libusb_transfer *libusb;
	struct usb_transfer *transfer;
	struct flight *next_free;
};

struct host_device {
	struct usb_device device;
	struct usb_host_device host;
	struct helper *helper;
	struct loop *loop;
	int fd;
	struct libusb_config config; /* a helper's, as it opens or does a chore */
	/* The worker's. */
	struct flight flight[16], *free;
};

static struct host_device *to_host(struct usb_device *device)
{
	return container_of(device, struct host_device, device);
}

/* ---- open ------------------------------------------------------------------------------------------------------ */

static int open_node(struct host_device *hd, struct errbuf *err)
{
	char path[64];

	snprintf(path, sizeof(path), "/dev/bus/usb/%03u/%03u", hd->host.bus, hd->host.number);
	hd->fd = open(path, O_RDWR | O_CLOEXEC);
	return hd->fd >= 0 ? 0 : errbuf_set(err, -errno, "%s: %s: %s", hd->host.path, path, strerror(errno));
}

static int read_descriptors(struct host_device *hd, struct errbuf *err)
{
	int nr = usb_host_device_descriptors(USB_SYSFS, hd->host.path, hd->config.descriptors,
					     sizeof(hd->config.descriptors));

	if (nr < LIBUSB_DEVICE_BYTES)
		return errbuf_set(err, -EIO, "%s: its descriptors cannot be read", hd->host.path);
	hd->config.descriptors_bytes = nr;
	return 0;
}

static int libusb_failed(const struct host_device *hd, const char *what, int r, struct errbuf *err)
{
	if (r == LIBUSB_ERROR_BUSY)
		return errbuf_set(err, -EBUSY, "%s: another guest or program has it", hd->host.path);
	return errbuf_set(err, r == LIBUSB_ERROR_NO_DEVICE ? -ENODEV : -EIO, "%s: %s: %s", hd->host.path, what,
			  libusb_strerror(r));
}

/* A guest finds it as after a reset of its port, whatever was done with it before. */
static int take(struct host_device *hd, libusb_context *context, struct errbuf *err)
{
	int configuration, r = libusb_wrap_sys_device(context, hd->fd, &hd->config.handle);

	if (r)
		return libusb_failed(hd, "it cannot be opened", r, err);
	r = libusb_get_configuration(hd->config.handle, &configuration);
	if (r)
		return libusb_failed(hd, "its configuration", r, err);
	hd->config.configuration = hd->config.first = (uint8_t)configuration;
	(void)libusb_set_auto_detach_kernel_driver(hd->config.handle, 1);
	r = libusb_config_claim(&hd->config);
	if (r)
		return libusb_failed(hd, "its interfaces", r, err);
	r = libusb_reset_device(hd->config.handle);
	return r ? libusb_failed(hd, "its reset", r, err) : 0;
}

static int make_flights(struct host_device *hd, struct errbuf *err)
{
	for (unsigned int i = 0; i < sizeof(hd->flight) / sizeof(hd->flight[0]); i++) {
		struct flight *flight = &hd->flight[i];

		flight->device = hd;
		flight->libusb = libusb_alloc_transfer(USB_MAX_PACKETS);
		if (!flight->libusb)
			return errbuf_set(err, -ENOMEM, "%s: no memory", hd->host.path);
		flight->next_free = hd->free;
		hd->free = flight;
	}
	return 0;
}

/* As far as it was opened. */
static void close_host_device(struct host_device *hd)
{
	for (unsigned int i = 0; i < sizeof(hd->flight) / sizeof(hd->flight[0]); i++)
		libusb_free_transfer(hd->flight[i].libusb);
	if (hd->config.handle) {
		libusb_config_release(&hd->config);
		libusb_close(hd->config.handle);
	}
	if (hd->fd >= 0)
		close(hd->fd);
	free(hd);
}

static int open_found(struct host_device *hd, uint32_t domid, struct errbuf *err)
{
	libusb_context *context;
	int rc = usb_host_device_check(USB_SYSFS, &hd->host, err);

	if (rc == 0)
		rc = read_descriptors(hd, err);
	if (rc == 0 && usb_policy)
		rc = usb_policy_check(usb_policy, domid, &hd->host, hd->config.descriptors,
				      (size_t)hd->config.descriptors_bytes, err);
	if (rc == 0)
		rc = open_node(hd, err);
	if (rc == 0)
		rc = libusb_events_context(hd->loop, &context, err);
	if (rc == 0)
		rc = make_flights(hd, err);
	return rc ? rc : take(hd, context, err);
}

static int host_open(struct usb_device **device, const char *name, const struct usb_host *host, struct errbuf *err)
{
	struct host_device *hd = calloc(1, sizeof(*hd));
	int rc;

	if (!hd)
		return errbuf_set(err, -ENOMEM, "%.100s: no memory", name);
	hd->fd = -1;
	hd->helper = host->helper;
	hd->loop = host->loop;
	rc = usb_host_device_find(USB_SYSFS, name, &hd->host, err);
	if (rc == 0)
		rc = open_found(hd, host->domid, err);
	if (rc) {
		close_host_device(hd);
		return rc;
	}
	hd->device.engine = &usb_engine_libusb;
	hd->device.speed = usb_host_device_speed(&hd->host);
	libusb_config_endpoints(&hd->config, &hd->device.endpoints);
	*device = &hd->device;
	return 0;
}

static void host_close(struct usb_device *device)
{
	close_host_device(to_host(device));
}

static int host_reset(struct usb_device *device, struct errbuf *err)
{
	struct host_device *hd = to_host(device);
	int r = libusb_config_reset(&hd->config);

	return r ? libusb_failed(hd, "its reset", r, err) : 0;
}

static bool host_is_there(const struct usb_device *device, struct errbuf *why_not)
{
	const struct host_device *hd = container_of(device, struct host_device, device);
	struct usb_host_device now;

	errbuf_set(why_not, 0, "%s was unplugged", hd->host.path);
	return usb_host_device_find(USB_SYSFS, hd->host.path, &now, &(struct errbuf){ 0 }) == 0 &&
	       now.number == hd->host.number && now.bus == hd->host.bus;
}

/* ---- transfers ------------------------------------------------------------------------------------------------- */

static int32_t status_of(enum libusb_transfer_status status)
{
	switch (status) {
	case LIBUSB_TRANSFER_COMPLETED:
		return USBIF_STATUS_OK;
	case LIBUSB_TRANSFER_STALL:
		return USBIF_STATUS_STALL;
	case LIBUSB_TRANSFER_NO_DEVICE:
		return USBIF_STATUS_NODEV;
	case LIBUSB_TRANSFER_OVERFLOW:
		return USBIF_STATUS_BABBLE;
	default:
		return USBIF_STATUS_IOERROR;
	}
}

/*
 * libusb has packets one behind the other where a guest may leave room between them. Offsets grow, so they are moved
 * together from the first on, and apart from the last on.
 */
static void pack(struct usb_transfer *transfer)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		const struct usb_packet *packet = &transfer->packets[i];

		memmove(transfer->data + at, transfer->data + packet->offset_bytes, packet->len_bytes);
		at += packet->len_bytes;
	}
}

static void unpack(struct usb_transfer *transfer)
{
	uint32_t at = 0;

	for (unsigned int i = 0; i < transfer->nr_packets; i++)
		at += transfer->packets[i].len_bytes;
	for (unsigned int i = transfer->nr_packets; i-- > 0;) {
		const struct usb_packet *packet = &transfer->packets[i];

		at -= packet->len_bytes;
		memmove(transfer->data + packet->offset_bytes, transfer->data + at, packet->actual_bytes);
	}
}

static void take_packets(struct usb_transfer *transfer, const struct libusb_transfer *libusb)
{
	transfer->actual_bytes = 0;
	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		struct usb_packet *packet = &transfer->packets[i];

		packet->status = status_of(libusb->iso_packet_desc[i].status);
		packet->actual_bytes = libusb->iso_packet_desc[i].actual_length;
		transfer->actual_bytes += packet->actual_bytes;
	}
	if (transfer->is_in)
		unpack(transfer);
}

static void release_flight(struct flight *flight)
{
	flight->next_free = flight->device->free;
	flight->device->free = flight;
}

static void LIBUSB_CALL completed(struct libusb_transfer *libusb)
{
	struct flight *flight = libusb->user_data;
	struct usb_transfer *transfer = flight->transfer;

	transfer->status = status_of(libusb->status);
	if (transfer->type == USB_ISOC)
		take_packets(transfer, libusb);
	else
		transfer->actual_bytes = (uint32_t)libusb->actual_length;
	release_flight(flight);
	transfer->done(transfer);
}

/* The setup packet has its place before the data (engine.h). */
static void fill_control(struct libusb_transfer *libusb, struct usb_transfer *transfer)
{
	uint8_t *buffer = transfer->data - LIBUSB_CONTROL_SETUP_SIZE;

	memcpy(buffer, transfer->setup, LIBUSB_CONTROL_SETUP_SIZE);
	libusb->buffer = buffer;
	libusb->length = (int)(LIBUSB_CONTROL_SETUP_SIZE + transfer->len_bytes);
}

static void fill_packets(struct libusb_transfer *libusb, struct usb_transfer *transfer)
{
	int length = 0;

	if (!transfer->is_in)
		pack(transfer);
	libusb->num_iso_packets = transfer->nr_packets;
	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		libusb->iso_packet_desc[i].length = transfer->packets[i].len_bytes;
		length += (int)transfer->packets[i].len_bytes;
	}
	libusb->length = length;
}

static void fill(struct flight *flight, struct usb_transfer *transfer)
{
	static const uint8_t types[] = {
		[USB_ISOC] = LIBUSB_TRANSFER_TYPE_ISOCHRONOUS,
		[USB_INTERRUPT] = LIBUSB_TRANSFER_TYPE_INTERRUPT,
		[USB_CONTROL] = LIBUSB_TRANSFER_TYPE_CONTROL,
		[USB_BULK] = LIBUSB_TRANSFER_TYPE_BULK,
	};
	struct libusb_transfer *libusb = flight->libusb;

	libusb->dev_handle = flight->device->config.handle;
	libusb->endpoint = transfer->type == USB_CONTROL ? 0 : usb_transfer_endpoint(transfer);
	libusb->type = types[transfer->type];
	libusb->flags = 0;
	libusb->timeout = 0;
	libusb->buffer = transfer->data;
	libusb->length = (int)transfer->len_bytes;
	libusb->num_iso_packets = 0;
	libusb->callback = completed;
	libusb->user_data = flight;
	if (transfer->type == USB_CONTROL)
		fill_control(libusb, transfer);
	else if (transfer->type == USB_ISOC)
		fill_packets(libusb, transfer);
}

static void host_submit(struct usb_device *device, struct usb_transfer *transfer)
{
	struct host_device *hd = to_host(device);
	struct flight *flight = hd->free;
	int r;

	hd->free = flight->next_free;
	flight->transfer = transfer;
	transfer->handle = flight;
	fill(flight, transfer);
	r = libusb_submit_transfer(flight->libusb);
	if (r == 0)
		return;
	release_flight(flight);
	transfer->status = r == LIBUSB_ERROR_NO_DEVICE ? USBIF_STATUS_NODEV : USBIF_STATUS_IOERROR;
	transfer->done(transfer);
}

/* One that is ending by itself cannot be cancelled, and ends. */
static void host_cancel(struct usb_device *device, struct usb_transfer *transfer)
{
	struct flight *flight = transfer->handle;

	(void)libusb_cancel_transfer(flight->libusb);
}

/* ---- chores ---------------------------------------------------------------------------------------------------- */

static int do_chore(struct host_device *hd, const struct usb_chore *chore)
{
	switch (chore->kind) {
	case USB_SET_CONFIGURATION:
		return libusb_config_set(&hd->config, chore->configuration);
	case USB_SET_INTERFACE:
		return libusb_config_set_interface(&hd->config, chore->interface, chore->alternate);
	case USB_CLEAR_HALT:
		return libusb_clear_halt(hd->config.handle, chore->endpoint);
	}
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

/* Helper thread: all of these wait for the device. */
static void run_chore(struct helper_job *job)
{
	struct usb_chore *chore = container_of(job, struct usb_chore, job);
	struct host_device *hd = to_host(chore->device);
	int r = do_chore(hd, chore);

	chore->status = r == 0			    ? USBIF_STATUS_OK :
			r == LIBUSB_ERROR_NO_DEVICE ? USBIF_STATUS_NODEV :
						      USBIF_STATUS_STALL;
	libusb_config_endpoints(&hd->config, &chore->endpoints);
}

static void chore_done(struct helper_job *job)
{
	struct usb_chore *chore = container_of(job, struct usb_chore, job);

	chore->done(chore);
}

static void host_chore(struct usb_device *device, struct usb_chore *chore)
{
	struct host_device *hd = to_host(device);

	chore->job.run = run_chore;
	chore->job.done = chore_done;
	helper_post(hd->helper, hd->loop, &chore->job);
}

const struct usb_engine usb_engine_libusb = {
	.open = host_open,
	.close = host_close,
	.reset = host_reset,
	.is_there = host_is_there,
	.submit = host_submit,
	.cancel = host_cancel,
	.chore = host_chore,
};
