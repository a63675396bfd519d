// SPDX-License-Identifier: MIT
#include "tests/unit/cm.h"

#include <string.h>

#include "backend/usb/urb.h"

#define NR_PORTS 8
#define PAGE	 { 1, 0, 4096 }
#define PAGES_4	 PAGE, PAGE, PAGE, PAGE
#define PAGES_16 { PAGES_4, PAGES_4, PAGES_4, PAGES_4 }
#define IN	 0x80

#define FINE	   NULL
#define PORT	   "no such port"
#define SEGMENTS   "too many segments"
#define OUTSIDE	   "a segment ends outside its page"
#define LENGTH	   "its segments are not as long as its data"
#define ENDPOINT_0 "a control transfer to another endpoint than 0"
#define SETUP_LEN  "a setup packet of another length than its data"
#define SETUP_DIR  "a setup packet of another direction than its data"
#define NO_PACKETS "an isochronous transfer of no packets"
#define PACKETS	   "an isochronous transfer of too many packets"
#define DESCRIBED  "packets and segments that describe them do not agree"

static const struct {
	const char *name;
	struct usb_urb urb;
	const char *why; /* FINE */
	uint32_t len_bytes; /* when fine, if another */
} rows[] = {
	/* ports */
	{ "port 0", { .port = 0, .type = USB_BULK }, PORT, 0 },
	{ "the first port", { .port = 1, .type = USB_BULK }, FINE, 0 },
	{ "the last port", { .port = NR_PORTS, .type = USB_BULK }, FINE, 0 },
	{ "one after the last port", { .port = NR_PORTS + 1, .type = USB_BULK }, PORT, 0 },
	{ "port 31 of 8", { .port = 31, .type = USB_BULK }, PORT, 0 },
	{ "an unlink at port 0", { .port = 0, .is_unlink = true }, PORT, 0 },
	{ "an unlink at port 9", { .port = 9, .is_unlink = true }, PORT, 0 },
	{ "an unlink", { .port = 1, .is_unlink = true, .nr_segments = 65535 }, FINE, 0 },
	/* segments */
	{ "no data", { .port = 1, .type = USB_BULK, .nr_segments = 0 }, FINE, 0 },
	{ "a segment of nothing", { .port = 1, .type = USB_BULK, .nr_segments = 1, .segment = { { 1, 4096, 0 } } },
	  FINE, 0 },
	{ "a page", { .port = 1, .type = USB_BULK, .len_bytes = 4096, .nr_segments = 1, .segment = { PAGE } },
	  FINE, 0 },
	{ "the end of a page",
	  { .port = 1, .type = USB_BULK, .len_bytes = 1, .nr_segments = 1, .segment = { { 1, 4095, 1 } } }, FINE, 0 },
	{ "one over the page",
	  { .port = 1, .type = USB_BULK, .len_bytes = 2, .nr_segments = 1, .segment = { { 1, 4095, 2 } } },
	  OUTSIDE, 0 },
	{ "offset and length wrap 16 bits",
	  { .port = 1, .type = USB_BULK, .len_bytes = 4, .nr_segments = 1, .segment = { { 1, 65535, 4 } } },
	  OUTSIDE, 0 },
	{ "16 pages, as Linux writes them",
	  { .port = 1, .type = USB_BULK, .len_bytes = 0, .nr_segments = 16, .segment = PAGES_16 }, FINE, 65536 },
	{ "15 pages, and no length",
	  { .port = 1, .type = USB_BULK, .len_bytes = 0, .nr_segments = 15, .segment = PAGES_16 }, LENGTH, 0 },
	{ "17 segments",
	  { .port = 1, .type = USB_BULK, .len_bytes = 4096, .nr_segments = 17, .segment = PAGES_16 }, SEGMENTS, 0 },
	{ "65535 segments", { .port = 1, .type = USB_BULK, .nr_segments = 65535 }, SEGMENTS, 0 },
	{ "less than its length",
	  { .port = 1, .type = USB_BULK, .len_bytes = 4097, .nr_segments = 1, .segment = { PAGE } }, LENGTH, 0 },
	{ "more than its length",
	  { .port = 1, .type = USB_BULK, .len_bytes = 4095, .nr_segments = 1, .segment = { PAGE } }, LENGTH, 0 },
	{ "a length, and no segment", { .port = 1, .type = USB_BULK, .len_bytes = 8 }, LENGTH, 0 },
	/* control */
	{ "control without data", { .port = 1, .type = USB_CONTROL, .setup = { 0, 5, 1, 0, 0, 0, 0, 0 } }, FINE, 0 },
	{ "control in",
	  { .port = 1, .type = USB_CONTROL, .is_in = true, .len_bytes = 18, .nr_segments = 1,
	    .segment = { { 1, 0, 18 } },
	    .setup = { IN, 6, 0, 1, 0, 0, 18, 0 } }, FINE, 0 },
	{ "control to endpoint 1", { .port = 1, .type = USB_CONTROL, .endpoint = 1 }, ENDPOINT_0, 0 },
	{ "control of 18 bytes that says 64",
	  { .port = 1, .type = USB_CONTROL, .is_in = true, .len_bytes = 18, .nr_segments = 1,
	    .segment = { { 1, 0, 18 } },
	    .setup = { IN, 6, 0, 1, 0, 0, 64, 0 } }, SETUP_LEN, 0 },
	{ "control out that says in",
	  { .port = 1, .type = USB_CONTROL, .len_bytes = 18, .nr_segments = 1, .segment = { { 1, 0, 18 } },
	    .setup = { IN, 6, 0, 1, 0, 0, 18, 0 } }, SETUP_DIR, 0 },
	{ "control in that says out",
	  { .port = 1, .type = USB_CONTROL, .is_in = true, .len_bytes = 1, .nr_segments = 1, .segment = { { 1, 0, 1 } },
	    .setup = { 0, 9, 0, 1, 0, 0, 1, 0 } }, SETUP_DIR, 0 },
	/* isochronous */
	{ "8 packets",
	  { .port = 1, .type = USB_ISOC, .len_bytes = 4096, .nr_segments = 1, .nr_desc_segments = 1, .nr_packets = 8,
	    .segment = { PAGE, { 2, 0, 128 } } }, FINE, 0 },
	{ "8 packets described in two pages",
	  { .port = 1, .type = USB_ISOC, .len_bytes = 4096, .nr_segments = 1, .nr_desc_segments = 2, .nr_packets = 8,
	    .segment = { PAGE, { 2, 4088, 8 }, { 3, 0, 120 } } }, FINE, 0 },
	{ "no packets", { .port = 1, .type = USB_ISOC }, NO_PACKETS, 0 },
	{ "as many as a transfer has",
	  { .port = 1, .type = USB_ISOC, .nr_desc_segments = 1, .nr_packets = 128, .segment = { { 2, 0, 2048 } } },
	  FINE, 0 },
	{ "one more",
	  { .port = 1, .type = USB_ISOC, .nr_desc_segments = 1, .nr_packets = 129, .segment = { { 2, 0, 2064 } } },
	  PACKETS, 0 },
	{ "9 packets and 8 descriptions",
	  { .port = 1, .type = USB_ISOC, .nr_desc_segments = 1, .nr_packets = 9, .segment = { { 2, 0, 128 } } },
	  DESCRIBED, 0 },
	{ "packets without a description", { .port = 1, .type = USB_ISOC, .nr_packets = 1 }, DESCRIBED, 0 },
	{ "a description that leaves its page",
	  { .port = 1, .type = USB_ISOC, .nr_desc_segments = 1, .nr_packets = 1, .segment = { { 2, 4081, 16 } } },
	  OUTSIDE, 0 },
	{ "15 and 2 segments, each fewer than 16",
	  { .port = 1, .type = USB_ISOC, .nr_segments = 15, .nr_desc_segments = 2, .nr_packets = 1 }, SEGMENTS, 0 },
	{ "as many descriptions as wrap 16 bits with the data's",
	  { .port = 1, .type = USB_ISOC, .nr_segments = 2, .nr_desc_segments = 65535, .nr_packets = 1 }, SEGMENTS, 0 },
};

