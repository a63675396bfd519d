// SPDX-License-Identifier: MIT
#include "tests/conform/peer/vusb.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/container.h"
#include "tests/conform/verdict.h"

#define FIRST_ADDRESS 1

struct vusb *vusb_of(struct front *front)
{
	return container_of(front, struct vusb, front);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

void vusb_init(struct vusb *vusb, uint32_t devid)
{
	*vusb = (struct vusb){ .nr_places = VUSB_PLACES };
	front_init(&vusb->front, &front_vusb_class, devid);
	front_init(&vusb->conn, NULL, devid);
	vusb->front.next = &vusb->conn;
	vusb->front.state = XB_CONNECTED; /* as Linux' frontend */
}

void vusb_put_place(struct vusb *vusb, uint16_t id)
{
	uint8_t octets[USB_CONN_REQUEST_BYTES];

	usb_conn_request_encode(id, octets);
	front_put_raw(&vusb->conn, octets);
}

static void make(struct front *front)
{
	struct vusb *vusb = vusb_of(front);
	struct front *conn = &vusb->conn;

	front_make_ring(front, 0, USB_URB_REQUEST_BYTES, USB_URB_RESPONSE_BYTES);
	front_make_pages(front, VUSB_PAGES);
	front_make_port(front);
	conn->gntshr = front->gntshr;
	conn->evtchn = front->evtchn;
	conn->dev.domid = front->dev.domid;
	front_make_ring(conn, 0, USB_CONN_REQUEST_BYTES, USB_CONN_RESPONSE_BYTES);
	conn->port = front->port;
	memset(vusb->speed, USB_SPEED_NONE, sizeof(vusb->speed));
	vusb->nr_events = 0;
	vusb->is_configured = false;
	vusb->address = 0;
	for (unsigned int i = 0; i < vusb->nr_places; i++)
		vusb_put_place(vusb, (uint16_t)i);
	front_set_req_prod(conn, conn->req_prod);
}

static void publish(struct front *front)
{
	front_remove(front, "protocol");
	front_write(front, "urb-ring-ref", "%u", front->ring_pages.refs[0]);
	front_write(front, "conn-ring-ref", "%u", vusb_of(front)->conn.ring_pages.refs[0]);
	front_write(front, "event-channel", "%d", front->port);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

bool vusb_take_event(struct vusb *vusb, struct usb_conn_event *event, unsigned int ms)
{
	const void *octets = front_take_raw(&vusb->conn, ms);

	if (!octets)
		return false;
	usb_conn_event_decode(octets, event);
	MUST("USB-27", event->port > 0 && event->port <= VUSB_PORTS && event->speed <= USB_SPEED_HIGH,
	     "an event of port %u with speed %u, of %u ports", event->port, event->speed, VUSB_PORTS);
	vusb->speed[event->port] = event->speed;
	vusb->nr_events++;
	vusb_put_place(vusb, event->id);
	front_push(&vusb->conn);
	return true;
}

static void await_device(struct vusb *vusb, const char *clause)
{
	struct usb_conn_event event;

	while (!vusb->speed[1])
		MUST(clause, vusb_take_event(vusb, &event, FRONT_PATIENCE_MS),
		     "it is %s, and no event tells of the device at port 1", front_backend_state_name(&vusb->front));
}

/* As guests do: QEMU knows nothing but descriptors of a device without an address. */
void vusb_configure(struct vusb *vusb)
{
	struct usb_urb set_address = vusb_control(&vusb->front, 0, 5, FIRST_ADDRESS, 0, 0, 0), set_configuration;
	struct usb_urb_answer answer;

	if (vusb->is_configured)
		return;
	answer = vusb_do(&vusb->front, "USB-16", &set_address);
	MUST("USB-16", answer.status == USBIF_STATUS_OK, "SET_ADDRESS is answered %s", vusb_status_name(answer.status));
	vusb->address = FIRST_ADDRESS;
	set_configuration = vusb_control(&vusb->front, 0, 9, 1, 0, 0, 0);
	answer = vusb_do(&vusb->front, "USB-17", &set_configuration);
	MUST("USB-17", answer.status == USBIF_STATUS_OK, "SET_CONFIGURATION is answered %s",
	     vusb_status_name(answer.status));
	vusb->is_configured = true;
}

struct vusb *vusb_connected(struct front *front)
{
	struct vusb *vusb = vusb_of(front);

	front_connect(front, "BUS-21");
	await_device(vusb, "USB-27");
	vusb_configure(vusb);
	return vusb;
}

/* ---- URBs ------------------------------------------------------------------------------------------------------ */

static void name_pages(struct front *front, struct usb_urb *urb, unsigned int page)
{
	for (uint32_t left = urb->len_bytes; left > 0; urb->nr_segments++) {
		struct usb_segment *segment = &urb->segment[urb->nr_segments];

		segment->gref = front_gref(front, page + urb->nr_segments);
		segment->len_bytes = left < 4096 ? left : 4096;
		left -= segment->len_bytes;
	}
}

struct usb_urb vusb_bulk(struct front *front, bool is_in, unsigned int page, uint32_t len_bytes)
{
	struct usb_urb urb = {
		.port = 1,
		.address = vusb_of(front)->address,
		.endpoint = VUSB_ENDPOINT,
		.type = USB_BULK,
		.is_in = is_in,
		.len_bytes = len_bytes,
	};

	name_pages(front, &urb, page);
	return urb;
}

struct usb_urb vusb_control(struct front *front, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
			    unsigned int page, uint16_t len_bytes)
{
	const struct usb_setup setup = { request_type, request, value, index, len_bytes };
	struct usb_urb urb = {
		.port = 1,
		.address = vusb_of(front)->address,
		.type = USB_CONTROL,
		.is_in = request_type & USB_SETUP_IN,
		.len_bytes = len_bytes,
	};

	usb_setup_encode(&setup, urb.setup);
	name_pages(front, &urb, page);
	return urb;
}

uint16_t vusb_put(struct front *front, struct usb_urb urb)
{
	uint8_t octets[USB_URB_REQUEST_BYTES];

	urb.id = (uint16_t)front->req_prod;
	usb_urb_encode(&urb, octets);
	front_put_raw(front, octets);
	return urb.id;
}

bool vusb_take(struct front *front, struct usb_urb_answer *answer, unsigned int ms)
{
	const void *octets = front_take_raw(front, ms);

	if (octets)
		usb_urb_answer_decode(octets, answer);
	return octets;
}

struct usb_urb_answer vusb_must_answer(struct front *front, const char *clause, uint16_t id)
{
	struct usb_urb_answer answer;

	do {
		MUST(clause, vusb_take(front, &answer, FRONT_PATIENCE_MS), "it does not answer, and is %s",
		     front_backend_state_name(front));
	} while (answer.id != id);
	return answer;
}

struct usb_urb_answer vusb_do(struct front *front, const char *clause, const struct usb_urb *urb)
{
	uint16_t id = vusb_put(front, *urb);

	front_push(front);
	return vusb_must_answer(front, clause, id);
}

const char *vusb_status_name(int32_t status)
{
	static char other[32];

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
		snprintf(other, sizeof(other), "%d", status);
		return other;
	}
}

/* ---- what all classes have ------------------------------------------------------------------------------------- */

#define LOOK_PAGE (VUSB_PAGES - 1)

static struct usb_urb look(struct front *front)
{
	return vusb_control(front, 0x80, 6, 1 << 8, 0, LOOK_PAGE, 18);
}

static void put_one(struct front *front)
{
	vusb_put(front, look(front));
}

static void fill(struct front *front)
{
	while (front->req_prod - front->rsp_cons < VUSB_SLOTS)
		put_one(front);
	front_push(front);
}

static void go_on(struct front *front, const char *clause)
{
	struct usb_urb urb = look(front);
	struct usb_urb_answer answer;

	await_device(vusb_of(front), clause);
	memset(front_page(front, LOOK_PAGE), 0, 18);
	answer = vusb_do(front, clause, &urb);
	MUST(clause,
	     answer.status == USBIF_STATUS_OK && answer.actual_bytes == 18 && front_page(front, LOOK_PAGE)[1] == 1,
	     "GET_DESCRIPTOR is answered %s, with %d octets", vusb_status_name(answer.status), answer.actual_bytes);
}

const struct front_class front_vusb_class = {
	.kind = "vusb",
	.ring_node = "urb-ring-ref",
	.port_node = "event-channel",
	.make = make,
	.publish = publish,
	.put = put_one,
	.fill = fill,
	.go_on = go_on,
};
