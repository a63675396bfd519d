// SPDX-License-Identifier: MIT
/* What a front makes of a backend that answers what it likes: the rings' other ends are this test. */
#include "tests/unit/cm.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenevtchn.h>

#include "common/ring/back.h"
#include "common/wire/xen_usbif.h"
#include "frontend/user/usb_front.h"

#define NR_PORTS   4
#define ROOM_BYTES 512
#define ID	   (3 << USBFRONT_ID_SHIFT | 5) /* of the one that is out */

static struct usbfront *front;
static struct ring_back urb_back, conn_back;
static void *urb_page, *conn_page;

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	return 0;
}

static void ring(void **page, struct ring_front *ring, struct ring_back *back, uint32_t request_bytes,
		 uint32_t response_bytes)
{
	struct ring_layout layout;

	*page = aligned_alloc(4096, 4096);
	assert_true(ring_layout_init(&layout, 4096, request_bytes, response_bytes));
	ring_front_init(ring, *page, &layout);
	ring_back_init(back, *page, &layout);
}

static void ask(struct ring_front *ring, struct ring_back *back)
{
	uint8_t octets[USB_URB_REQUEST_BYTES] = { 0 };

	assert_true(ring_front_put(ring, octets));
	ring_front_push(ring);
	assert_int_equal(ring_back_pop(back, octets), RING_GOT);
}

static int setup(void **state)
{
	front = calloc(1, sizeof(*front));
	front->state = USBFRONT_CONNECTED;
	front->nr_ports = NR_PORTS;
	ring(&urb_page, &front->urb_ring, &urb_back, USB_URB_REQUEST_BYTES, USB_URB_RESPONSE_BYTES);
	ring(&conn_page, &front->conn_ring, &conn_back, USB_CONN_REQUEST_BYTES, USB_CONN_RESPONSE_BYTES);
	front->flight[ID & (USBFRONT_NR_IOS - 1)] =
		(struct usbfront_flight){ .is_out = true, .id = ID, .room_bytes = ROOM_BYTES };
	ask(&front->urb_ring, &urb_back);
	ask(&front->conn_ring, &conn_back);
	return 0;
}

static int teardown(void **state)
{
	free(urb_page);
	free(conn_page);
	free(front);
	return 0;
}

static void answer(const struct usb_urb_answer *answer)
{
	uint8_t octets[USB_URB_RESPONSE_BYTES];

	usb_urb_answer_encode(answer, octets);
	ring_back_put(&urb_back, octets);
	ring_back_push(&urb_back);
}

static void event(const struct usb_conn_event *event)
{
	uint8_t octets[USB_CONN_RESPONSE_BYTES];

	usb_conn_event_encode(event, octets);
	ring_back_put(&conn_back, octets);
	ring_back_push(&conn_back);
}

