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

#include "backend/usb/descriptors.h"
#include "backend/usb/engine.h"
#include "backend/usb/host_devices.h"
#include "backend/usb/libusb_events.h"
#include "backend/usb/policy.h"
#include "common/base/container.h"
#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

#define DEVICE_BYTES	      18 /* its descriptor, which the configurations' follow */
#define MAX_DESCRIPTORS_BYTES 65536

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
	libusb_device_handle *handle;
	int fd;
	uint8_t descriptors[MAX_DESCRIPTORS_BYTES];
	int descriptors_bytes;
	/* A helper's, as it opens or does a chore. */
	uint8_t configuration; /* 0: none */
	uint8_t alternate[USB_MAX_INTERFACES];
	/* The worker's. */
	struct flight flight[16], *free;
};

static struct host_device *to_host(struct usb_device *device)
{
	return container_of(device, struct host_device, device);
}

/* ---- configurations -------------------------------------------------------------------------------------------- */

/* The descriptors of the one that the device has; NULL: none. */
static const uint8_t *configuration_of(const struct host_device *hd, size_t *len_bytes)
{
	int at = DEVICE_BYTES;

	while (at + 9 <= hd->descriptors_bytes) {
		const uint8_t *configuration = hd->descriptors + at;
		int len = configuration[2] | configuration[3] << 8;

		if (len < 9 || len > hd->descriptors_bytes - at)
			break;
		if (configuration[5] == hd->configuration) {
			*len_bytes = (size_t)len;
			return configuration;
		}
		at += len;
	}
	*len_bytes = 0;
	return NULL;
}

static void find_endpoints(const struct host_device *hd, struct usb_endpoints *endpoints)
{
	size_t len_bytes;
	const uint8_t *configuration = configuration_of(hd, &len_bytes);

	usb_endpoints_find(endpoints, configuration, len_bytes, hd->alternate);
}

static bool has_interface(const struct host_device *hd, uint8_t interface)
{
	size_t len_bytes;
	const uint8_t *configuration = configuration_of(hd, &len_bytes);

	return usb_has_setting(configuration, len_bytes, interface, 0);
}

/* As auto-detach has it: their drivers lose them now, and get them back when they are released. */
static int claim_interfaces(struct host_device *hd)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < USB_MAX_INTERFACES; i++) {
		if (has_interface(hd, (uint8_t)i))
			r = libusb_claim_interface(hd->handle, (int)i);
	}
	return r;
}

static void release_interfaces(struct host_device *hd)
{
	for (unsigned int i = 0; i < USB_MAX_INTERFACES; i++) {
		if (has_interface(hd, (uint8_t)i))
			(void)libusb_release_interface(hd->handle, (int)i);
	}
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
	int nr = usb_host_device_descriptors(USB_SYSFS, hd->host.path, hd->descriptors, sizeof(hd->descriptors));

	if (nr < DEVICE_BYTES)
		return errbuf_set(err, -EIO, "%s: its descriptors cannot be read", hd->host.path);
	hd->descriptors_bytes = nr;
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
	int configuration, r = libusb_wrap_sys_device(context, hd->fd, &hd->handle);

	if (r)
		return libusb_failed(hd, "it cannot be opened", r, err);
	r = libusb_get_configuration(hd->handle, &configuration);
	if (r)
		return libusb_failed(hd, "its configuration", r, err);
	hd->configuration = (uint8_t)configuration;
	(void)libusb_set_auto_detach_kernel_driver(hd->handle, 1);
	r = claim_interfaces(hd);
	if (r)
		return libusb_failed(hd, "its interfaces", r, err);
	r = libusb_reset_device(hd->handle);
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
	if (hd->handle) {
		release_interfaces(hd);
		libusb_close(hd->handle);
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
		rc = usb_policy_check(usb_policy, domid, &hd->host, hd->descriptors, (size_t)hd->descriptors_bytes,
				      err);
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
	find_endpoints(hd, &hd->device.endpoints);
	*device = &hd->device;
	return 0;
}

static void host_close(struct usb_device *device)
{
	close_host_device(to_host(device));
}

static bool host_is_there(const struct usb_device *device)
{
	const struct host_device *hd = container_of(device, struct host_device, device);
	struct usb_host_device now;
	struct errbuf ignored;

	return usb_host_device_find(USB_SYSFS, hd->host.path, &now, &ignored) == 0 &&
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

	libusb->dev_handle = flight->device->handle;
	libusb->endpoint = transfer->type == USB_CONTROL ? 0 : transfer->endpoint | (transfer->is_in ? 0x80 : 0);
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

/*
 * The configuration that it has is not set again: the kernel would take the device for one that is new. What the guest
 * counts on with that are the first settings of its interfaces.
 */
static int set_configuration(struct host_device *hd, uint8_t configuration)
{
	int r = 0;

	if (configuration == hd->configuration) {
		for (unsigned int i = 0; r == 0 && i < USB_MAX_INTERFACES; i++) {
			if (hd->alternate[i])
				r = libusb_set_interface_alt_setting(hd->handle, (int)i, 0);
		}
	} else {
		release_interfaces(hd);
		r = libusb_set_configuration(hd->handle, configuration ? configuration : -1);
		if (r == 0)
			hd->configuration = configuration;
		if (r == 0 && configuration)
			r = claim_interfaces(hd);
	}
	if (r == 0)
		memset(hd->alternate, 0, sizeof(hd->alternate));
	return r;
}

static int set_interface(struct host_device *hd, uint8_t interface, uint8_t alternate)
{
	size_t len_bytes;
	const uint8_t *configuration = configuration_of(hd, &len_bytes);
	int r;

	if (!usb_has_setting(configuration, len_bytes, interface, alternate))
		return LIBUSB_ERROR_PIPE;
	r = libusb_set_interface_alt_setting(hd->handle, interface, alternate);
	if (r == 0)
		hd->alternate[interface] = alternate;
	return r;
}

static int do_chore(struct host_device *hd, const struct usb_chore *chore)
{
	switch (chore->kind) {
	case USB_SET_CONFIGURATION:
		return set_configuration(hd, chore->configuration);
	case USB_SET_INTERFACE:
		return set_interface(hd, chore->interface, chore->alternate);
	case USB_CLEAR_HALT:
		return libusb_clear_halt(hd->handle, chore->endpoint);
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
	find_endpoints(hd, &chore->endpoints);
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
	.is_there = host_is_there,
	.submit = host_submit,
	.cancel = host_cancel,
	.chore = host_chore,
};
