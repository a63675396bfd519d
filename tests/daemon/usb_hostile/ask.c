// SPDX-License-Identifier: MIT
#include "tests/daemon/usb_hostile/ask.h"

#include <stdio.h>

#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"

struct usbfront *front;

static const struct {
	int32_t status;
	const char *name;
} statuses[] = {
	{ USBIF_STATUS_OK, "OK" },	     { USBIF_STATUS_NODEV, "NODEV" },	{ USBIF_STATUS_INVAL, "INVAL" },
	{ USBIF_STATUS_STALL, "STALL" },     { USBIF_STATUS_IOERROR, "IOERROR" }, { USBIF_STATUS_BABBLE, "BABBLE" },
	{ USBIF_STATUS_SHUTDOWN, "SHUTDOWN" },
};

const char *status_name(int32_t status)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (statuses[i].status == status)
			return statuses[i].name;
	}
	return "unknown";
}

struct usb_urb urb_to(unsigned int port, enum usb_type type, uint8_t endpoint, bool is_in, uint32_t len_bytes)
{
	return (struct usb_urb){
		.port = (uint8_t)port,
		.type = type,
		.endpoint = endpoint,
		.is_in = is_in,
		.len_bytes = len_bytes,
	};
}

struct usb_urb control_to(unsigned int port, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
			  uint16_t len_bytes)
{
	struct usb_urb urb = urb_to(port, USB_CONTROL, 0, request_type & USB_SETUP_IN, len_bytes);
	const struct usb_setup setup = { request_type, request, value, index, len_bytes };

	usb_setup_encode(&setup, urb.setup);
	return urb;
}

struct usbfront_io *get(const char *name)
{
	struct usbfront_io *io = usbfront_get(front);

	io->user = (void *)name;
	return io;
}

struct usbfront_io *ask(const char *name, struct usb_urb urb)
{
	struct usbfront_io *io = get(name);

	usbfront_submit(front, io, &urb);
	return io;
}

struct usbfront_io *ask_raw(const char *name, struct usb_urb urb)
{
	struct usbfront_io *io = get(name);

	for (unsigned int i = 0; i < USB_MAX_SEGMENTS; i++)
		urb.segment[i].gref = urb.segment[i].gref ? urb.segment[i].gref : usbfront_gref(front, io, i);
	usbfront_submit_raw(front, io, &urb);
	return io;
}

void settle(unsigned int nr)
{
	uint64_t deadline = clock_in_ms(TIMEOUT_MS);
	struct usbfront_io *done;

	usbfront_push(front);
	while (nr > 0) {
		int got = usbfront_poll(front, &done, 1);

		if (got < 0 || usbfront_state(front) != USBFRONT_CONNECTED) {
			printf("front %s\n", usbfront_why(front));
			return;
		}
		if (got == 0 && clock_now_ns() > deadline) {
			printf("%u answers are missing\n", nr);
			return;
		}
		if (got == 0) {
			usbfront_wait(front, 100);
			continue;
		}
		printf("%s %s", (const char *)done->user, status_name(done->status));
		if (done->actual_bytes)
			printf(" %u", done->actual_bytes);
		printf("\n");
		usbfront_put(front, done);
		nr--;
	}
}

void ask_one(const char *name, struct usb_urb urb)
{
	ask(name, urb);
	settle(1);
}

void configure(unsigned int port)
{
	struct usb_urb urb = control_to(port, 0, 9, 1, 0, 0);
	struct usbfront_io *io = get("configure"), *done;

	usbfront_submit(front, io, &urb);
	usbfront_push(front);
	while (usbfront_poll(front, &done, 1) == 0)
		usbfront_wait(front, 100);
	usbfront_put(front, io);
}

struct usb_urb descriptor_of(unsigned int port)
{
	return control_to(port, 0x80, 6, 1 << 8, 0, 18);
}

void afterwards(void)
{
	ask_one("afterwards", descriptor_of(LOOPBACK));
}
