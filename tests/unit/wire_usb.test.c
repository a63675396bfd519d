// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "common/wire/usb.h"
#include "common/wire/xen_usbif.h"

/* As a guest's compiler lays it out: port 3, device 5, endpoint 2 in, bulk; two segments. */
static const uint8_t bulk_in[USB_URB_REQUEST_BYTES] = {
	0x34, 0x12, 2, 0, 0x83, 0x05, 0x01, 0xc0, 0x01, 0, 0x00, 0x10,
	0, 0, 0, 0, 0, 0, 0, 0,
	7, 0, 0, 0, 0x00, 0x08, 0x00, 0x08,
	8, 0, 0, 0, 0x00, 0x00, 0x00, 0x08,
};

static void a_urb_is_read_as_the_header_has_it(void **state)
{
	struct usb_urb urb;

	usb_urb_decode(bulk_in, &urb);
	assert_int_equal(urb.id, 0x1234);
	assert_int_equal(urb.port, 3);
	assert_int_equal(urb.address, 5);
	assert_int_equal(urb.endpoint, 2);
	assert_int_equal(urb.type, USB_BULK);
	assert_true(urb.is_in);
	assert_false(urb.is_unlink);
	assert_true(urb.must_not_be_short);
	assert_int_equal(urb.len_bytes, 4096);
	assert_int_equal(urb.nr_segments, 2);
	assert_int_equal(urb.nr_desc_segments, 0);
	assert_int_equal(urb.segment[0].gref, 7);
	assert_int_equal(urb.segment[0].offset_bytes, 2048);
	assert_int_equal(urb.segment[1].gref, 8);
	assert_int_equal(urb.segment[1].len_bytes, 2048);
}

static void what_is_written_is_read_back(void **state)
{
	const struct usb_urb urbs[] = {
		{ .id = 65535, .port = 31, .address = 127, .endpoint = 15, .type = USB_CONTROL, .is_in = true,
		  .len_bytes = 8, .nr_segments = 1, .setup = { 1, 2, 3, 4, 5, 6, 7, 8 },
		  .segment = { [0] = { 1, 4088, 8 }, [15] = { UINT32_MAX, 65535, 65535 } } },
		{ .id = 1, .port = 1, .endpoint = 1, .type = USB_ISOC, .len_bytes = 65535, .nr_segments = 15,
		  .nr_desc_segments = 65535, .nr_packets = 1000, .interval = 1024, .start_frame = 2047 },
		{ .id = 2, .port = 2, .endpoint = 1, .type = USB_INTERRUPT, .interval = 8, .must_not_be_short = true },
		{ .id = 3, .port = 2, .type = USB_BULK, .is_unlink = true, .unlink_id = 0xabcd },
	};
	uint8_t octets[USB_URB_REQUEST_BYTES], again[USB_URB_REQUEST_BYTES];
	struct usb_urb read;

	for (size_t i = 0; i < sizeof(urbs) / sizeof(urbs[0]); i++) {
		usb_urb_encode(&urbs[i], octets);
		usb_urb_decode(octets, &read);
		usb_urb_encode(&read, again);
		assert_memory_equal(again, octets, sizeof(octets));
		assert_int_equal(read.id, urbs[i].id);
		assert_int_equal(read.type, urbs[i].type);
		assert_int_equal(read.nr_packets, urbs[i].nr_packets);
		assert_int_equal(read.nr_desc_segments, urbs[i].nr_desc_segments);
		assert_int_equal(read.unlink_id, urbs[i].unlink_id);
	}
}

/* What a control transfer has where an isochronous one counts its packets is not taken for a count. */
static void only_an_isochronous_one_has_packets(void **state)
{
	struct usb_urb urb = { .type = USB_CONTROL, .setup = { 9, 9, 9, 9, 9, 9, 9, 9 } }, read;
	uint8_t octets[USB_URB_REQUEST_BYTES];

	usb_urb_encode(&urb, octets);
	usb_urb_decode(octets, &read);
	assert_int_equal(read.nr_packets, 0);
	assert_int_equal(read.nr_desc_segments, 0);
	assert_int_equal(read.unlink_id, 0);
}

static void answers_and_events_are_as_the_header_has_them(void **state)
{
	static const uint8_t answer_octets[USB_URB_RESPONSE_BYTES] = { 0x34, 0x12, 7, 0, 0xb5, 0xff, 0xff, 0xff,
								       0,    2,	   0, 0, 3,    0,    0,	   0 };
	static const uint8_t event_octets[USB_CONN_RESPONSE_BYTES] = { 0x02, 0x01, 31, 3 };
	const struct usb_urb_answer answer = { 0x1234, 7, USBIF_STATUS_BABBLE, 512, 3 };
	const struct usb_conn_event event = { 0x0102, 31, USB_SPEED_HIGH };
	struct usb_urb_answer read_answer;
	struct usb_conn_event read_event;
	uint8_t octets[USB_URB_RESPONSE_BYTES];

	usb_urb_answer_encode(&answer, octets);
	assert_memory_equal(octets, answer_octets, sizeof(answer_octets));
	usb_urb_answer_decode(octets, &read_answer);
	assert_memory_equal(&read_answer, &answer, sizeof(answer));
	usb_conn_event_encode(&event, octets);
	assert_memory_equal(octets, event_octets, sizeof(event_octets));
	usb_conn_event_decode(octets, &read_event);
	assert_memory_equal(&read_event, &event, sizeof(event));
	usb_conn_request_encode(0xfedc, octets);
	assert_int_equal(usb_conn_request_decode(octets), 0xfedc);
}

static void a_setup_packet_is_little_endian(void **state)
{
	const uint8_t octets[8] = { 0x80, 6, 0x02, 0x01, 0x09, 0x04, 0xff, 0x01 };
	struct usb_setup setup;
	uint8_t written[8];

	usb_setup_decode(octets, &setup);
	assert_int_equal(setup.request_type, USB_SETUP_IN);
	assert_int_equal(setup.request, 6);
	assert_int_equal(setup.value, 0x0102);
	assert_int_equal(setup.index, 0x0409);
	assert_int_equal(setup.len_bytes, 0x01ff);
	usb_setup_encode(&setup, written);
	assert_memory_equal(written, octets, sizeof(octets));
}

static void only_protocols_that_there_are_are_known(void **state)
{
	struct errbuf err;

	assert_int_equal(usb_protocol_check("x86_64-abi", &err), 0);
	assert_int_equal(usb_protocol_check("x86_32-abi", &err), 0);
	assert_int_equal(usb_protocol_check("x86_16-abi", &err), -EINVAL);
	assert_non_null(strstr(err.text, "'x86_16-abi' is not a protocol"));
	assert_int_equal(usb_protocol_check("", &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_urb_is_read_as_the_header_has_it),
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(only_an_isochronous_one_has_packets),
		cmocka_unit_test(answers_and_events_are_as_the_header_has_them),
		cmocka_unit_test(a_setup_packet_is_little_endian),
		cmocka_unit_test(only_protocols_that_there_are_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
