// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/usb/flight.h"

static void a_urb_is_found_by_its_id_and_port(void **state)
{
	struct usb_flight flight = { 0 };

	assert_int_equal(usb_flight_find(&flight, 0, 0), USB_NO_SLOT);
	assert_true(usb_flight_add(&flight, 3, 7, 1));
	assert_true(usb_flight_add(&flight, 15, 0, 1));
	assert_int_equal(usb_flight_find(&flight, 7, 1), 3);
	assert_int_equal(usb_flight_find(&flight, 0, 1), 15);
	assert_int_equal(usb_flight_find(&flight, 7, 2), USB_NO_SLOT);
	usb_flight_remove(&flight, 3);
	assert_int_equal(usb_flight_find(&flight, 7, 1), USB_NO_SLOT);
}

static void an_id_is_out_once(void **state)
{
	struct usb_flight flight = { 0 };

	assert_true(usb_flight_add(&flight, 0, 7, 1));
	assert_false(usb_flight_add(&flight, 1, 7, 1));
	assert_false(usb_flight_add(&flight, 1, 7, 2));
	usb_flight_remove(&flight, 0);
	assert_true(usb_flight_add(&flight, 1, 7, 2));
}

static void unlinks_wait_for_the_urb_that_they_name(void **state)
{
	struct usb_flight flight = { 0 };

	usb_flight_add(&flight, 0, 7, 1);
	usb_flight_add(&flight, 1, 8, 1);
	usb_flight_wait(&flight, 0, 4);
	usb_flight_wait(&flight, 1, 5);
	usb_flight_wait(&flight, 0, 6);
	usb_flight_remove(&flight, 0);
	assert_int_equal(usb_flight_take_waiting(&flight, 0), 4);
	assert_int_equal(usb_flight_take_waiting(&flight, 0), 6);
	assert_false(usb_flight_has_waiting(&flight, 0));
	assert_true(usb_flight_has_waiting(&flight, 1));
	assert_int_equal(usb_flight_take_waiting(&flight, 0), USB_NO_SLOT);
	assert_int_equal(usb_flight_take_waiting(&flight, 1), 5);
	/* A slot that is used again has none that wait for the one before. */
	usb_flight_wait(&flight, 1, 5);
	usb_flight_remove(&flight, 1);
	usb_flight_add(&flight, 1, 9, 1);
	assert_int_equal(usb_flight_take_waiting(&flight, 1), USB_NO_SLOT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_urb_is_found_by_its_id_and_port),
		cmocka_unit_test(an_id_is_out_once),
		cmocka_unit_test(unlinks_wait_for_the_urb_that_they_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
