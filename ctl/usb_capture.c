// SPDX-License-Identifier: MIT
/* pvring usb capture: what passes the rings of a USB controller, as Linux' usbmon would show it. */
#include <stdio.h>
#include <string.h>

#include "common/base/errbuf.h"
#include "ctl/args.h"
#include "ctl/capture.h"
#include "ctl/usb.h"
#include "ctl/usb_record.h"

#define DEFAULT_DAEMON "pvring-usbd"

static bool read_record(const void *bytes, size_t len_bytes, struct pcapng_packet *packet)
{
	static char comment[USB_RECORD_TEXT_BYTES];
	static struct usbmon_event event;
	const struct usb_capture_record *record = bytes;
	size_t event_bytes = usb_record_event(record, len_bytes, &event);

	if (event_bytes == 0)
		return false;
	usb_record_describe(record, comment, sizeof(comment));
	*packet = (struct pcapng_packet){
		.time_ns = record->time_ns,
		.flags = record->event == USB_CAPTURE_SUBMIT ? PCAPNG_INBOUND : PCAPNG_OUTBOUND,
		.bytes = &event,
		.captured_bytes = event_bytes,
		.original_bytes = event_bytes,
		.comment = comment,
	};
	return true;
}

static const struct capture_class usb_class = {
	.program = "pvring usb capture",
	.packet = "event",
	.format = USB_CAPTURE_FORMAT,
	.link_type = PCAPNG_USB_LINUX_MMAPPED,
	.record_bytes = sizeof(struct usb_capture_record) + USB_CAPTURE_MAX_PACKETS * sizeof(struct usb_packet) +
			USB_CAPTURE_MAX_DATA,
	.read_record = read_record,
};

static const struct option_row rows[] = { CAPTURE_ROWS("events", DEFAULT_DAEMON) };

int usb_capture(int argc, char **argv)
{
	static const struct options_spec spec = {
		.program = "pvring usb capture",
		.synopsis = "DOMID/DEVID --write FILE [--count N] [--name NAME | --control PATH]",
		.summary = "Writes what passes the rings of a USB controller to a pcapng file, as usbmon shows a bus.",
		.rows = rows,
		.nr_rows = sizeof(rows) / sizeof(rows[0]),
		.letters = CAPTURE_LETTERS,
	};
	struct capture_config config = { .max_packets = 0 };
	struct args args = { .min = 1, .max = 1 };
	struct errbuf ignored;
	int status;

	client_set_name(&config, DEFAULT_DAEMON, &ignored);
	if (!args_parse(&spec, argc, argv, &config, &args, &status))
		return status;
	return capture_run(&usb_class, &config, args.positional[0]);
}
