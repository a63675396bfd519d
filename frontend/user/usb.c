// SPDX-License-Identifier: MIT
#include "frontend/user/usb_front.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/container.h"

enum usbfront_state usbfront_state(const struct usbfront *front)
{
	return front->state;
}

const char *usbfront_why(const struct usbfront *front)
{
	return front->why.text;
}

unsigned int usbfront_nr_ports(const struct usbfront *front)
{
	return front->nr_ports;
}

enum usb_speed usbfront_speed(const struct usbfront *front, unsigned int port)
{
	return front->speed[port];
}

uint32_t usbfront_nr_events(const struct usbfront *front, unsigned int port)
{
	return front->nr_events[port];
}

/* ---- asking ---------------------------------------------------------------------------------------------------- */

struct usbfront_io *usbfront_get(struct usbfront *front)
{
	for (unsigned int i = 0; i < USBFRONT_NR_IOS; i++) {
		if (front->flight[i].is_free) {
			front->flight[i].is_free = false;
			return &front->flight[i].io;
		}
	}
	return NULL;
}

void usbfront_put(struct usbfront *front, struct usbfront_io *io)
{
	assert(!front->flight[io->index].is_out);
	front->flight[io->index].is_free = true;
}

uint32_t usbfront_gref(const struct usbfront *front, const struct usbfront_io *io, unsigned int page)
{
	assert(page < USBFRONT_IO_PAGES);
	return front->buffers.refs[io->index * USBFRONT_IO_PAGES + page];
}

uint16_t usbfront_id(const struct usbfront *front, const struct usbfront_io *io)
{
	return front->flight[io->index].id;
}

/* What may come back: of a length that is none as much as the segments have room for. */
static uint32_t room_bytes(const struct usb_urb *urb)
{
	uint32_t sum = 0;

	for (unsigned int i = 0; i < urb->nr_segments && i < USB_MAX_SEGMENTS; i++)
		sum += urb->segment[i].len_bytes;
	return sum;
}

/* There is a ring slot for every io, so a put cannot fail. */
int usbfront_submit_raw(struct usbfront *front, struct usbfront_io *io, const struct usb_urb *urb)
{
	struct usbfront_flight *flight = &front->flight[io->index];
	struct usb_urb named = *urb;
	uint8_t octets[USB_URB_REQUEST_BYTES];

	if (front->state != USBFRONT_CONNECTED)
		return -ESHUTDOWN;
	assert(!flight->is_out);
	flight->id = (uint16_t)(((flight->id >> USBFRONT_ID_SHIFT) + 1) << USBFRONT_ID_SHIFT | io->index);
	flight->is_out = true;
	flight->port = urb->port;
	flight->room_bytes = room_bytes(urb);
	named.id = flight->id;
	usb_urb_encode(&named, octets);
	if (!ring_front_put(&front->urb_ring, octets))
		assert(!"more buffers than slots");
	return 0;
}

static void name_segments(const struct usbfront *front, const struct usbfront_io *io, struct usb_urb *urb)
{
	uint32_t left = urb->len_bytes;

	for (urb->nr_segments = 0; left > 0; urb->nr_segments++) {
		struct usb_segment *segment = &urb->segment[urb->nr_segments];

		segment->gref = usbfront_gref(front, io, urb->nr_segments);
		segment->len_bytes = left < GRANT_PAGE_BYTES ? left : GRANT_PAGE_BYTES;
		left -= segment->len_bytes;
	}
	if (urb->type != USB_ISOC || urb->is_unlink)
		return;
	urb->nr_desc_segments = 1;
	urb->segment[urb->nr_segments] = (struct usb_segment){
		.gref = usbfront_gref(front, io, USB_MAX_SEGMENTS),
		.len_bytes = (uint16_t)(urb->nr_packets * sizeof(struct usb_packet)),
	};
}

int usbfront_submit(struct usbfront *front, struct usbfront_io *io, const struct usb_urb *urb)
{
	struct usb_urb full = *urb;
	uint32_t most = USBFRONT_BUFFER_BYTES - (urb->type == USB_ISOC ? GRANT_PAGE_BYTES : 0);

	if (urb->len_bytes > most || urb->nr_packets > USBFRONT_MAX_PACKETS)
		return -EINVAL;
	name_segments(front, io, &full);
	return usbfront_submit_raw(front, io, &full);
}

int usbfront_unlink(struct usbfront *front, struct usbfront_io *io, const struct usbfront_io *other)
{
	const struct usb_urb urb = {
		.port = front->flight[other->index].port,
		.type = USB_BULK,
		.is_unlink = true,
		.unlink_id = usbfront_id(front, other),
	};

	return usbfront_submit_raw(front, io, &urb);
}

