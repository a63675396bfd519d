// SPDX-License-Identifier: MIT
/*
 * A stand-in for libusb, as far as QEMU uses it: there are two devices at bus 3, at port 1 one that gives back what it
 * is sent, at port 2 one of isochronous transfers (tests/conform/peer/gadget.h), of which QEMU sends it none.
 * Completions are told by a descriptor and run where events are handled, as libusb's do.
 */
#include <libusb.h>

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/base/container.h"
#include "common/wire/xen_usbif.h"
#include "tests/conform/peer/gadget.h"

#define BUS	   3
#define NR_DEVICES 2
#define MAX_PARTS  4 /* settings of an interface, endpoints of a setting */

/* Of a transfer of libusb's, which is the end of it. */
struct op {
	TAILQ_ENTRY(op) entry;
	bool is_waiting, is_done; /* the device has it; it is to be told */
	struct libusb_transfer libusb;
};

TAILQ_HEAD(ops, op);

struct libusb_device {
	uint8_t port;
	struct gadget gadget;
};

struct libusb_device_handle {
	struct libusb_device *device;
};

static struct libusb_device devices[NR_DEVICES] = { { .port = 1 }, { .port = 2 } };
static struct libusb_device_handle handles[NR_DEVICES] = { { &devices[0] }, { &devices[1] } };
static struct ops waiting = TAILQ_HEAD_INITIALIZER(waiting), completed = TAILQ_HEAD_INITIALIZER(completed);
static int event_fd;

/* ---- contexts -------------------------------------------------------------------------------------------------- */

int libusb_set_option(libusb_context *ctx, enum libusb_option option, ...)
{
	return 0;
}

int libusb_init(libusb_context **ctx)
{
	gadget_init(&devices[0].gadget, false);
	gadget_init(&devices[1].gadget, true);
	event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	*ctx = (void *)&event_fd;
	return 0;
}

const struct libusb_pollfd **libusb_get_pollfds(libusb_context *ctx)
{
	static struct libusb_pollfd pollfd = { .events = 1 /* POLLIN */ };
	const struct libusb_pollfd **fds = calloc(2, sizeof(*fds));

	pollfd.fd = event_fd;
	fds[0] = &pollfd;
	return fds;
}

void libusb_set_pollfd_notifiers(libusb_context *ctx, libusb_pollfd_added_cb added, libusb_pollfd_removed_cb removed,
				 void *arg)
{
}

int libusb_handle_events_timeout(libusb_context *ctx, struct timeval *tv)
{
	uint64_t nr;
	struct op *op;

	(void)!read(event_fd, &nr, sizeof(nr));
	while ((op = TAILQ_FIRST(&completed))) {
		TAILQ_REMOVE(&completed, op, entry);
		op->is_done = false;
		op->libusb.callback(&op->libusb);
	}
	return 0;
}

/* ---- what there is --------------------------------------------------------------------------------------------- */

ssize_t libusb_get_device_list(libusb_context *ctx, libusb_device ***list)
{
	*list = calloc(NR_DEVICES + 1, sizeof(**list));
	for (unsigned int i = 0; i < NR_DEVICES; i++)
		(*list)[i] = &devices[i];
	return NR_DEVICES;
}

void libusb_free_device_list(libusb_device **list, int unref_devices)
{
	free(list);
}

libusb_device *libusb_ref_device(libusb_device *dev)
{
	return dev;
}

void libusb_unref_device(libusb_device *dev)
{
}

uint8_t libusb_get_bus_number(libusb_device *dev)
{
	return BUS;
}

uint8_t libusb_get_device_address(libusb_device *dev)
{
	return (uint8_t)(dev->port + 1); /* the hub has the first */
}

int libusb_get_port_numbers(libusb_device *dev, uint8_t *port_numbers, int len)
{
	port_numbers[0] = dev->port;
	return 1;
}

