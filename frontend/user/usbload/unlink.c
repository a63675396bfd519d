// SPDX-License-Identifier: MIT
/*
 * unlink: asks the loopback for what nobody has sent, takes that back, and waits for both answers; then what is sent
 * comes back into the same buffer.
 */
#include <stdio.h>

#include "common/wire/xen_usbif.h"
#include "frontend/user/usbload/usbload.h"

#define LEN_BYTES 6000
#define ENDPOINT  1

static struct usb_urb transfer(const struct usbload *ul, bool is_in)
{
	return usbload_urb(ul, USB_BULK, ENDPOINT, is_in, LEN_BYTES);
}

/* The one that is taken back is answered first. */
static bool take_back(struct usbload *ul, struct usbfront_io *io)
{
	struct usbfront_io *unlink = usbfront_get(ul->front);
	struct usb_urb urb = transfer(ul, true);

	usbfront_submit(ul->front, io, &urb);
	usbfront_push(ul->front);
	usbfront_unlink(ul->front, unlink, io);
	usbfront_push(ul->front);
	for (unsigned int i = 0; i < 2; i++) {
		struct usbfront_io *done = usbload_await(ul);

		if (!done)
			return false;
		if (done != (i == 0 ? io : unlink)) {
			usbload_error("an unlink is answered before what it takes back");
			return false;
		}
	}
	if (io->status == USBIF_STATUS_IOERROR && unlink->status == USBIF_STATUS_OK) {
		usbfront_put(ul->front, unlink);
		return true;
	}
	usbload_error("what is taken back is answered %s, and the unlink %s", usbload_status_name(io->status),
		      usbload_status_name(unlink->status));
	return false;
}

static bool send_and_receive(struct usbload *ul, struct usbfront_io *io, uint8_t first)
{
	struct usb_urb out = transfer(ul, false), in = transfer(ul, true);
	struct usbfront_io *sent = usbfront_get(ul->front);

	for (unsigned int i = 0; i < LEN_BYTES; i++)
		sent->data[i] = (uint8_t)(first + i * 7);
	if (!usbload_do(ul, sent, &out, "a transfer") || !usbload_do(ul, io, &in, "a transfer back"))
		return false;
	for (unsigned int i = 0; i < LEN_BYTES; i++) {
		if (io->actual_bytes == LEN_BYTES && io->data[i] == (uint8_t)(first + i * 7))
			continue;
		usbload_error("byte %u of %u did not come back", i, LEN_BYTES);
		return false;
	}
	usbfront_put(ul->front, sent);
	return true;
}

int usbload_unlink(struct usbload *ul)
{
	uint32_t nr = ul->config->nr_requests ? ul->config->nr_requests : 25;
	struct usbfront_io *io;

	if (!usbload_find_device(ul))
		return EXIT_IO;
	io = usbfront_get(ul->front);
	for (uint32_t i = 0; i < nr && !usbload_stop; i++) {
		if (!take_back(ul, io) || !send_and_receive(ul, io, (uint8_t)i))
			return EXIT_IO;
	}
	printf("taken back %u transfers\n", nr);
	return EXIT_OK;
}
