// SPDX-License-Identifier: MIT
/* What passes a USB controller's rings when all is well: transfers, unlinks, events. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/vusb.h"

#define NR(array)  (sizeof(array) / sizeof((array)[0]))
#define PAGE_BYTES 4096
#define ENDPOINT_IN (0x80 | VUSB_ENDPOINT)

static struct usb_urb_answer must_be(struct front *front, const char *clause, const char *what,
				     const struct usb_urb *urb, int32_t status)
{
	struct usb_urb_answer answer = vusb_do(front, clause, urb);

	MUST(clause, answer.status == status, "%s is answered %s, not %s", what, vusb_status_name(answer.status),
	     vusb_status_name(status));
	return answer;
}

static void send_out(struct front *front, const char *clause, uint32_t len_bytes, uint8_t first)
{
	struct usb_urb urb = vusb_bulk(front, false, 0, len_bytes);

	for (uint32_t i = 0; i < len_bytes; i++)
		front_page(front, i / PAGE_BYTES)[i % PAGE_BYTES] = (uint8_t)(first + i);
	must_be(front, clause, "a transfer to the device", &urb, USBIF_STATUS_OK);
}

/* Eight each way at once, of lengths that tell them apart. */
static void in_order(struct front *front)
{
	uint16_t in[8];

	vusb_connected(front);
	for (unsigned int i = 0; i < NR(in); i++) {
		memset(front_page(front, i), (int)(i + 1), 100);
		vusb_put(front, vusb_bulk(front, false, i, i == 3 ? 0 : 10 + i));
	}
	for (unsigned int i = 0; i < NR(in); i++)
		in[i] = vusb_put(front, vusb_bulk(front, true, 16 + i, PAGE_BYTES));
	front_push(front);
	for (unsigned int i = 0; i < NR(in); i++) {
		struct usb_urb_answer answer;

		do {
			MUST("USB-14", vusb_take(front, &answer, FRONT_PATIENCE_MS), "transfer %u does not come", i);
		} while (answer.id < in[0]);
		MUST("USB-14", answer.id == in[i], "transfer %u comes, and %u is due", answer.id - in[0], i);
		MUST("USB-14", answer.actual_bytes == (i == 3 ? 0 : (int)(10 + i)), "transfer %u has %d octets", i,
		     answer.actual_bytes);
		MUST("USB-14", i == 3 || front_page(front, 16 + i)[0] == i + 1, "transfer %u has another's octets", i);
	}
	must_go_on(front, "USB-14");
}

static void only_what_came(struct front *front)
{
	struct usb_urb urb;
	struct usb_urb_answer answer;

	vusb_connected(front);
	send_out(front, "USB-15", 100, 1);
	memset(front_page(front, 16), 0x5a, PAGE_BYTES);
	urb = vusb_bulk(front, true, 16, PAGE_BYTES);
	answer = must_be(front, "USB-15", "a transfer from the device", &urb, USBIF_STATUS_OK);
	MUST("USB-15", answer.actual_bytes == 100, "100 octets come as %d", answer.actual_bytes);
	for (unsigned int i = 0; i < PAGE_BYTES; i++)
		MUST("USB-15", front_page(front, 16)[i] == (i < 100 ? (uint8_t)(1 + i) : 0x5a),
		     "octet %u is %02x, of 100 that were sent", i, front_page(front, 16)[i]);
	must_go_on(front, "USB-15");
}

static void configurations(struct front *front)
{
	struct usb_urb none, one, bulk;

	vusb_connected(front);
	none = vusb_control(front, 0, 9, 0, 0, 0, 0);
	one = vusb_control(front, 0, 9, 1, 0, 0, 0);
	bulk = vusb_bulk(front, false, 0, 8);
	must_be(front, "USB-17", "SET_CONFIGURATION of none", &none, USBIF_STATUS_OK);
	must_be(front, "USB-9", "a transfer to an endpoint of no configuration", &bulk, USBIF_STATUS_INVAL);
	must_be(front, "USB-17", "SET_CONFIGURATION", &one, USBIF_STATUS_OK);
	must_be(front, "USB-17", "a transfer after it", &bulk, USBIF_STATUS_OK);
	must_go_on(front, "USB-17");
}