void usbfront_push(struct usbfront *front)
{
	if (front->state == USBFRONT_CONNECTED && ring_front_push(&front->urb_ring))
		front_port_notify(&front->port);
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static int broken(struct usbfront *front, const char *why)
{
	if (front->state != USBFRONT_BROKEN)
		errbuf_set(&front->why, 0, "the backend gave %s", why);
	front->state = USBFRONT_BROKEN;
	return -EPROTO;
}

/* NULL: it is the answer of *done. Otherwise what is wrong with it. */
static const char *land(struct usbfront *front, const uint8_t *octets, struct usbfront_io **done)
{
	struct usbfront_flight *flight;
	struct usb_urb_answer answer;

	usb_urb_answer_decode(octets, &answer);
	flight = &front->flight[answer.id & (USBFRONT_NR_IOS - 1)];
	if (!flight->is_out || flight->id != answer.id)
		return "a response to an id that is not out";
	if (answer.actual_bytes < 0 || (uint32_t)answer.actual_bytes > flight->room_bytes)
		return "a response with more data than was asked for";
	flight->is_out = false;
	flight->io.status = answer.status;
	flight->io.actual_bytes = (uint32_t)answer.actual_bytes;
	flight->io.nr_errors = answer.nr_errors;
	*done = &flight->io;
	return NULL;
}

/* The place for the event is for the next one. */
static const char *note_event(struct usbfront *front, const uint8_t *octets)
{
	uint8_t request[USB_CONN_REQUEST_BYTES];
	struct usb_conn_event event;

	usb_conn_event_decode(octets, &event);
	if (event.port == 0 || event.port > front->nr_ports)
		return "an event of a port that does not exist";
	if (event.speed > USB_SPEED_HIGH)
		return "an event with a speed that is none";
	front->speed[event.port] = event.speed;
	front->nr_events[event.port]++;
	usb_conn_request_encode(event.id, request);
	ring_front_put(&front->conn_ring, request);
	return NULL;
}

static int take_events(struct usbfront *front)
{
	uint8_t octets[USB_CONN_RESPONSE_BYTES];
	enum ring_pop got = RING_EMPTY;
	const char *why = NULL;

	do {
		while (!why && (got = ring_front_pop(&front->conn_ring, octets)) == RING_GOT)
			why = note_event(front, octets);
	} while (!why && got == RING_EMPTY && ring_front_final_check(&front->conn_ring));
	if (ring_front_push(&front->conn_ring))
		front_port_notify(&front->port);
	if (got == RING_BROKEN)
		why = "an index of events beyond the places for them";
	return why ? broken(front, why) : 0;
}

int usbfront_poll(struct usbfront *front, struct usbfront_io **done, unsigned int max)
{
	uint8_t octets[USB_URB_RESPONSE_BYTES];
	enum ring_pop got = RING_EMPTY;
	const char *why = NULL;
	unsigned int nr = 0;

	if (front->state == USBFRONT_BROKEN)
		return -EPROTO;
	if (front->state == USBFRONT_CLOSED)
		return -ESHUTDOWN;
	if (take_events(front))
		return -EPROTO;
	do {
		while (nr < max && !why && (got = ring_front_pop(&front->urb_ring, octets)) == RING_GOT) {
			why = land(front, octets, &done[nr]);
			nr += !why;
		}
	} while (nr == 0 && max > 0 && !why && got == RING_EMPTY && ring_front_final_check(&front->urb_ring));
	if (got == RING_BROKEN)
		why = "a response index beyond what was asked";
	if (why)
		broken(front, why);
	return why && nr == 0 ? -EPROTO : (int)nr;
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

int usbfront_fd(const struct usbfront *front)
{
	return front->device.epoll_fd;
}

/* The backend's state changed, or somebody touched our directory. */
static void look_at_backend(struct usbfront *front)
{
	enum xb_action action;
	struct errbuf err;
	int rc = front_device_look(&front->device, &action, &err);

	if (rc == 0 && (action == XB_ACT_NONE || action == XB_ACT_CONNECT || action == XB_ACT_REFRESH))
		return;
	if (rc == 0 && action == XB_ACT_PROTOCOL_ERROR) {
		broken(front, "a state that makes no sense");
	} else if (front->state == USBFRONT_CONNECTED) {
		if (rc)
			front->why = err;
		else
			errbuf_set(&front->why, 0, "the backend closes the controller (%s)", xb_action_name(action));
		front->state = USBFRONT_CLOSING;
	}
}

int usbfront_wait(struct usbfront *front, int timeout_ms)
{
	bool has_news;
	int rc;

	if (front->state == USBFRONT_BROKEN || front->state == USBFRONT_CLOSED)
		return front->state == USBFRONT_BROKEN ? -EPROTO : -ESHUTDOWN;
	rc = front_device_take_events(&front->device, timeout_ms, &has_news);
	if (has_news)
		look_at_backend(front);
	return front->state == USBFRONT_BROKEN ? -EPROTO : rc;
}

int usbfront_do(struct usbfront *front, struct usbfront_io *io, const struct usb_urb *urb, int timeout_ms)
{
	uint64_t deadline = clock_in_ms(timeout_ms);
	struct usbfront_io *done;
	int rc = usbfront_submit(front, io, urb);

	if (rc)
		return rc;
	usbfront_push(front);
	while ((rc = usbfront_poll(front, &done, 1)) == 0) {
		if (clock_now_ns() >= deadline)
			return -ETIMEDOUT;
		if (front->state == USBFRONT_CLOSING)
			return -ESHUTDOWN;
		rc = usbfront_wait(front, 100);
		if (rc)
			return rc;
	}
	return rc < 0 ? rc : 0;
}
