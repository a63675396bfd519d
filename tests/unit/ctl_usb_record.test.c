// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <errno.h>
#include <string.h>

#include "ctl/usb_record.h"

static struct {
	struct usb_capture_record record;
	uint8_t rest[USB_CAPTURE_MAX_PACKETS * sizeof(struct usb_packet) + USB_CAPTURE_MAX_DATA + 1];
} in;
static struct usbmon_event event;

static size_t with(struct usb_capture_record record, size_t rest_bytes)
{
	in.record = record;
	memset(&event, 0xaa, sizeof(event));
	return usb_record_event(&in, sizeof(in.record) + rest_bytes, &event);
}

static void a_control_transfer_is_submitted_with_its_setup_packet(void **state)
{
	assert_int_equal(with((struct usb_capture_record){ .time_ns = 5000007008,
							   .number = 7,
							   .controller = 3,
							   .type = USB_CONTROL,
							   .address = 9,
							   .is_in = true,
							   .len_bytes = 18,
							   .setup = { 0x80, 6 } },
			      0),
			 64);
	assert_int_equal(event.header.id, 7);
	assert_int_equal(event.header.type, 'S');
	assert_int_equal(event.header.transfer_type, 2);
	assert_int_equal(event.header.endpoint, 0x80);
	assert_int_equal(event.header.device, 9);
	assert_int_equal(event.header.bus, 3);
	assert_int_equal(event.header.setup_flag, 0);
	assert_int_equal(event.header.data_flag, '<');
	assert_int_equal(event.header.seconds, 5);
	assert_int_equal(event.header.microseconds, 7);
	assert_int_equal(event.header.status, -EINPROGRESS);
	assert_int_equal(event.header.len_bytes, 18);
	assert_int_equal(event.header.captured_bytes, 0);
	assert_int_equal(event.header.setup[1], 6);
	assert_int_equal(event.header.transfer_flags, 0x200);
}

static void data_stands_behind_the_header(void **state)
{
	memcpy(in.rest, "abcde", 5);
	assert_int_equal(with((struct usb_capture_record){ .event = USB_CAPTURE_COMPLETE,
							   .type = USB_BULK,
							   .endpoint = 1,
							   .is_in = true,
							   .len_bytes = 5 },
			      5),
			 64 + 5);
	assert_int_equal(event.header.type, 'C');
	assert_int_equal(event.header.endpoint, 0x81);
	assert_int_equal(event.header.setup_flag, '-');
	assert_int_equal(event.header.data_flag, 0);
	assert_int_equal(event.header.captured_bytes, 5);
	assert_memory_equal(event.bytes, "abcde", 5);
}

static void packets_have_the_length_that_they_are_to_have_and_then_the_one_they_had(void **state)
{
	const struct usb_packet packets[] = { { 0, 100, 60, 0 }, { 100, 100, 0, -71 } };
	struct usb_capture_record record = { .type = USB_ISOC, .endpoint = 2, .len_bytes = 200, .nr_packets = 2 };
	int32_t words[8];

	memcpy(in.rest, packets, sizeof(packets));
	in.rest[sizeof(packets)] = 'x';
	assert_int_equal(with(record, sizeof(packets) + 1), 64 + 2 * 16 + 1);
	memcpy(words, event.bytes, sizeof(words));
	assert_memory_equal(words, ((const int32_t[]){ -EXDEV, 0, 100, 0, -EXDEV, 100, 100, 0 }), sizeof(words));
	assert_int_equal(event.bytes[2 * 16], 'x');
	assert_int_equal(event.header.captured_bytes, 2 * 16 + 1);
	assert_int_equal(event.header.nr_packets, 2);
	assert_int_equal(event.header.isoc.nr_packets, 2);

	record.event = USB_CAPTURE_COMPLETE;
	record.nr_errors = 1;
	assert_int_equal(with(record, sizeof(packets)), 64 + 2 * 16);
	memcpy(words, event.bytes, sizeof(words));
	assert_memory_equal(words, ((const int32_t[]){ 0, 0, 60, 0, -71, 100, 0, 0 }), sizeof(words));
	assert_int_equal(event.header.isoc.nr_errors, 1);
	assert_int_equal(event.header.data_flag, '>');
}

static void what_became_of_it_is_its_status_and_comment(void **state)
{
	static const struct {
		const char *comment;
		struct usb_capture_record record;
		char type;
		int32_t status;
		char data_flag;
	} rows[] = {
		{ "port 2, id 17", { .event = USB_CAPTURE_COMPLETE, .status = -32 }, 'C', -32, '>' },
		{ "port 2, id 17; unlinked",
		  { .event = USB_CAPTURE_COMPLETE, .status = -71, .is_unlinked = true },
		  'C',
		  -ECONNRESET,
		  '>' },
		{ "port 2, id 17; refused: no such port",
		  { .event = USB_CAPTURE_REFUSE, .status = -22, .refused = "no such port" },
		  'E',
		  -22,
		  'E' },
		{ "port 2, id 17", { .len_bytes = 512 }, 'S', -EINPROGRESS, 'Z' },
		{ "port 2, id 17", { .len_bytes = 0 }, 'S', -EINPROGRESS, 0 },
	};
	char text[USB_RECORD_TEXT_BYTES];

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usb_capture_record record = rows[i].record;

		record.port = 2;
		record.id = 17;
		record.type = USB_BULK;
		assert_int_equal(with(record, 0), 64);
		assert_int_equal(event.header.type, rows[i].type);
		assert_int_equal(event.header.status, rows[i].status);
		assert_int_equal(event.header.data_flag, rows[i].data_flag);
		usb_record_describe(&record, text, sizeof(text));
		assert_string_equal(text, rows[i].comment);
	}
}

static void what_is_no_record_is_none(void **state)
{
	struct usb_capture_record record = { .type = USB_BULK };

	in.record = record;
	assert_int_equal(usb_record_event(&in, sizeof(record) - 1, &event), 0);
	assert_int_equal(with(record, USB_CAPTURE_MAX_DATA), 64 + USB_CAPTURE_MAX_DATA);
	assert_int_equal(with(record, USB_CAPTURE_MAX_DATA + 1), 0);
	record.nr_packets = 3;
	assert_int_equal(with(record, 3 * 16 - 1), 0);
	record.nr_packets = USB_CAPTURE_MAX_PACKETS + 1;
	assert_int_equal(with(record, USB_CAPTURE_MAX_DATA), 0);
	record.nr_packets = 0;
	record.event = USB_CAPTURE_REFUSE + 1;
	assert_int_equal(with(record, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_control_transfer_is_submitted_with_its_setup_packet),
		cmocka_unit_test(data_stands_behind_the_header),
		cmocka_unit_test(packets_have_the_length_that_they_are_to_have_and_then_the_one_they_had),
		cmocka_unit_test(what_became_of_it_is_its_status_and_comment),
		cmocka_unit_test(what_is_no_record_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
