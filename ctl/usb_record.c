// SPDX-License-Identifier: MIT
#include "ctl/usb_record.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"

_Static_assert(sizeof(struct usbmon_header) == 64, "as usbmon has it");

#define ENDPOINT_IN 0x80
/* Of Linux' URBs. */
#define URB_SHORT_NOT_OK 0x001
#define URB_DIR_IN	 0x200

struct usbmon_packet {
	int32_t status;
	uint32_t offset_bytes, len_bytes, padding;
};

static const uint8_t types[] = {
	[USB_CAPTURE_SUBMIT] = 'S',
	[USB_CAPTURE_COMPLETE] = 'C',
	[USB_CAPTURE_REFUSE] = 'E',
};

/* What usbmon says in place of data that is not there. */
static char data_flag(const struct usb_capture_record *record, size_t data_bytes)
{
	if (record->event == USB_CAPTURE_REFUSE)
		return 'E';
	if (record->event == USB_CAPTURE_SUBMIT && record->is_in)
		return '<';
	if (record->event == USB_CAPTURE_COMPLETE && !record->is_in)
		return '>';
	return record->len_bytes > 0 && data_bytes == 0 ? 'Z' : 0; /* refused before it has come */
}

/* Linux knows one that was unlinked by a status of its own, which PV USB does not have. */
static int32_t status_of(const struct usb_capture_record *record)
{
	if (record->event == USB_CAPTURE_SUBMIT)
		return -EINPROGRESS;
	return record->is_unlinked ? -ECONNRESET : record->status;
}

static void fill_header(const struct usb_capture_record *record, size_t data_bytes, struct usbmon_header *header)
{
	*header = (struct usbmon_header){
		.id = record->number,
		.type = types[record->event],
		.transfer_type = record->type,
		.endpoint = record->endpoint | (record->is_in ? ENDPOINT_IN : 0),
		.device = record->address,
		.bus = record->controller,
		.setup_flag = '-',
		.data_flag = data_flag(record, data_bytes),
		.seconds = (int64_t)(record->time_ns / NSEC_PER_SEC),
		.microseconds = (int32_t)(record->time_ns % NSEC_PER_SEC / NSEC_PER_USEC),
		.status = status_of(record),
		.len_bytes = record->len_bytes,
		.captured_bytes = (uint32_t)(record->nr_packets * sizeof(struct usbmon_packet) + data_bytes),
		.interval = record->interval,
		.start_frame = record->start_frame,
		.transfer_flags = (record->must_not_be_short ? URB_SHORT_NOT_OK : 0) | (record->is_in ? URB_DIR_IN : 0),
		.nr_packets = record->nr_packets,
	};
	if (record->type == USB_CONTROL && record->event == USB_CAPTURE_SUBMIT) {
		header->setup_flag = 0;
		memcpy(header->setup, record->setup, sizeof(header->setup));
	} else if (record->type == USB_ISOC) {
		header->isoc.nr_errors = record->nr_errors;
		header->isoc.nr_packets = record->nr_packets;
	}
}

static void fill_packets(const struct usb_capture_record *record, const struct usb_packet *packets,
			 struct usbmon_packet *to)
{
	bool is_over = record->event == USB_CAPTURE_COMPLETE; /* until then Linux has EXDEV there */

	for (unsigned int i = 0; i < record->nr_packets; i++)
		to[i] = (struct usbmon_packet){
			.status = is_over ? packets[i].status : -EXDEV,
			.offset_bytes = packets[i].offset_bytes,
			.len_bytes = is_over ? packets[i].actual_bytes : packets[i].len_bytes,
		};
}

size_t usb_record_event(const void *bytes, size_t len_bytes, struct usbmon_event *event)
{
	const struct usb_capture_record *record = bytes;
	size_t packets_bytes, data_bytes;

	if (len_bytes < sizeof(*record) || record->event > USB_CAPTURE_REFUSE ||
	    record->nr_packets > USB_CAPTURE_MAX_PACKETS)
		return 0;
	len_bytes -= sizeof(*record);
	packets_bytes = record->nr_packets * sizeof(struct usb_packet);
	if (len_bytes < packets_bytes || len_bytes - packets_bytes > USB_CAPTURE_MAX_DATA)
		return 0;
	data_bytes = len_bytes - packets_bytes;
	fill_header(record, data_bytes, &event->header);
	fill_packets(record, (const struct usb_packet *)(record + 1), (struct usbmon_packet *)event->bytes);
	memcpy(event->bytes + record->nr_packets * sizeof(struct usbmon_packet),
	       (const uint8_t *)(record + 1) + packets_bytes, data_bytes);
	return sizeof(event->header) + event->header.captured_bytes;
}

void usb_record_describe(const struct usb_capture_record *record, char *text, size_t size)
{
	bool is_refused = record->event == USB_CAPTURE_REFUSE;

	snprintf(text, size, "port %u, id %u%s%s%.*s", record->port, record->id,
		 record->is_unlinked ? "; unlinked" : "", is_refused ? "; refused: " : "",
		 is_refused ? USB_CAPTURE_REASON_BYTES : 0, record->refused);
}
