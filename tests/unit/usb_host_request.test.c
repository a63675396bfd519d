// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include "backend/usb/host_request.h"

static const struct {
	const char *name;
	struct usb_setup setup;
	enum usb_host_request_kind kind;
	enum usb_chore_kind chore;
} rows[] = {
	{ "SET_ADDRESS", { 0x00, 5, 127, 0, 0 }, USB_SET_ADDRESS, 0 },
	{ "SET_ADDRESS of too large a one", { 0x00, 5, 128, 0, 0 }, USB_BAD_REQUEST, 0 },
	{ "SET_ADDRESS of one whose low octet would do", { 0x00, 5, 256, 0, 0 }, USB_BAD_REQUEST, 0 },
	{ "SET_ADDRESS with data", { 0x00, 5, 1, 0, 1 }, USB_BAD_REQUEST, 0 },
	{ "SET_CONFIGURATION", { 0x00, 9, 1, 0, 0 }, USB_DO_CHORE, USB_SET_CONFIGURATION },
	{ "SET_CONFIGURATION with data", { 0x00, 9, 1, 0, 65535 }, USB_BAD_REQUEST, 0 },
	{ "SET_INTERFACE", { 0x01, 11, 1, 2, 0 }, USB_DO_CHORE, USB_SET_INTERFACE },
	{ "SET_INTERFACE with data", { 0x01, 11, 1, 2, 1 }, USB_BAD_REQUEST, 0 },
	{ "the end of a halt", { 0x02, 1, 0, 0x81, 0 }, USB_DO_CHORE, USB_CLEAR_HALT },
	{ "the end of a halt, with data", { 0x02, 1, 0, 0x81, 1 }, USB_BAD_REQUEST, 0 },
	{ "another feature of an endpoint", { 0x02, 1, 1, 0x81, 0 }, USB_NOT_THE_HOSTS, 0 },
	{ "a feature of the device", { 0x00, 1, 0, 0, 0 }, USB_NOT_THE_HOSTS, 0 },
	{ "a descriptor", { 0x80, 6, 1 << 8, 0, 18 }, USB_NOT_THE_HOSTS, 0 },
	{ "a class's request of such a number", { 0x21, 9, 1, 0, 8 }, USB_NOT_THE_HOSTS, 0 },
};

static struct usb_host_request asked_by(const struct usb_setup *setup)
{
	struct usb_urb urb = { .type = USB_CONTROL, .len_bytes = setup->len_bytes };

	usb_setup_encode(setup, urb.setup);
	return usb_host_request(&urb);
}

static void the_hosts_requests_are_known(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct usb_host_request request = asked_by(&rows[i].setup);

		if (request.kind != rows[i].kind)
			fail_msg("%s is taken for %d", rows[i].name, request.kind);
		if (request.kind == USB_DO_CHORE && request.chore.kind != rows[i].chore)
			fail_msg("%s is taken for chore %d", rows[i].name, request.chore.kind);
		if ((request.kind == USB_BAD_REQUEST) != (request.why != NULL))
			fail_msg("%s: for no reason, or for one", rows[i].name);
	}
}

static void what_they_name_is_taken_over(void **state)
{
	const struct usb_setup address = { 0, 5, 77, 0, 0 }, configuration = { 0, 9, 3, 0, 0 };
	const struct usb_setup interface = { 1, 11, 4, 2, 0 }, halt = { 2, 1, 0, 0x82, 0 };

	assert_int_equal(asked_by(&address).address, 77);
	assert_int_equal(asked_by(&configuration).chore.configuration, 3);
	assert_int_equal(asked_by(&interface).chore.interface, 2);
	assert_int_equal(asked_by(&interface).chore.alternate, 4);
	assert_int_equal(asked_by(&halt).chore.endpoint, 0x82);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hosts_requests_are_known),
		cmocka_unit_test(what_they_name_is_taken_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
