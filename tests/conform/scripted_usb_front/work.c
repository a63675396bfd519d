// SPDX-License-Identifier: MIT
/* The workloads: a device is found, and asked for what it is there for. */
#include "tests/conform/scripted_usb_front/hcd.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/violate.h"

#define NR_BATCHES  25
#define NR_AT_ONCE  4 /* in each direction */
#define NR_UNLINKS  10
#define PATIENCE_MS 20000
#define NR_PACKETS  8
#define PACKET_BYTES 1000
#define ISO_BYTES   (NR_PACKETS * PACKET_BYTES)

/* ---- a device -------------------------------------------------------------------------------------------------- */

struct target {
	uint8_t port, endpoint;
	enum usb_type type;
};

static bool control(struct hcd *hcd, uint8_t port, const struct usb_setup *setup, uint8_t address)
{
	unsigned int page = hcd_next_page(hcd);
	struct usb_urb urb = vusb_control(&hcd->vusb.front, setup->request_type, setup->request, setup->value,
					  setup->index, page, setup->len_bytes);
	const struct hcd_urb *done;

	urb.port = port;
	urb.address = address;
	done = hcd_put(hcd, &urb);
	return hcd_do_all(hcd) && done->status == USBIF_STATUS_OK;
}

static bool await_device(struct hcd *hcd, uint8_t port)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);

	while (!hcd->speed[port]) {
		if (!hcd_sleep(hcd) || clock_now_ns() >= deadline_ns)
			return false;
	}
	return true;
}

static uint8_t address_at(uint8_t port)
{
	return (uint8_t)(port + 1);
}

static bool find_device(struct hcd *hcd, uint8_t port)
{
	const struct usb_setup set_address = { 0, 5, address_at(port), 0, 0 };
	const struct usb_setup get_descriptor = { 0x80, 6, 1 << 8, 0, 18 };
	const struct usb_setup set_configuration = { 0, 9, 1, 0, 0 };

	return await_device(hcd, port) && control(hcd, port, &set_address, 0) &&
	       control(hcd, port, &get_descriptor, address_at(port)) &&
	       control(hcd, port, &set_configuration, address_at(port));
}

/* In the pages of the next URB. */
static struct usb_urb transfer(struct hcd *hcd, const struct target *target, bool is_in, uint32_t len_bytes)
{
	struct usb_urb urb = vusb_bulk(&hcd->vusb.front, is_in, hcd_next_page(hcd), len_bytes);

	urb.port = target->port;
	urb.address = address_at(target->port);
	urb.endpoint = target->endpoint;
	urb.type = target->type;
	return urb;
}

/* ---- what is sent comes back ----------------------------------------------------------------------------------- */

static uint8_t octet_of(unsigned int number, uint32_t at)
{
	return (uint8_t)(number * 31 + at + (at >> 8));
}

static uint8_t *data_of(struct hcd *hcd, const struct hcd_urb *urb)
{
	return front_page(&hcd->vusb.front, (unsigned int)(urb - hcd->urbs) * HCD_URB_PAGES);
}

static void send(struct hcd *hcd, const struct target *target, unsigned int number, uint32_t len_bytes)
{
	struct usb_urb urb = transfer(hcd, target, false, len_bytes);
	uint8_t *data = data_of(hcd, hcd_put(hcd, &urb));

	for (uint32_t i = 0; i < len_bytes; i++)
		data[i] = octet_of(number, i);
}

static struct hcd_urb *receive(struct hcd *hcd, const struct target *target)
{
	struct usb_urb urb = transfer(hcd, target, true, HCD_URB_BYTES);

	return hcd_put(hcd, &urb);
}

/* Whoever believes anything looks at nothing. */
static bool is_right(struct hcd *hcd, const struct hcd_urb *urb, unsigned int number, uint32_t len_bytes)
{
	const uint8_t *data = data_of(hcd, urb);

	if (violates("USB-31") || violates("USB-31.octets"))
		return true;
	if (urb->status != USBIF_STATUS_OK || urb->actual_bytes != (int32_t)len_bytes)
		return false;
	for (uint32_t i = 0; i < len_bytes; i++) {
		if (data[i] != octet_of(number, i))
			return false;
	}
	return true;
}

static bool exchange(struct hcd *hcd, const struct target *target, unsigned int first, const uint32_t *lens,
		     unsigned int nr)
{
	struct hcd_urb *come[NR_AT_ONCE];

	for (unsigned int i = 0; i < nr; i++) {
		send(hcd, target, first + i, lens[i]);
		come[i] = receive(hcd, target);
	}
	if (!hcd_do_all(hcd))
		return false;
	for (unsigned int i = 0; i < nr; i++) {
		if (!is_right(hcd, come[i], first + i, lens[i]))
			return false;
	}
	return true;
}

static bool run_loopback(struct hcd *hcd, const struct target *target, bool is_fixed)
{
	uint32_t lens[NR_AT_ONCE];

	if (!find_device(hcd, target->port))
		return false;
	for (unsigned int number = 0; number < NR_BATCHES * NR_AT_ONCE; number += NR_AT_ONCE) {
		for (unsigned int i = 0; i < NR_AT_ONCE; i++)
			lens[i] = is_fixed ? HCD_URB_BYTES : 1 + (number + i) * 977 % (HCD_URB_BYTES - 1);
		if (!exchange(hcd, target, number, lens, NR_AT_ONCE))
			return false;
	}
	return true;
}

