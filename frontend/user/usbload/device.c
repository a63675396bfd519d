// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"
#include "frontend/user/usbload/usbload.h"

const char *usbload_status_name(int32_t status)
{
	switch (status) {
	case USBIF_STATUS_OK:
		return "OK";
	case USBIF_STATUS_NODEV:
		return "NODEV";
	case USBIF_STATUS_INVAL:
		return "INVAL";
	case USBIF_STATUS_STALL:
		return "STALL";
	case USBIF_STATUS_IOERROR:
		return "IOERROR";
	case USBIF_STATUS_BABBLE:
		return "BABBLE";
	case USBIF_STATUS_SHUTDOWN:
		return "SHUTDOWN";
	default:
		return "a status that is not in usbif";
	}
}

struct usb_urb usbload_urb(const struct usbload *ul, enum usb_type type, uint8_t endpoint, bool is_in,
			   uint32_t len_bytes)
{
	return (struct usb_urb){
		.port = (uint8_t)ul->port,
		.address = ul->address,
		.endpoint = endpoint,
		.type = type,
		.is_in = is_in,
		.len_bytes = len_bytes,
	};
}

struct usbfront_io *usbload_await(struct usbload *ul)
{
	uint64_t deadline = clock_in_ms(ul->config->io_timeout_s * 1000);
	struct usbfront_io *done;
	int nr;

	while ((nr = usbfront_poll(ul->front, &done, 1)) == 0) {
		if (clock_now_ns() >= deadline) {
			usbload_error("no answer within %u s", ul->config->io_timeout_s);
			return NULL;
		}
		if (usbfront_state(ul->front) != USBFRONT_CONNECTED || usbfront_wait(ul->front, 100)) {
			usbload_error("%s", usbfront_why(ul->front));
			return NULL;
		}
	}
	if (nr > 0)
		return done;
	usbload_error("%s", usbfront_why(ul->front));
	return NULL;
}

bool usbload_do(struct usbload *ul, struct usbfront_io *io, const struct usb_urb *urb, const char *what)
{
	int rc = usbfront_submit(ul->front, io, urb);

	usbfront_push(ul->front);
	if (rc) {
		usbload_error("%s: %s", what, rc == -ESHUTDOWN ? usbfront_why(ul->front) : strerror(-rc));
		return false;
	}
	if (!usbload_await(ul))
		return false;
	if (io->status == USBIF_STATUS_OK)
		return true;
	usbload_error("%s: %s", what, usbload_status_name(io->status));
	return false;
}

bool usbload_control(struct usbload *ul, const struct usb_setup *setup, void *data, uint32_t *actual_bytes,
		     const char *what)
{
	struct usb_urb urb = usbload_urb(ul, USB_CONTROL, 0, setup->request_type & USB_SETUP_IN, setup->len_bytes);
	struct usbfront_io *io = usbfront_get(ul->front);
	bool is_ok;

	usb_setup_encode(setup, urb.setup);
	if (!urb.is_in && setup->len_bytes)
		memcpy(io->data, data, setup->len_bytes);
	is_ok = usbload_do(ul, io, &urb, what);
	if (is_ok && urb.is_in)
		memcpy(data, io->data, io->actual_bytes);
	if (is_ok && actual_bytes)
		*actual_bytes = io->actual_bytes;
	if (is_ok)
		usbfront_put(ul->front, io);
	return is_ok;
}

static unsigned int first_port(const struct usbload *ul)
{
	if (ul->config->port)
		return usbfront_speed(ul->front, ul->config->port) ? ul->config->port : 0;
	for (unsigned int port = 1; port <= usbfront_nr_ports(ul->front); port++) {
		if (usbfront_speed(ul->front, port))
			return port;
	}
	return 0;
}

static bool await_device(struct usbload *ul)
{
	uint64_t deadline = clock_in_ms(ul->config->timeout_s * 1000);
	struct usbfront_io *done;

	if (ul->config->port > usbfront_nr_ports(ul->front)) {
		usbload_error("--port %u: the controller has %u", ul->config->port, usbfront_nr_ports(ul->front));
		return false;
	}
	while (usbfront_poll(ul->front, &done, 1) == 0 && !(ul->port = first_port(ul))) {
		if (clock_now_ns() >= deadline) {
			usbload_error("there is no device, after %u s", ul->config->timeout_s);
			return false;
		}
		if (usbload_stop || usbfront_wait(ul->front, 100))
			break;
	}
	if (!ul->port)
		usbload_error("no device: %s", usbload_stop ? "stopped" : usbfront_why(ul->front));
	return ul->port;
}

/* As a host's stack does, in short. */
bool usbload_find_device(struct usbload *ul)
{
	const struct usb_setup get_device = { 0x80, 6, 1 << 8, 0, 18 };
	struct usb_setup set_address = { 0, 5, 0, 0, 0 };
	const struct usb_setup set_configuration = { 0, 9, 1, 0, 0 };
	uint8_t device[18];
	uint32_t actual_bytes;

	if (!await_device(ul))
		return false;
	set_address.value = (uint16_t)(ul->port + 1);
	if (!usbload_control(ul, &set_address, NULL, NULL, "SET_ADDRESS"))
		return false;
	ul->address = (uint8_t)set_address.value;
	if (!usbload_control(ul, &get_device, device, &actual_bytes, "GET_DESCRIPTOR of the device"))
		return false;
	if (actual_bytes != sizeof(device)) {
		usbload_error("a device descriptor of %u bytes", actual_bytes);
		return false;
	}
	ul->vendor = (uint16_t)(device[8] | device[9] << 8);
	ul->product = (uint16_t)(device[10] | device[11] << 8);
	return usbload_control(ul, &set_configuration, NULL, NULL, "SET_CONFIGURATION");
}

int usbload_find_product(struct usbload *ul, uint16_t product, const char *name)
{
	if (!usbload_find_device(ul))
		return EXIT_IO;
	if (ul->product == product)
		return EXIT_OK;
	usbload_error("%04x:%04x is not %s", ul->vendor, ul->product, name);
	return EXIT_USAGE;
}
