// SPDX-License-Identifier: MIT
/* What a guest asks of its USB controller and is no URB that could be served. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/vusb.h"

#define NR(array)  (sizeof(array) / sizeof((array)[0]))
#define PAGE_BYTES 4096

static void must_be(struct front *front, const char *clause, const struct usb_urb *urb, int32_t status)
{
	struct usb_urb_answer answer = vusb_do(front, clause, urb);

	MUST(clause, answer.status == status, "it is answered %s, not %s", vusb_status_name(answer.status),
	     vusb_status_name(status));
	must_go_on(front, clause);
}

static void unknown_protocol(struct front *front)
{
	static const char *const names[] = { "x86_16-abi", "x86_64", "mips-abi" };

	front_begin(front);
	for (unsigned int i = 0; i < NR(names); i++) {
		front_announce_with(front, "protocol", "%s", names[i]);
		must_refuse(front, "USB-1", names[i]);
		must_offer_again(front, "USB-1");
	}
	front_make(front);
	front_announce(front, "USB-1");
	must_go_on(front, "USB-1");
}

static void no_such_port(struct front *front)
{
	static const uint8_t ports[] = { 0, VUSB_PORTS + 1, 31 };

	vusb_connected(front);
	for (unsigned int i = 0; i < NR(ports); i++) {
		struct usb_urb urb = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
		struct usb_urb unlink = { .port = ports[i], .type = USB_BULK, .is_unlink = true };

		verdict_at("port %u", ports[i]);
		urb.port = ports[i];
		must_be(front, "USB-4", &urb, USBIF_STATUS_INVAL);
		must_be(front, "USB-4", &unlink, USBIF_STATUS_INVAL);
	}
}

static void bad_segments(struct front *front)
{
	static const struct {
		uint16_t nr, offset_bytes, len_bytes;
	} segments[] = {
		{ 17, 0, PAGE_BYTES }, { 65535, 0, PAGE_BYTES }, { 0, 0, PAGE_BYTES },	 { 1, 1, PAGE_BYTES },
		{ 1, 4095, 2 },	       { 1, 65535, 1 },		 { 1, 0, PAGE_BYTES - 1 }, { 2, 0, PAGE_BYTES },
	};

	vusb_connected(front);
	for (unsigned int i = 0; i < NR(segments); i++) {
		struct usb_urb urb = vusb_bulk(front, false, 0, PAGE_BYTES);

		verdict_at("%u segments, of %u octets from %u, for %u", segments[i].nr, segments[i].len_bytes,
			   segments[i].offset_bytes, PAGE_BYTES);
		urb.nr_segments = segments[i].nr;
		urb.segment[0].offset_bytes = segments[i].offset_bytes;
		urb.segment[0].len_bytes = segments[i].len_bytes;
		urb.segment[1] = urb.segment[0];
		must_be(front, "USB-5", &urb, USBIF_STATUS_INVAL);
	}
}

static void bad_control(struct front *front)
{
	struct usb_urb urb;

	vusb_connected(front);
	verdict_at("endpoint 1");
	urb = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	urb.endpoint = 1;
	must_be(front, "USB-7", &urb, USBIF_STATUS_INVAL);
	verdict_at("wLength 64 of 18 octets");
	urb = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	urb.setup[6] = 64;
	must_be(front, "USB-7", &urb, USBIF_STATUS_INVAL);
	verdict_at("in, by a setup packet that says out");
	urb = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	urb.setup[0] = 0;
	must_be(front, "USB-7", &urb, USBIF_STATUS_INVAL);
}

static void bad_packets(struct front *front)
{
	static const struct {
		uint16_t nr, nr_segments;
		struct usb_packet first, second;
	} packets[] = {
		{ 0, 1, { 0 }, { 0 } },
		{ 2, 0, { 0 }, { 0 } },
		{ 1, 1, { 0 }, { 0 } }, /* two are described */
		{ 2, 1, { 0, PAGE_BYTES + 1, 0, 0 }, { 0 } },
		{ 2, 1, { PAGE_BYTES, 1, 0, 0 }, { 0 } },
		{ 2, 1, { 0, 100, 0, 0 }, { 99, 100, 0, 0 } },
		{ 2, 1, { 8, UINT32_MAX, 0, 0 }, { 0 } },
		{ 2, 1, { UINT32_MAX, 8, 0, 0 }, { 0 } },
	};

	vusb_connected(front);
	for (unsigned int i = 0; i < NR(packets); i++) {
		struct usb_urb urb = vusb_bulk(front, true, 0, PAGE_BYTES);

		verdict_at("%u packets, described by %u segments, %u+%u and %u+%u", packets[i].nr,
			   packets[i].nr_segments, packets[i].first.offset_bytes, packets[i].first.len_bytes,
			   packets[i].second.offset_bytes, packets[i].second.len_bytes);
		urb.type = USB_ISOC;
		urb.nr_packets = packets[i].nr;
		urb.nr_desc_segments = packets[i].nr_segments;
		urb.segment[1] = (struct usb_segment){ front_gref(front, 1), 0, 2 * sizeof(struct usb_packet) };
		memcpy(front_page(front, 1), &packets[i].first, sizeof(struct usb_packet));
		memcpy(front_page(front, 1) + sizeof(struct usb_packet), &packets[i].second, sizeof(struct usb_packet));
		must_be(front, "USB-8", &urb, USBIF_STATUS_INVAL);
	}
}

