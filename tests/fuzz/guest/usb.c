// SPDX-License-Identifier: MIT
/* On a controller of eight ports, with the loopback at port 1, the isochronous source and sink at 4, nothing at 5. */
#include "tests/fuzz/guest/guest.h"

#include <unistd.h>

#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"
#include "frontend/user/usb_front.h"
#include "tests/fuzz/guest/dice.h"

#define MAX_REQUESTS  600
#define ONE_SPOILT_OF 10
#define MOST_OUT      8 /* so that there are as many buffers for what takes them back */
#define LOOPBACK      1
#define ISO	      4
#define SEGMENTS_AT   20 /* in a slot; each begins with its reference */
#define DEVICE_BYTES  18 /* a device's descriptor */

static struct usbfront *front;
static unsigned int nr_out, nr_spoilt;
static enum expected expected[USBFRONT_NR_IOS];
static bool is_unlink[USBFRONT_NR_IOS];

/* ---- requests as they should be -------------------------------------------------------------------------------- */

static struct usb_urb control_to(uint8_t port, uint8_t request_type, uint8_t request, uint16_t value, uint16_t index,
				 uint16_t len_bytes)
{
	struct usb_urb urb = { .port = port, .type = USB_CONTROL, .is_in = request_type & USB_SETUP_IN,
			       .len_bytes = len_bytes };

	usb_setup_encode(&(struct usb_setup){ request_type, request, value, index, len_bytes }, urb.setup);
	return urb;
}

static struct usb_urb descriptor_of(uint8_t port)
{
	return control_to(port, USB_SETUP_IN, 6, 1 << 8, 0, DEVICE_BYTES);
}

/* What a guest's stack asks of its host, and the host does by itself. */
static struct usb_urb choose_chore(uint8_t port)
{
	switch (dice_below(5)) {
	case 0:
		return control_to(port, 0, 5, (uint16_t)dice_below(128), 0, 0);
	case 1:
		return control_to(port, 0, 9, dice_one_in(4) ? 0 : 1, 0, 0);
	case 2:
		return control_to(port, 1, 11, (uint16_t)dice_below(2), 0, 0);
	case 3:
		return control_to(port, 2, 3, 0, 0x81, 0);
	default:
		return control_to(port, 2, 1, 0, (uint16_t)(dice_one_in(2) ? 0x81 : 0x01), 0);
	}
}

static struct usb_urb choose_packets(struct usbfront_io *io)
{
	struct usb_urb urb = { .port = ISO, .type = USB_ISOC, .is_in = dice_one_in(2), .interval = 1 };
	uint32_t each = (uint32_t)dice_from(0, 1024);

	urb.endpoint = urb.is_in ? 1 : 2;
	urb.nr_packets = (uint16_t)dice_from(1, 16);
	urb.len_bytes = urb.nr_packets * each;
	for (uint32_t i = 0; i < urb.nr_packets; i++)
		io->packets[i] = (struct usb_packet){ .offset_bytes = i * each, .len_bytes = each };
	return urb;
}

static struct usb_urb choose_request(struct usbfront_io *io, enum expected *result)
{
	uint8_t port = dice_one_in(2) ? LOOPBACK : ISO;

	*result = MAY_DO_EITHER; /* as the device is set up at that moment, and has data or not */
	switch (dice_below(8)) {
	case 0:
	case 1:
		*result = MUST_SUCCEED;
		return descriptor_of(port);
	case 2:
		return choose_chore(port);
	case 3:
		return choose_packets(io);
	default:
		return (struct usb_urb){ .port = LOOPBACK, .type = dice_one_in(3) ? USB_INTERRUPT : USB_BULK,
					 .endpoint = (uint8_t)dice_from(1, 2), .is_in = dice_one_in(2),
					 .must_not_be_short = dice_one_in(4),
					 .len_bytes = (uint32_t)dice_below(dice_one_in(4) ? 65537 : 1500) };
	}
}

/* ---- and as they should not ------------------------------------------------------------------------------------ */

static void spoil_port(struct usb_urb *urb, struct usbfront_io *io)
{
	static const uint8_t ports[] = { 0, 5, 9, 31 };

	urb->port = ports[dice_below(sizeof(ports))];
}

static void spoil_address(struct usb_urb *urb, struct usbfront_io *io)
{
	*urb = control_to(urb->port, 0, 5, (uint16_t)dice_from(128, UINT16_MAX), 0, 0);
}