static void a_urb_is_served_only_within_every_limit(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct usb_urb urb = rows[i].urb;
		const char *why = NULL;
		enum usb_verdict verdict = usb_urb_check(NR_PORTS, &urb, &why);

		if ((verdict == USB_OK) != !rows[i].why || (rows[i].why && strcmp(why, rows[i].why) != 0))
			fail_msg("%s: %s", rows[i].name, verdict == USB_OK ? "fine" : why);
		if (rows[i].len_bytes && urb.len_bytes != rows[i].len_bytes)
			fail_msg("%s: %u bytes", rows[i].name, urb.len_bytes);
	}
}

static void an_endpoint_is_one_that_the_device_has(void **state)
{
	const struct usb_endpoints endpoints = {
		.in = { [1] = { USB_BULK, 512 } },
		.out = { [15] = { USB_INTERRUPT, 8 } },
	};
	const struct {
		struct usb_urb urb;
		const char *why;
	} cases[] = {
		{ { .type = USB_BULK, .endpoint = 1, .is_in = true }, FINE },
		{ { .type = USB_INTERRUPT, .endpoint = 15 }, FINE },
		{ { .type = USB_BULK, .endpoint = 1 }, "no such endpoint" },
		{ { .type = USB_BULK, .endpoint = 0, .is_in = true }, "no such endpoint" },
		{ { .type = USB_INTERRUPT, .endpoint = 15, .is_in = true }, "no such endpoint" },
		{ { .type = USB_ISOC, .endpoint = 1, .is_in = true }, "an endpoint of another type" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;
		enum usb_verdict verdict = usb_endpoint_check(&endpoints, &cases[i].urb, &why);

		assert_int_equal(verdict, cases[i].why ? USB_REJECT : USB_OK);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
	}
}

static void packets_lie_in_the_data_one_after_the_other(void **state)
{
	const struct usb_urb urb = { .len_bytes = 1000, .nr_packets = 2 };
	const struct {
		struct usb_packet packets[2];
		const char *why;
	} cases[] = {
		{ { { 0, 500, 0, 0 }, { 500, 500, 0, 0 } }, FINE },
		{ { { 0, 0, 0, 0 }, { 1000, 0, 0, 0 } }, FINE },
		{ { { 10, 5, 0, 0 }, { 900, 100, 0, 0 } }, FINE },
		{ { { 0, 500, 0, 0 }, { 500, 501, 0, 0 } }, "a packet beyond the data" },
		{ { { 0, 500, 0, 0 }, { 1001, 0, 0, 0 } }, "a packet beyond the data" },
		{ { { 0, 500, 0, 0 }, { 500, UINT32_MAX, 0, 0 } }, "a packet beyond the data" },
		{ { { UINT32_MAX, 2, 0, 0 }, { 500, 1, 0, 0 } }, "a packet beyond the data" },
		{ { { 0, 500, 0, 0 }, { 499, 1, 0, 0 } }, "a packet that begins before the end of the one before" },
		{ { { 500, 1, 0, 0 }, { 0, 1, 0, 0 } }, "a packet that begins before the end of the one before" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why = NULL;
		enum usb_verdict verdict = usb_packets_check(&urb, cases[i].packets, &why);

		assert_int_equal(verdict, cases[i].why ? USB_REJECT : USB_OK);
		if (cases[i].why)
			assert_string_equal(why, cases[i].why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_urb_is_served_only_within_every_limit),
		cmocka_unit_test(an_endpoint_is_one_that_the_device_has),
		cmocka_unit_test(packets_lie_in_the_data_one_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
