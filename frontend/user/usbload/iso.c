// SPDX-License-Identifier: MIT
/* iso: takes packets from a source that numbers its octets, and sends such to a sink that counts what is wrong. */
#include <stdio.h>
#include <string.h>

#include "common/wire/xen_usbif.h"
#include "frontend/user/usbload/usbload.h"

#define PRODUCT	     0x0004
#define NR_PACKETS   8 /* of a transfer */
#define PACKET_BYTES 1000
#define NR_AHEAD     4 /* transfers on their way, in each direction */

struct iso {
	struct usbload *ul;
	uint8_t next_sent, next_expected;
	uint64_t nr_left[2], nr_packets, nr_lost, nr_wrong;
	unsigned int nr_out;
};

static void submit(struct iso *iso, bool is_in)
{
	struct usb_urb urb = usbload_urb(iso->ul, USB_ISOC, is_in ? 1 : 2, is_in, NR_PACKETS * PACKET_BYTES);
	struct usbfront_io *io = usbfront_get(iso->ul->front);

	urb.nr_packets = NR_PACKETS;
	urb.interval = 1;
	io->user = (void *)(uintptr_t)is_in;
	for (uint32_t i = 0; i < NR_PACKETS; i++)
		io->packets[i] = (struct usb_packet){ i * PACKET_BYTES, PACKET_BYTES, 0, USBIF_STATUS_IOERROR };
	for (uint32_t i = 0; !is_in && i < urb.len_bytes; i++)
		io->data[i] = iso->next_sent++;
	usbfront_submit(iso->ul->front, io, &urb);
	iso->nr_left[is_in]--;
	iso->nr_out++;
}

static void check(struct iso *iso, const struct usbfront_io *io)
{
	for (uint32_t i = 0; i < NR_PACKETS; i++) {
		const struct usb_packet *packet = &io->packets[i];

		iso->nr_packets++;
		iso->nr_lost += packet->status != USBIF_STATUS_OK || packet->actual_bytes != PACKET_BYTES;
		for (uint32_t byte = 0; io->user && byte < PACKET_BYTES; byte++) {
			uint8_t octet = io->data[packet->offset_bytes + byte];

			iso->nr_wrong += octet != iso->next_expected;
			iso->next_expected = (uint8_t)(octet + 1);
		}
	}
}

static bool run(struct iso *iso)
{
	struct usbfront_io *io;

	for (unsigned int i = 0; i < NR_AHEAD; i++) {
		for (unsigned int is_in = 0; is_in < 2; is_in++) {
			if (iso->nr_left[is_in])
				submit(iso, is_in);
		}
	}
	usbfront_push(iso->ul->front);
	while (iso->nr_out > 0) {
		bool is_in;

		io = usbload_await(iso->ul);
		if (!io)
			return false;
		is_in = io->user;
		iso->nr_out--;
		if (io->status != USBIF_STATUS_OK || io->nr_errors) {
			usbload_error("a transfer: %s, %d packets with an error", usbload_status_name(io->status),
				      io->nr_errors);
			return false;
		}
		check(iso, io);
		usbfront_put(iso->ul->front, io);
		if (iso->nr_left[is_in] && !usbload_stop)
			submit(iso, is_in);
		usbfront_push(iso->ul->front);
	}
	return true;
}

int usbload_iso(struct usbload *ul)
{
	const struct usb_setup set_interface = { 1, 11, 1, 0, 0 };
	const struct usb_setup get_seen = { 0xc0, 1, 0, 0, 12 };
	uint32_t nr = ul->config->nr_requests ? ul->config->nr_requests : 25;
	struct iso iso = { .ul = ul, .nr_left = { nr, nr } };
	int exit_code = usbload_find_product(ul, PRODUCT, "the source and sink");
	uint32_t seen[3];

	if (exit_code)
		return exit_code;
	if (!usbload_control(ul, &set_interface, NULL, NULL, "SET_INTERFACE") || !run(&iso) ||
	    !usbload_control(ul, &get_seen, seen, NULL, "what the sink has seen"))
		return EXIT_IO;
	printf("%llu packets, %llu lost, %llu octets wrong; the sink has seen %u packets, %u octets, %u of them "
	       "wrong\n",
	       (unsigned long long)iso.nr_packets, (unsigned long long)iso.nr_lost, (unsigned long long)iso.nr_wrong,
	       seen[0], seen[1], seen[2]);
	return iso.nr_lost || iso.nr_wrong || seen[2] ? EXIT_IO : EXIT_OK;
}