int libusb_get_device_speed(libusb_device *dev)
{
	return LIBUSB_SPEED_HIGH;
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

static uint32_t ask(libusb_device *dev, uint8_t type, uint8_t *octets, uint16_t len_bytes)
{
	const struct usb_setup setup = { 0x80, 6, (uint16_t)(type << 8), 0, len_bytes };
	struct usb_urb urb = { .type = USB_CONTROL, .is_in = true, .len_bytes = len_bytes };
	struct usb_urb_answer answer;

	usb_setup_encode(&setup, urb.setup);
	gadget_do(&dev->gadget, &urb, octets, NULL, &answer);
	return (uint32_t)answer.actual_bytes;
}

/* All numbers of two octets are where the machine, which is little-endian, expects them. */
int libusb_get_device_descriptor(libusb_device *dev, struct libusb_device_descriptor *desc)
{
	uint8_t octets[LIBUSB_DT_DEVICE_SIZE];

	ask(dev, LIBUSB_DT_DEVICE, octets, sizeof(octets));
	memcpy(desc, octets, sizeof(octets));
	return 0;
}

/* One interface. */
static void describe(struct libusb_config_descriptor *config, const uint8_t *octets, uint32_t nr)
{
	struct libusb_interface_descriptor *settings = calloc(MAX_PARTS, sizeof(*settings)), *setting = settings;
	struct libusb_interface *interface = calloc(1, sizeof(*interface));
	struct libusb_endpoint_descriptor *endpoint = NULL;

	memcpy(config, octets, LIBUSB_DT_CONFIG_SIZE);
	for (uint32_t at = LIBUSB_DT_CONFIG_SIZE; at < nr; at += octets[at]) {
		if (octets[at + 1] == LIBUSB_DT_INTERFACE) {
			setting = &settings[interface->num_altsetting++];
			memcpy(setting, octets + at, LIBUSB_DT_INTERFACE_SIZE);
			setting->endpoint = endpoint = calloc(MAX_PARTS, sizeof(*endpoint));
		} else {
			memcpy(endpoint++, octets + at, LIBUSB_DT_ENDPOINT_SIZE);
		}
	}
	interface->altsetting = settings;
	config->interface = interface;
}

int libusb_get_active_config_descriptor(libusb_device *dev, struct libusb_config_descriptor **config)
{
	uint8_t octets[256];
	uint32_t nr = ask(dev, LIBUSB_DT_CONFIG, octets, sizeof(octets));

	if (dev->gadget.configuration == 0)
		return LIBUSB_ERROR_NOT_FOUND;
	*config = calloc(1, sizeof(**config));
	describe(*config, octets, nr);
	return 0;
}

int libusb_get_config_descriptor(libusb_device *dev, uint8_t index, struct libusb_config_descriptor **config)
{
	return index == 0 ? libusb_get_active_config_descriptor(dev, config) : LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_config_descriptor(struct libusb_config_descriptor *config)
{
	for (int i = 0; i < config->interface->num_altsetting; i++)
		free((void *)config->interface->altsetting[i].endpoint);
	free((void *)config->interface->altsetting);
	free((void *)config->interface);
	free(config);
}

int libusb_get_string_descriptor_ascii(libusb_device_handle *handle, uint8_t index, unsigned char *data, int length)
{
	return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_get_ss_endpoint_companion_descriptor(libusb_context *ctx, const struct libusb_endpoint_descriptor *endpoint,
						struct libusb_ss_endpoint_companion_descriptor **companion)
{
	return LIBUSB_ERROR_NOT_FOUND;
}

void libusb_free_ss_endpoint_companion_descriptor(struct libusb_ss_endpoint_companion_descriptor *companion)
{
}

/* ---- the device in use ----------------------------------------------------------------------------------------- */

int libusb_open(libusb_device *dev, libusb_device_handle **handle)
{
	*handle = &handles[dev - devices];
	return 0;
}

int libusb_wrap_sys_device(libusb_context *ctx, intptr_t fd, libusb_device_handle **handle)
{
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

libusb_device *libusb_get_device(libusb_device_handle *handle)
{
	return handle->device;
}

void libusb_close(libusb_device_handle *handle)
{
}

int libusb_kernel_driver_active(libusb_device_handle *handle, int number)
{
	return 0;
}

int libusb_detach_kernel_driver(libusb_device_handle *handle, int number)
{
	return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_attach_kernel_driver(libusb_device_handle *handle, int number)
{
	return LIBUSB_ERROR_NOT_FOUND;
}

int libusb_claim_interface(libusb_device_handle *handle, int number)
{
	return 0;
}

int libusb_release_interface(libusb_device_handle *handle, int number)
{
	return 0;
}

static int tell(libusb_device_handle *handle, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index)
{
	const struct usb_setup setup = { request_type, request, value, index, 0 };
	struct usb_urb urb = { .type = USB_CONTROL };
	struct usb_urb_answer answer;

	usb_setup_encode(&setup, urb.setup);
	gadget_do(&handle->device->gadget, &urb, NULL, NULL, &answer);
	return answer.status == USBIF_STATUS_OK ? 0 : LIBUSB_ERROR_PIPE;
}

int libusb_set_configuration(libusb_device_handle *handle, int configuration)
{
	return tell(handle, 0, LIBUSB_REQUEST_SET_CONFIGURATION, configuration < 0 ? 0 : (uint16_t)configuration, 0);
}

int libusb_set_interface_alt_setting(libusb_device_handle *handle, int number, int setting)
{
	return tell(handle, 1, LIBUSB_REQUEST_SET_INTERFACE, (uint16_t)setting, (uint16_t)number);
}

int libusb_clear_halt(libusb_device_handle *handle, unsigned char endpoint)
{
	return tell(handle, 2, LIBUSB_REQUEST_CLEAR_FEATURE, 0, endpoint);
}

int libusb_reset_device(libusb_device_handle *handle)
{
	return libusb_set_configuration(handle, 1);
}

/* ---- transfers ------------------------------------------------------------------------------------------------- */

static struct op *op_of(struct libusb_transfer *libusb)
{
	return container_of(libusb, struct op, libusb);
}

struct libusb_transfer *libusb_alloc_transfer(int iso_packets)
{
	struct op *op = calloc(1, sizeof(*op) + (size_t)iso_packets * sizeof(struct libusb_iso_packet_descriptor));

	return &op->libusb;
}

static void forget(struct op *op)
{
	if (op->is_waiting)
		TAILQ_REMOVE(&waiting, op, entry);
	if (op->is_done)
		TAILQ_REMOVE(&completed, op, entry);
	op->is_waiting = op->is_done = false;
}

void libusb_free_transfer(struct libusb_transfer *transfer)
{
	if (!transfer)
		return;
	forget(op_of(transfer));
	free(op_of(transfer));
}

static void complete(struct op *op, enum libusb_transfer_status status, int actual_bytes)
{
	uint64_t one = 1;

	forget(op);
	op->libusb.status = status;
	op->libusb.actual_length = actual_bytes;
	op->is_done = true;
	TAILQ_INSERT_TAIL(&completed, op, entry);
	if (write(event_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static uint32_t setup_bytes_of(const struct libusb_transfer *libusb)
{
	return libusb->type == LIBUSB_TRANSFER_TYPE_CONTROL ? LIBUSB_CONTROL_SETUP_SIZE : 0;
}

static struct usb_urb urb_of(const struct libusb_transfer *libusb)
{
	static const enum usb_type types[] = {
		[LIBUSB_TRANSFER_TYPE_CONTROL] = USB_CONTROL, [LIBUSB_TRANSFER_TYPE_ISOCHRONOUS] = USB_ISOC,
		[LIBUSB_TRANSFER_TYPE_BULK] = USB_BULK, [LIBUSB_TRANSFER_TYPE_INTERRUPT] = USB_INTERRUPT,
	};
	uint32_t setup_bytes = setup_bytes_of(libusb);
	struct usb_urb urb = {
		.type = types[libusb->type],
		.endpoint = libusb->endpoint & 0x0f,
		.is_in = (setup_bytes ? libusb->buffer[0] : libusb->endpoint) & 0x80,
		.len_bytes = (uint32_t)libusb->length - setup_bytes,
		.must_not_be_short = libusb->flags & LIBUSB_TRANSFER_SHORT_NOT_OK,
	};

	memcpy(urb.setup, libusb->buffer, setup_bytes);
	return urb;
}

/* false: the device has nothing to say yet. */
static bool carry_out(struct op *op)
{
	struct libusb_transfer *libusb = &op->libusb;
	struct usb_urb urb = urb_of(libusb);
	struct gadget *gadget = &libusb->dev_handle->device->gadget;
	struct usb_urb_answer answer;

	if (!gadget_do(gadget, &urb, libusb->buffer + setup_bytes_of(libusb), NULL, &answer))
		return false;
	complete(op, answer.status == USBIF_STATUS_OK ? LIBUSB_TRANSFER_COMPLETED :
		     answer.status == USBIF_STATUS_STALL ? LIBUSB_TRANSFER_STALL : LIBUSB_TRANSFER_ERROR,
		 answer.actual_bytes);
	return true;
}

/* What one says may be what an earlier one has waited for. */
static bool carry_out_one(void)
{
	struct op *op;

	TAILQ_FOREACH(op, &waiting, entry) {
		if (carry_out(op))
			return true;
	}
	return false;
}

int libusb_submit_transfer(struct libusb_transfer *transfer)
{
	const struct usb_urb urb = urb_of(transfer);
	struct op *op = op_of(transfer);

	if (!gadget_has_endpoint(&transfer->dev_handle->device->gadget, &urb))
		return LIBUSB_ERROR_NOT_FOUND;
	op->is_waiting = true;
	TAILQ_INSERT_TAIL(&waiting, op, entry);
	while (carry_out_one())
		;
	return 0;
}

int libusb_cancel_transfer(struct libusb_transfer *transfer)
{
	if (!op_of(transfer)->is_waiting)
		return LIBUSB_ERROR_NOT_FOUND;
	complete(op_of(transfer), LIBUSB_TRANSFER_CANCELLED, 0);
	return 0;
}

/* ---- USB 3, which this is not ---------------------------------------------------------------------------------- */

int libusb_alloc_streams(libusb_device_handle *handle, uint32_t nr, unsigned char *endpoints, int nr_endpoints)
{
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

int libusb_free_streams(libusb_device_handle *handle, unsigned char *endpoints, int nr_endpoints)
{
	return LIBUSB_ERROR_NOT_SUPPORTED;
}

void libusb_transfer_set_stream_id(struct libusb_transfer *transfer, uint32_t stream_id)
{
}