static void is_broken_by(const char *why)
{
	struct usbfront_io *done[2];

	assert_int_equal(usbfront_poll(front, done, 2), -EPROTO);
	assert_int_equal(front->state, USBFRONT_BROKEN);
	assert_non_null(strstr(front->why.text, why));
	assert_int_equal(usbfront_poll(front, done, 2), -EPROTO); /* for good */
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static void an_answer_is_that_of_its_id(void **state)
{
	struct usbfront_io *done[2];

	answer(&(struct usb_urb_answer){ .id = ID, .status = USBIF_STATUS_STALL, .actual_bytes = ROOM_BYTES });
	assert_int_equal(usbfront_poll(front, done, 2), 1);
	assert_ptr_equal(done[0], &front->flight[5].io);
	assert_int_equal(done[0]->status, USBIF_STATUS_STALL);
	assert_int_equal(done[0]->actual_bytes, ROOM_BYTES);
	assert_false(front->flight[5].is_out);
}

static void one_of_an_id_that_is_not_out_breaks_it(void **state)
{
	answer(&(struct usb_urb_answer){ .id = ID + 1 });
	is_broken_by("an id that is not out");
}

static void so_does_one_of_an_earlier_use_of_the_id(void **state)
{
	answer(&(struct usb_urb_answer){ .id = ID - (1 << USBFRONT_ID_SHIFT) });
	is_broken_by("an id that is not out");
	assert_true(front->flight[5].is_out);
}

static void and_a_second_one(void **state)
{
	struct usbfront_io *done[2];

	ask(&front->urb_ring, &urb_back);
	answer(&(struct usb_urb_answer){ .id = ID });
	answer(&(struct usb_urb_answer){ .id = ID });
	assert_int_equal(usbfront_poll(front, done, 2), 1); /* what came before it is still given */
	is_broken_by("an id that is not out");
}

static void more_data_than_there_is_room_for_breaks_it(void **state)
{
	answer(&(struct usb_urb_answer){ .id = ID, .actual_bytes = ROOM_BYTES + 1 });
	is_broken_by("more data than was asked for");
}

static void so_does_less_than_none(void **state)
{
	answer(&(struct usb_urb_answer){ .id = ID, .actual_bytes = INT32_MIN });
	is_broken_by("more data than was asked for");
}

static void and_more_answers_than_there_were_requests(void **state)
{
	peer_store_release(&front->urb_ring.shared->rsp_prod, 2);
	is_broken_by("a response index beyond what was asked");
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void an_event_is_its_ports_and_its_place_is_given_again(void **state)
{
	uint8_t octets[USB_CONN_REQUEST_BYTES];
	struct usbfront_io *done[1];

	event(&(struct usb_conn_event){ .id = 7, .port = NR_PORTS, .speed = USB_SPEED_HIGH });
	assert_int_equal(usbfront_poll(front, done, 1), 0);
	assert_int_equal(usbfront_speed(front, NR_PORTS), USB_SPEED_HIGH);
	assert_int_equal(usbfront_nr_events(front, NR_PORTS), 1);
	assert_int_equal(ring_back_pop(&conn_back, octets), RING_GOT);
	assert_int_equal(usb_conn_request_decode(octets), 7);
}

static void one_of_a_port_that_there_is_not_breaks_it(void **state)
{
	event(&(struct usb_conn_event){ .port = *(const uint8_t *)*state, .speed = USB_SPEED_LOW });
	is_broken_by("a port that does not exist");
}

static void so_does_a_speed_that_is_none(void **state)
{
	event(&(struct usb_conn_event){ .port = 1, .speed = USB_SPEED_HIGH + 1 });
	is_broken_by("a speed that is none");
	assert_int_equal(usbfront_nr_events(front, 1), 0);
}

static void and_more_events_than_there_are_places(void **state)
{
	peer_store_release(&front->conn_ring.shared->rsp_prod, 2);
	is_broken_by("an index of events beyond the places for them");
}

static uint8_t bad_ports[] = { 0, NR_PORTS + 1, 255 };

#define TEST(name)	     cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_OF(name, value) { #name, name, setup, teardown, value }

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_that_of_its_id),
		TEST(one_of_an_id_that_is_not_out_breaks_it),
		TEST(so_does_one_of_an_earlier_use_of_the_id),
		TEST(and_a_second_one),
		TEST(more_data_than_there_is_room_for_breaks_it),
		TEST(so_does_less_than_none),
		TEST(and_more_answers_than_there_were_requests),
		TEST(an_event_is_its_ports_and_its_place_is_given_again),
		TEST_OF(one_of_a_port_that_there_is_not_breaks_it, &bad_ports[0]),
		TEST_OF(one_of_a_port_that_there_is_not_breaks_it, &bad_ports[1]),
		TEST_OF(one_of_a_port_that_there_is_not_breaks_it, &bad_ports[2]),
		TEST(so_does_a_speed_that_is_none),
		TEST(and_more_events_than_there_are_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
