// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <stdlib.h>
#include <string.h>

#include "backend/usb/descriptors.h"

/* Interface 0 with settings 0 and 1, interface 1 with something in between that is neither. */
static const uint8_t configuration[] = {
	9, 2, 55, 0, 2, 1, 0, 0x80, 50,
	9, 4, 0, 0, 1, 0xff, 0, 0, 0,
	7, 5, 0x81, 3, 8, 0, 4,
	9, 4, 0, 1, 1, 0xff, 0, 0, 0,
	7, 5, 0x81, 1, 0x00, 0x14, 1, /* 1024 bytes, three in a microframe */
	9, 4, 1, 0, 1, 0xff, 0, 0, 0,
	3, 0x24, 0,
	7, 5, 0x02, 2, 0x00, 0x02, 0,
};

static void endpoints_are_those_of_the_settings(void **state)
{
	uint8_t alternate[USB_MAX_INTERFACES] = { 0 };
	struct usb_endpoints endpoints;

	usb_endpoints_find(&endpoints, configuration, sizeof(configuration), alternate);
	assert_int_equal(endpoints.in[1].type, USB_INTERRUPT);
	assert_int_equal(endpoints.in[1].packet_bytes, 8);
	assert_int_equal(endpoints.out[2].type, USB_BULK);
	assert_int_equal(endpoints.out[2].packet_bytes, 512);
	assert_int_equal(endpoints.out[1].packet_bytes, 0);
	alternate[0] = 1;
	usb_endpoints_find(&endpoints, configuration, sizeof(configuration), alternate);
	assert_int_equal(endpoints.in[1].type, USB_ISOC);
	assert_int_equal(endpoints.in[1].packet_bytes, 1024);
}

static void a_setting_is_one_that_there_is(void **state)
{
	assert_true(usb_has_setting(configuration, sizeof(configuration), 0, 1));
	assert_true(usb_has_setting(configuration, sizeof(configuration), 1, 0));
	assert_false(usb_has_setting(configuration, sizeof(configuration), 0, 2));
	assert_false(usb_has_setting(configuration, sizeof(configuration), 2, 0));
}

static void a_class_is_one_that_an_interface_has(void **state)
{
	assert_true(usb_has_class(configuration, sizeof(configuration), 0xff));
	assert_false(usb_has_class(configuration, sizeof(configuration), 8));
}

/* Under ASan, cut off at every place: nothing beyond the end is read, and the walk ends. */
static void what_is_cut_off_ends_the_walk(void **state)
{
	const uint8_t alternate[USB_MAX_INTERFACES] = { 0 };
	struct usb_endpoints endpoints;

	for (size_t len = 0; len <= sizeof(configuration); len++) {
		uint8_t *cut = malloc(len + !len);

		memcpy(cut, configuration, len);
		usb_endpoints_find(&endpoints, cut, len, alternate);
		assert_int_equal(endpoints.out[2].packet_bytes, len == sizeof(configuration) ? 512 : 0);
		free(cut);
	}
}

static void a_descriptor_of_no_length_ends_the_walk(void **state)
{
	uint8_t broken[sizeof(configuration)];
	const uint8_t alternate[USB_MAX_INTERFACES] = { 0 };
	struct usb_endpoints endpoints;

	memcpy(broken, configuration, sizeof(broken));
	broken[9] = 0;
	usb_endpoints_find(&endpoints, broken, sizeof(broken), alternate);
	assert_int_equal(endpoints.in[1].packet_bytes, 0);
	broken[9] = 1;
	usb_endpoints_find(&endpoints, broken, sizeof(broken), alternate);
	assert_int_equal(endpoints.in[1].packet_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_are_those_of_the_settings),
		cmocka_unit_test(a_setting_is_one_that_there_is),
		cmocka_unit_test(a_class_is_one_that_an_interface_has),
		cmocka_unit_test(what_is_cut_off_ends_the_walk),
		cmocka_unit_test(a_descriptor_of_no_length_ends_the_walk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