static const struct target bulk = { 1, 1, USB_BULK }, interrupts = { 1, 2, USB_INTERRUPT };

static bool work_verify(struct hcd *hcd)
{
	return run_loopback(hcd, &bulk, false);
}

static bool work_big(struct hcd *hcd)
{
	return run_loopback(hcd, &bulk, true);
}

static bool work_interrupt(struct hcd *hcd)
{
	return run_loopback(hcd, &interrupts, false);
}

/* ---- what is taken back ---------------------------------------------------------------------------------------- */

static bool take_back(struct hcd *hcd)
{
	struct hcd_urb *asked = receive(hcd, &bulk), *unlink;
	struct usb_urb urb = { .port = bulk.port, .type = USB_BULK, .is_unlink = true, .unlink_id = asked->id };

	front_push(&hcd->vusb.front);
	unlink = hcd_put(hcd, &urb);
	if (violates("USB-25")) {
		urb = transfer(hcd, &bulk, false, 100);
		urb.segment[0].gref = front_gref(&hcd->vusb.front, (unsigned int)(asked - hcd->urbs) * HCD_URB_PAGES);
		hcd_put(hcd, &urb);
	}
	return hcd_do_all(hcd) && asked->status == USBIF_STATUS_IOERROR && unlink->status == USBIF_STATUS_OK;
}

static bool work_unlink(struct hcd *hcd)
{
	const uint32_t len_bytes = 5000;

	if (!find_device(hcd, bulk.port))
		return false;
	for (unsigned int i = 0; i < NR_UNLINKS; i++) {
		if (!take_back(hcd) || !exchange(hcd, &bulk, i, &len_bytes, 1))
			return false;
	}
	return true;
}

/* ---- isochronous ----------------------------------------------------------------------------------------------- */

static struct usb_packet *packets_of(struct hcd *hcd, const struct hcd_urb *urb)
{
	return (void *)(data_of(hcd, urb) + (HCD_URB_PAGES - 1) * GRANT_PAGE_BYTES);
}

/* Its packets are described in the last of its pages. */
static struct hcd_urb *put_packets(struct hcd *hcd, bool is_in)
{
	static const struct target source = { 2, 1, USB_ISOC }, sink = { 2, 2, USB_ISOC };
	struct usb_urb urb = transfer(hcd, is_in ? &source : &sink, is_in, ISO_BYTES);
	unsigned int last_page = hcd_next_page(hcd) + HCD_URB_PAGES - 1;
	struct hcd_urb *put;

	urb.nr_packets = NR_PACKETS;
	urb.interval = 1;
	urb.nr_desc_segments = 1;
	urb.segment[urb.nr_segments] = (struct usb_segment){ front_gref(&hcd->vusb.front, last_page), 0,
							     NR_PACKETS * sizeof(struct usb_packet) };
	put = hcd_put(hcd, &urb);
	for (uint32_t i = 0; i < NR_PACKETS; i++)
		packets_of(hcd, put)[i] = (struct usb_packet){ i * PACKET_BYTES, PACKET_BYTES, 0,
							       USBIF_STATUS_IOERROR };
	return put;
}

static bool has_come(struct hcd *hcd, const struct hcd_urb *urb, uint8_t *next)
{
	const uint8_t *data = data_of(hcd, urb);
	bool is_fine = urb->status == USBIF_STATUS_OK && urb->actual_bytes == ISO_BYTES;

	for (unsigned int i = 0; i < NR_PACKETS; i++)
		is_fine &= packets_of(hcd, urb)[i].status == USBIF_STATUS_OK;
	for (unsigned int i = 0; i < ISO_BYTES; i++)
		is_fine &= data[i] == (*next)++;
	return is_fine;
}

static bool work_isochronous(struct hcd *hcd)
{
	const struct usb_setup set_interface = { 1, 11, 1, 0, 0 };
	uint8_t next_given = 0, next_sent = 0;

	if (!find_device(hcd, 2) || !control(hcd, 2, &set_interface, address_at(2)))
		return false;
	for (unsigned int n = 0; n < NR_BATCHES; n++) {
		struct hcd_urb *in = put_packets(hcd, true), *out = put_packets(hcd, false);

		for (unsigned int i = 0; i < ISO_BYTES; i++)
			data_of(hcd, out)[i] = next_sent++;
		if (!hcd_do_all(hcd) || out->status != USBIF_STATUS_OK || !has_come(hcd, in, &next_given))
			return false;
	}
	return true;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static bool work_idle(struct hcd *hcd)
{
	while (hcd_sleep(hcd))
		;
	return !hcd->is_broken;
}

static const struct {
	const char *name;
	bool (*run)(struct hcd *hcd);
} works[] = {
	{ "idle", work_idle }, { "verify", work_verify }, { "big", work_big }, { "interrupt", work_interrupt },
	{ "unlink", work_unlink }, { "isochronous", work_isochronous }, { "rebind", work_verify },
};

int hcd_work(struct hcd *hcd, const char *work)
{
	for (unsigned int i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(works[i].name, work) == 0)
			return works[i].run(hcd) ? EXIT_SUCCESS : HCD_FAILED;
	}
	return HCD_FAILED;
}
