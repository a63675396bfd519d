// SPDX-License-Identifier: MIT
/* Devices that come, go and take each other's place while a guest is connected; and one of isochronous transfers. */
#include "tests/conform/case.h"

#include <string.h>

#include "tests/conform/peer/course.h"
#include "tests/conform/peer/toolstack.h"
#include "tests/conform/peer/vusb.h"

#define NR(array) (sizeof(array) / sizeof((array)[0]))

#define ISO_BYTES   1000 /* that a packet to the device has room for */
#define ISO_SOURCE  1
#define ISO_SINK    2
#define ISO_PRODUCT 4

/* ---- plugging -------------------------------------------------------------------------------------------------- */

/* Events until the guest knows that: some peers tell of a thing twice, which is another clause's. */
static void must_tell(struct front *front, const char *clause, bool is_there)
{
	struct vusb *vusb = vusb_of(front);
	struct usb_conn_event event;

	while ((vusb->speed[1] != USB_SPEED_NONE) != is_there)
		MUST(clause, vusb_take_event(vusb, &event, FRONT_PATIENCE_MS), "no event tells that a device has %s",
		     is_there ? "come" : "gone");
}

/* What has come knows nothing of what was there before. */
static void plug_in(struct front *front, const char *clause, const char *device)
{
	toolstack_plug(front, 1, device);
	vusb_of(front)->address = 0;
	vusb_of(front)->is_configured = false;
	must_tell(front, clause, true);
}

static void plug_out(struct front *front, const char *clause)
{
	toolstack_plug(front, 1, "none");
	must_tell(front, clause, false);
}

static void drop_events_of_ports(struct vusb *vusb)
{
	struct usb_conn_event event;

	while (vusb_take_event(vusb, &event, FRONT_SILENCE_MS))
		;
}

static void plugged_while_connected(struct front *front)
{
	vusb_connected(front);
	for (unsigned int i = 0; i < 3; i++) {
		plug_out(front, "USB-2");
		plug_in(front, "USB-2", "loopback");
		must_go_on(front, "USB-2");
	}
}

static void replaced(struct front *front)
{
	struct vusb *vusb = vusb_connected(front);
	struct usb_conn_event event;
	struct usb_urb look;

	drop_events_of_ports(vusb);
	toolstack_plug(front, 1, "iso");
	MUST("USB-28", vusb_take_event(vusb, &event, FRONT_PATIENCE_MS), "no event tells of another device");
	MUST("USB-28", event.speed == USB_SPEED_NONE, "the first event has speed %u: the old device has not gone",
	     event.speed);
	must_tell(front, "USB-28", true);
	vusb->address = 0;
	look = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	vusb_do(front, "USB-28", &look);
	MUST("USB-28", front_page(front, 0)[10] == ISO_PRODUCT, "the device there is product %u, not the new one's %u",
	     front_page(front, 0)[10], ISO_PRODUCT);
}

/* Nobody has sent what they ask for. */
static void gone_with_urbs(struct front *front)
{
	struct usb_urb_answer answer;

	vusb_connected(front);
	for (unsigned int i = 0; i < 3; i++)
		vusb_put(front, vusb_bulk(front, true, i, VUSB_PACKET_BYTES));
	front_push(front);
	MUST("USB-30", !vusb_take(front, &answer, FRONT_SILENCE_MS), "a transfer of nothing is answered %s",
	     vusb_status_name(answer.status));
	plug_out(front, "USB-2");
	for (unsigned int i = 0; i < 3; i++) {
		MUST("USB-30", vusb_take(front, &answer, FRONT_PATIENCE_MS), "%u of 3 URBs to it are not answered",
		     3 - i);
		MUST("USB-30", answer.status == USBIF_STATUS_NODEV, "an URB to it is answered %s",
		     vusb_status_name(answer.status));
	}
	plug_in(front, "USB-2", "loopback");
	must_go_on(front, "USB-30");
}

/* The suite's device is one of high speed, which USB 2.0 has first. */
static void too_fast(struct front *front)
{
	struct usb_conn_event event;
	struct usb_urb look;

	front_begin(front);
	must_forget(front, "BUS-34");
	toolstack_create(front, "usb-ver", "1");
	front_reconnect(front, "BUS-21");
	toolstack_plug(front, 1, "loopback"); /* again, for those that see only what is plugged in from then on */
	MUST("USB-3", !vusb_take_event(vusb_of(front), &event, FRONT_SILENCE_MS) || event.speed != USB_SPEED_HIGH,
	     "a high-speed device is plugged into a controller of USB 1.1");
	look = vusb_control(front, 0x80, 6, 1 << 8, 0, 0, 18);
	MUST("USB-3", vusb_do(front, "USB-3", &look).status == USBIF_STATUS_NODEV,
	     "a high-speed device answers at a controller of USB 1.1");
}