static void short_packets(struct front *front)
{
	struct usb_urb in, strict;
	struct usb_urb_answer answer;

	vusb_connected(front);
	in = vusb_bulk(front, true, 16, 2 * VUSB_PACKET_BYTES);
	strict = in;
	strict.must_not_be_short = true;
	send_out(front, "USB-18", VUSB_PACKET_BYTES + 1, 0);
	answer = must_be(front, "USB-18", "one that ends by a short packet", &in, USBIF_STATUS_OK);
	MUST("USB-18", answer.actual_bytes == VUSB_PACKET_BYTES + 1, "513 octets come as %d", answer.actual_bytes);
	send_out(front, "USB-18", 0, 0);
	answer = must_be(front, "USB-18", "one that ends by an empty packet", &in, USBIF_STATUS_OK);
	MUST("USB-18", answer.actual_bytes == 0, "nothing comes as %d octets", answer.actual_bytes);
	send_out(front, "USB-18", 7, 0);
	answer = vusb_do(front, "USB-18", &strict);
	MUST("USB-18", answer.status != USBIF_STATUS_OK, "seven octets with SHORT_NOT_OK are OK");
	send_out(front, "USB-18", 2 * VUSB_PACKET_BYTES, 0);
	must_be(front, "USB-18", "all of it with SHORT_NOT_OK", &strict, USBIF_STATUS_OK);
	must_go_on(front, "USB-18");
}

static void stalls(struct front *front)
{
	struct usb_urb halt, clear, in;

	vusb_connected(front);
	halt = vusb_control(front, 2, 3, 0, ENDPOINT_IN, 0, 0);
	clear = vusb_control(front, 2, 1, 0, ENDPOINT_IN, 0, 0);
	in = vusb_bulk(front, true, 16, VUSB_PACKET_BYTES);
	must_be(front, "USB-19", "SET_FEATURE of ENDPOINT_HALT", &halt, USBIF_STATUS_OK);
	for (unsigned int i = 0; i < 200; i++) {
		must_be(front, "USB-19", "a transfer to a halted endpoint", &in, USBIF_STATUS_STALL);
		if (i % 50 == 0)
			must_go_on(front, "USB-19");
	}
	must_be(front, "USB-17", "CLEAR_FEATURE of ENDPOINT_HALT", &clear, USBIF_STATUS_OK);
	send_out(front, "USB-17", 8, 0);
	must_be(front, "USB-17", "a transfer after it", &in, USBIF_STATUS_OK);
	must_go_on(front, "USB-19");
}

/* The URB first, and not as if it had been through; then the unlink. */
static void must_unlink(struct front *front, const char *clause, uint16_t urb, uint16_t unlink)
{
	struct usb_urb_answer first, second;

	MUST(clause, vusb_take(front, &first, FRONT_PATIENCE_MS), "neither the URB nor its unlink is answered");
	MUST(clause, first.id == urb, "the unlink is answered before its URB");
	MUST(clause, first.status == USBIF_STATUS_IOERROR, "the URB is answered %s", vusb_status_name(first.status));
	MUST(clause, vusb_take(front, &second, FRONT_PATIENCE_MS), "the unlink is not answered");
	MUST(clause, second.id == unlink && second.status == USBIF_STATUS_OK, "the unlink is answered %s",
	     vusb_status_name(second.status));
	must_go_on(front, clause);
}

static struct usb_urb unlink_of(uint16_t id, uint8_t port)
{
	return (struct usb_urb){ .port = port, .type = USB_BULK, .is_unlink = true, .unlink_id = id };
}

static void unlink_at_once(struct front *front)
{
	uint16_t urb, unlink;

	vusb_connected(front);
	urb = vusb_put(front, vusb_bulk(front, true, 16, VUSB_PACKET_BYTES));
	unlink = vusb_put(front, unlink_of(urb, 1));
	front_push(front);
	must_unlink(front, "USB-21", urb, unlink);
}