static void no_such_endpoint(struct front *front)
{
	struct usb_urb urb;

	vusb_connected(front);
	verdict_at("endpoint 15");
	urb = vusb_bulk(front, false, 0, 8);
	urb.endpoint = 15;
	must_be(front, "USB-9", &urb, USBIF_STATUS_INVAL);
	verdict_at("endpoint 0 by bulk");
	urb.endpoint = 0;
	must_be(front, "USB-9", &urb, USBIF_STATUS_INVAL);
	verdict_at("endpoint 1 by interrupt");
	urb.endpoint = VUSB_ENDPOINT;
	urb.type = USB_INTERRUPT;
	must_be(front, "USB-9", &urb, USBIF_STATUS_INVAL);
}

static void id_in_use(struct front *front)
{
	struct usb_urb urb;
	struct usb_urb_answer answer;
	uint8_t octets[USB_URB_REQUEST_BYTES];
	uint16_t id;

	vusb_connected(front);
	id = vusb_put(front, vusb_bulk(front, true, 0, VUSB_PACKET_BYTES));
	urb = vusb_bulk(front, true, 1, VUSB_PACKET_BYTES);
	urb.id = id;
	usb_urb_encode(&urb, octets);
	front_put_raw(front, octets);
	front_push(front);
	answer = vusb_must_answer(front, "USB-10", id);
	MUST("USB-10", answer.status == USBIF_STATUS_INVAL, "the second of an id is answered %s",
	     vusb_status_name(answer.status));
	must_go_on(front, "USB-10");
}

static void bad_addresses(struct front *front)
{
	static const uint16_t addresses[] = { 128, 255, 256, 0x7fff, 0x8000, 0xffff };

	vusb_connected(front);
	for (unsigned int i = 0; i < NR(addresses); i++) {
		struct usb_urb urb = vusb_control(front, 0, 5, addresses[i], 0, 0, 0);

		verdict_at("SET_ADDRESS %u", addresses[i]);
		must_be(front, "USB-11", &urb, USBIF_STATUS_INVAL);
	}
}

static void who_answers(struct front *front)
{
	struct usb_urb urb;

	vusb_connected(front);
	verdict_at("a port without a device");
	urb = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	urb.port = 2;
	must_be(front, "USB-12", &urb, USBIF_STATUS_NODEV);
	verdict_at("an address that the device has not");
	urb.port = 1;
	urb.address = 7;
	must_be(front, "USB-12", &urb, USBIF_STATUS_NODEV);
	verdict_at("the address that the device has got");
	urb = vusb_control(front, 0, 5, 7, 0, 0, 0);
	vusb_of(front)->address = 7;
	must_be(front, "USB-16", &urb, USBIF_STATUS_OK);
	urb = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	urb.address = 7;
	must_be(front, "USB-12", &urb, USBIF_STATUS_OK);
	verdict_at("address 0, as after a reset of the port");
	urb.address = 0;
	must_be(front, "USB-12", &urb, USBIF_STATUS_OK);
}

static void bad_grant(struct front *front)
{
	struct usb_urb urb;

	vusb_connected(front);
	for (unsigned int is_in = 0; is_in < 2; is_in++) {
		urb = is_in ? vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18) : vusb_bulk(front, false, 0, 18);
		verdict_at(is_in ? "from the device" : "to the device");
		urb.segment[0].gref = 0x7fffffff;
		must_be(front, "USB-13", &urb, USBIF_STATUS_IOERROR);
	}
}

const struct backend_case usb_refuse_cases[] = {
	CASE("usb-protocol", "USB-1", "a protocol that there is not", unknown_protocol),
	CASE("usb-ports", "USB-4", "ports that there are not, URBs and unlinks", no_such_port),
	CASE("usb-segments", "USB-5", "too many segments, too few, and such as leave their page", bad_segments),
	CASE("usb-control", "USB-7", "control transfers that their setup packet does not agree with", bad_control),
	CASE("usb-packets", "USB-8", "isochronous packets beyond the data, over each other, undescribed", bad_packets),
	CASE("usb-endpoints", "USB-9", "endpoints that the device has not", no_such_endpoint),
	CASE("usb-id", "USB-10", "an id that is out already", id_in_use),
	CASE("usb-addresses", "USB-11", "SET_ADDRESS with what is no address", bad_addresses),
	CASE("usb-who-answers", "USB-12 USB-16", "which device answers to which address", who_answers),
	CASE("usb-grants", "USB-13", "grants that cannot be used", bad_grant),
	{ .head.name = NULL },
};