/* ---- isochronous ----------------------------------------------------------------------------------------------- */

static void plug_in_iso(struct front *front)
{
	struct usb_urb set_interface;

	plug_out(front, "USB-2");
	plug_in(front, "USB-2", "iso");
	vusb_configure(vusb_of(front));
	set_interface = vusb_control(front, 1, 11, 1, 0, 0, 0);
	MUST("USB-17", vusb_do(front, "USB-17", &set_interface).status == USBIF_STATUS_OK, "SET_INTERFACE is refused");
}

/* What the backend is to write stands there already, and is wrong. */
static struct usb_urb_answer transfer(struct front *front, bool is_in, struct usb_packet *packets, unsigned int nr)
{
	struct usb_urb urb = vusb_bulk(front, is_in, 0, packets[nr - 1].offset_bytes + packets[nr - 1].len_bytes);
	size_t len_bytes = nr * sizeof(*packets);
	struct usb_urb_answer answer;

	for (unsigned int i = 0; i < nr; i++) {
		packets[i].actual_bytes = 77;
		packets[i].status = USBIF_STATUS_SHUTDOWN;
	}
	memcpy(front_page(front, 1), packets, len_bytes);
	urb.type = USB_ISOC;
	urb.endpoint = is_in ? ISO_SOURCE : ISO_SINK;
	urb.nr_packets = (uint16_t)nr;
	urb.interval = 1;
	urb.nr_desc_segments = 1;
	urb.segment[1] = (struct usb_segment){ front_gref(front, 1), 0, (uint16_t)len_bytes };
	answer = vusb_do(front, "USB-20", &urb);
	MUST("USB-20", answer.status == USBIF_STATUS_OK, "an isochronous transfer is answered %s",
	     vusb_status_name(answer.status));
	memcpy(packets, front_page(front, 1), len_bytes);
	return answer;
}

static void must_be_through(const struct usb_packet *packet)
{
	MUST("USB-20", packet->status == USBIF_STATUS_OK && packet->actual_bytes == packet->len_bytes,
	     "a packet of %u octets is %s, of %u octets", packet->len_bytes, vusb_status_name(packet->status),
	     packet->actual_bytes);
}

/* The second one to the device is more than it has room for. */
static void says_of_each_packet(struct front *front)
{
	struct usb_packet in[] = { { 0, ISO_BYTES, 0, 0 }, { ISO_BYTES, 500, 0, 0 }, { 1500, ISO_BYTES, 0, 0 } };
	struct usb_packet out[] = { { 0, 500, 0, 0 }, { 500, ISO_BYTES + 1, 0, 0 }, { 2000, ISO_BYTES, 0, 0 } };
	struct usb_urb_answer answer;

	vusb_connected(front);
	plug_in_iso(front);
	verdict_at("from the device");
	answer = transfer(front, true, in, NR(in));
	for (unsigned int i = 0; i < NR(in); i++)
		must_be_through(&in[i]);
	MUST("USB-20", answer.nr_errors == 0, "%d errors are counted, of none", answer.nr_errors);
	verdict_at("to the device, which has no room for the second packet");
	answer = transfer(front, false, out, NR(out));
	must_be_through(&out[0]);
	must_be_through(&out[2]);
	MUST("USB-20", out[1].status != USBIF_STATUS_SHUTDOWN && out[1].actual_bytes != 77,
	     "nothing is said of the second packet");
	MUST("USB-20", answer.nr_errors == (out[1].status != USBIF_STATUS_OK), "%d errors are counted, and it is %s",
	     answer.nr_errors, vusb_status_name(out[1].status));
}

const struct backend_case usb_plug_cases[] = {
	CASE("usb-plugged", "USB-2", "a device that goes, and comes again, while the guest is connected",
	     plugged_while_connected, .asks_toolstack = true),
	CASE("usb-too-fast", "USB-3 BUS-34 BUS-21", "a high-speed device at a controller of USB 1.1", too_fast,
	     .asks_toolstack = true),
	CASE("usb-each-packet", "USB-20 USB-2 USB-17", "what became of each packet of an isochronous transfer",
	     says_of_each_packet, .asks_toolstack = true),
	CASE("usb-replaced", "USB-28", "a device in another's place", replaced, .asks_toolstack = true),
	CASE("usb-gone-with-urbs", "USB-30 USB-2", "URBs that a device takes along when it goes", gone_with_urbs,
	     .asks_toolstack = true),
	{ .head.name = NULL },
};