static void spoil_endpoint(struct usb_urb *urb, struct usbfront_io *io)
{
	urb->endpoint = (uint8_t)dice_from(3, 15);
}

static void spoil_setup(struct usb_urb *urb, struct usbfront_io *io)
{
	*urb = descriptor_of(urb->port);
	urb->setup[6]++;
}

static void spoil_packets(struct usb_urb *urb, struct usbfront_io *io)
{
	*urb = choose_packets(io);
	io->packets[dice_below(urb->nr_packets)].offset_bytes = (uint32_t)dice_from(urb->len_bytes + 1, UINT32_MAX);
}

static void (*const spoils[])(struct usb_urb *, struct usbfront_io *) = {
	spoil_port, spoil_address, spoil_endpoint, spoil_setup, spoil_packets,
};

/* The one that was put last and is not published yet. */
static uint8_t *last_slot(void)
{
	const struct ring_front *ring = &front->urb_ring;

	return ring_slot(ring->shared, &ring->layout, ring->req_prod - 1);
}

static void spoil_segments(void)
{
	struct usb_urb urb;

	usb_urb_decode(last_slot(), &urb);
	if (urb.is_unlink || urb.nr_segments == 0 || dice_one_in(2))
		urb.nr_segments = (uint16_t)dice_from(USB_MAX_SEGMENTS + 1, UINT16_MAX);
	else
		urb.segment[0].offset_bytes = (uint16_t)dice_from(4097 - urb.segment[0].len_bytes, UINT16_MAX);
	usb_urb_encode(&urb, last_slot());
}

/* Any bits of the slot but its id and its grants, one of which is the ring's own. What is out is what it says now. */
static void flip_bits(const struct usbfront_io *io)
{
	uint8_t *slot = last_slot();
	struct usb_urb urb;

	for (uint64_t nr = dice_from(1, 4); nr > 0; nr--) {
		uint64_t at = dice_from(2, USB_URB_REQUEST_BYTES - 1);

		if (at < SEGMENTS_AT || (at - SEGMENTS_AT) % 8 >= 4)
			slot[at] ^= 1U << dice_below(8);
	}
	usb_urb_decode(slot, &urb);
	front->flight[io->index].port = urb.port;
	front->flight[io->index].room_bytes = USB_MAX_SEGMENTS * UINT16_MAX;
	is_unlink[io->index] = urb.is_unlink;
}

/* ---- to the ring, and back ------------------------------------------------------------------------------------- */

static void submit(void)
{
	enum { GOOD, SPOILT, SEGMENTS, NOISE } kind = dice_one_in(ONE_SPOILT_OF) ? dice_from(SPOILT, NOISE) : GOOD;
	struct usbfront_io *io = usbfront_get(front);
	enum expected result;
	struct usb_urb urb = choose_request(io, &result);

	if (kind == SPOILT)
		spoils[dice_below(sizeof(spoils) / sizeof(spoils[0]))](&urb, io);
	expected[io->index] = kind == GOOD ? result : kind == NOISE ? MAY_DO_EITHER : MUST_FAIL;
	is_unlink[io->index] = false;
	nr_spoilt += kind != GOOD;
	nr_out++;
	usbfront_submit(front, io, &urb);
	if (kind == SEGMENTS)
		spoil_segments();
	else if (kind == NOISE)
		flip_bits(io);
}

/* An unlink, of one that is out. */
static void take_back(const struct usbfront_io *other)
{
	struct usbfront_io *io = usbfront_get(front);

	if (!io)
		return;
	expected[io->index] = MAY_DO_EITHER;
	expected[other->index] = MAY_DO_EITHER;
	is_unlink[io->index] = true;
	nr_out++;
	usbfront_unlink(front, io, other);
}

static void take_back_all(void)
{
	for (unsigned int i = 0; i < USBFRONT_NR_IOS; i++) {
		if (front->flight[i].is_out && !is_unlink[i])
			take_back(&front->flight[i].io);
	}
	usbfront_push(front);
	front_port_notify(&front->port);
}