static void unlink_in_device(struct front *front)
{
	struct usb_urb_answer answer;
	uint16_t urb, unlink;

	vusb_connected(front);
	memset(front_page(front, 16), 0x5a, PAGE_BYTES);
	urb = vusb_put(front, vusb_bulk(front, true, 16, VUSB_PACKET_BYTES));
	front_push(front);
	MUST("USB-22", !vusb_take(front, &answer, FRONT_SILENCE_MS), "a transfer of nothing is answered %s",
	     vusb_status_name(answer.status));
	unlink = vusb_put(front, unlink_of(urb, 1));
	front_push(front);
	must_unlink(front, "USB-22", urb, unlink);
	send_out(front, "USB-22", 8, 0);
	front_await_event(front, FRONT_SILENCE_MS);
	for (unsigned int i = 0; i < PAGE_BYTES; i++)
		MUST("USB-22", front_page(front, 16)[i] == 0x5a, "octet %u of the URB's page was written to later", i);
}

static void unlink_of_none(struct front *front)
{
	struct usb_urb urb, look;

	vusb_connected(front);
	look = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	must_be(front, "USB-23", "a control transfer", &look, USBIF_STATUS_OK);
	urb = unlink_of((uint16_t)(front->req_prod - 1), 1);
	must_be(front, "USB-23", "an unlink of what is done", &urb, USBIF_STATUS_OK);
	urb = unlink_of(0xfff0, 1);
	must_be(front, "USB-23", "an unlink of what never was", &urb, USBIF_STATUS_OK);
	urb = unlink_of(0, 2);
	must_be(front, "USB-24", "an unlink at a port without a device", &urb, USBIF_STATUS_NODEV);
	must_go_on(front, "USB-23");
}

static void told_of_ports(struct front *front)
{
	struct usb_conn_event event;
	struct vusb *vusb = vusb_connected(front);

	MUST("USB-27", !vusb_take_event(vusb, &event, FRONT_SILENCE_MS) || event.port != 1,
	     "the device at port 1 is told twice");
	for (unsigned int port = 2; port <= VUSB_PORTS; port++)
		MUST("USB-27", vusb->speed[port] == USB_SPEED_NONE, "there is a device at port %u", port);
	front_close(front);
	front_reconnect(front, "USB-27");
	must_go_on(front, "USB-27");
}

static void no_place(struct front *front)
{
	struct vusb *vusb = vusb_of(front);

	vusb->nr_places = 0;
	front_connect(front, "BUS-21");
	MUST("USB-29", !front_await_rsp_prod(&vusb->conn, 1, FRONT_SILENCE_MS),
	     "an event is told without a request for it");
	vusb_put_place(vusb, 7);
	front_push(&vusb->conn);
	MUST("USB-29", front_await_rsp_prod(&vusb->conn, 1, FRONT_PATIENCE_MS), "an event without a place is lost");
	must_go_on(front, "USB-29");
}

const struct backend_case usb_transfer_cases[] = {
	CASE("usb-order", "USB-14", "transfers of one endpoint, eight each way", in_order),
	CASE("usb-only-what-came", "USB-15", "the octets of a transfer, and none after them", only_what_came),
	CASE("usb-configurations", "USB-17 USB-9", "a configuration given up, and taken again", configurations),
	CASE("usb-short", "USB-18", "short packets, and empty ones", short_packets),
	CASE("usb-stall", "USB-19 USB-17", "a halted endpoint, until it is not", stalls),
	CASE("usb-unlink-at-once", "USB-21", "a URB and its unlink together", unlink_at_once),
	CASE("usb-unlink-in-device", "USB-22", "an unlink of what the device has", unlink_in_device),
	CASE("usb-unlink-of-none", "USB-23 USB-24", "unlinks of what is not out", unlink_of_none),
	CASE("usb-told", "USB-27", "a device is told of, once for each connection", told_of_ports),
	CASE("usb-no-place", "USB-29", "an event that there is no request for", no_place),
	{ .head.name = NULL },
};