static bool take_answers(void)
{
	struct usbfront_io *done[USBFRONT_NR_IOS];
	int nr = usbfront_poll(front, done, USBFRONT_NR_IOS);

	for (int i = 0; i < nr; i++) {
		bool is_ok = done[i]->status == USBIF_STATUS_OK;
		enum expected result = expected[done[i]->index];

		if (result == MUST_SUCCEED && (!is_ok || done[i]->actual_bytes != DEVICE_BYTES))
			return does_not_hold("a descriptor that was asked for: status %d, %u bytes", done[i]->status,
					     done[i]->actual_bytes);
		if (result == MUST_FAIL && is_ok)
			return does_not_hold("a bad request was done");
		usbfront_put(front, done[i]);
		nr_out--;
	}
	return nr >= 0 || does_not_hold("%s", usbfront_why(front));
}

/* What waits for data that does not come is taken back. */
static bool wait_for_all(unsigned int most_out)
{
	uint64_t end_ns = clock_in_ms(ANSWER_MS);

	if (nr_out > most_out)
		take_back_all();
	while (nr_out > most_out) {
		if (!take_answers())
			return false;
		if (usbfront_state(front) != USBFRONT_CONNECTED)
			return does_not_hold("it ended the connection: %s", usbfront_why(front));
		if (clock_now_ns() > end_ns)
			return does_not_hold("%u requests have no answer", nr_out);
		if (nr_out > most_out)
			usbfront_wait(front, 100);
	}
	return true;
}

static bool ask(unsigned int nr_requests)
{
	for (unsigned int i = 0; i < nr_requests; i++) {
		begin_step(i + 1);
		if (nr_out < MOST_OUT)
			submit();
		if (nr_out < MOST_OUT && !dice_one_in(6))
			continue;
		usbfront_push(front);
		front_port_notify(&front->port);
		if (!take_answers() || !wait_for_all((unsigned int)dice_below(MOST_OUT)))
			return false;
	}
	return wait_for_all(0);
}

static bool await_devices(void)
{
	uint64_t end_ns = clock_in_ms(ANSWER_MS);

	while (!usbfront_speed(front, LOOPBACK) || !usbfront_speed(front, ISO)) {
		if (!take_answers())
			return false;
		if (clock_now_ns() > end_ns)
			return does_not_hold("its devices are not there");
		usbfront_wait(front, 100);
	}
	return true;
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

static bool leave_by_a_bad_index(void)
{
	struct ring_front *ring = &front->urb_ring;
	uint32_t far = ring->layout.nr_slots + 1;
	uint64_t end_ns = clock_in_ms(ANSWER_MS);

	peer_store_release(&ring->shared->req_prod, ring->req_pushed + (uint32_t)dice_from(far, UINT32_MAX - far));
	front_port_notify(&front->port);
	while (usbfront_state(front) == USBFRONT_CONNECTED) {
		if (clock_now_ns() > end_ns)
			return does_not_hold("an impossible index has not ended the connection");
		usbfront_wait(front, 100);
	}
	return true;
}

/* Whatever was done before, the device is there, and answers to 0. */
static bool ask_afterwards(void)
{
	struct usbfront_io *io = usbfront_get(front);
	struct usb_urb urb = descriptor_of(LOOPBACK);

	if (usbfront_do(front, io, &urb, ANSWER_MS) || io->status != USBIF_STATUS_OK)
		return does_not_hold("afterwards there is no descriptor");
	usbfront_put(front, io);
	return true;
}

static bool leave(enum leaving leaving)
{
	struct errbuf err;

	if (!ask_afterwards() || (leaving == BY_A_BAD_INDEX && !leave_by_a_bad_index()))
		return false;
	return !usbfront_disconnect(front, &err) || does_not_hold("closing: %s", err.text);
}

bool guest_usb(uint32_t devid)
{
	const struct usbfront_config config = { .devid = devid, .timeout_ms = ANSWER_MS,
						.nr_places = (uint32_t)dice_below(3) };
	unsigned int nr = (unsigned int)dice_from(1, MAX_REQUESTS);
	enum leaving leaving = choose_leaving();
	struct errbuf err;

	front = usbfront_new(&config);
	if (!front || usbfront_connect(front, &err))
		return does_not_hold("cannot connect: %s", front ? err.text : "no memory");
	if (!await_devices() || !ask(nr))
		return false;
	say("%u requests, %u of them bad", nr, nr_spoilt);
	if (leaving != WITHOUT_A_WORD)
		return leave(leaving);
	for (unsigned int i = 0; i < MOST_OUT; i++)
		submit();
	usbfront_push(front);
	front_port_notify(&front->port);
	_exit(0);
}
