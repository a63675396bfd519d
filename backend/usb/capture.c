// SPDX-License-Identifier: MIT
#include "backend/usb/capture.h"

#include <stdio.h>
#include <string.h>

#include "backend/usb/io_copy.h"
#include "common/base/clock.h"
#include "common/wire/usb_capture.h"
#include "common/wire/xen_usbif.h"

_Static_assert(USB_MAX_PACKETS <= USB_CAPTURE_MAX_PACKETS, "a record's packets");
_Static_assert(USB_MAX_URB_BYTES <= USB_CAPTURE_MAX_DATA, "a record's data");

static struct usb_capture_record begin(const struct usb_io *io, enum usb_capture_event event)
{
	const struct usb_urb *urb = &io->urb;
	struct usb_capture_record record = {
		.time_ns = clock_date_ns(),
		.number = io->number,
		.controller = io->urbs->controller,
		.id = urb->id,
		.event = event,
		.type = urb->type,
		.port = urb->port,
		.address = urb->address,
		.endpoint = urb->endpoint,
		.is_in = urb->is_in,
		.must_not_be_short = urb->must_not_be_short,
		.interval = urb->interval,
		.start_frame = urb->start_frame,
	};

	memcpy(record.setup, urb->setup, sizeof(record.setup));
	return record;
}

/* With this much of its data. */
static void send_record(const struct usb_io *io, const struct usb_capture_record *record, uint32_t data_bytes)
{
	const struct iovec iov[] = {
		{ (void *)record, sizeof(*record) },
		{ (void *)io->packets, record->nr_packets * sizeof(struct usb_packet) },
		{ usb_io_buffer(io), data_bytes },
	};

	if (io->urbs->capture)
		capture_send(&io->urbs->capture, iov, 3);
}

static uint16_t nr_packets(const struct usb_io *io)
{
	return io->urb.type == USB_ISOC ? io->urb.nr_packets : 0;
}

void usb_capture_submitted(struct usb_io *io)
{
	struct usb_capture_record record = begin(io, USB_CAPTURE_SUBMIT);

	record.len_bytes = io->urb.len_bytes;
	record.nr_packets = io->has_come ? nr_packets(io) : 0;
	send_record(io, &record, io->has_come && !io->urb.is_in ? io->urb.len_bytes : 0);
}

/* What an isochronous one has given lies at its packets' places. */
static uint32_t end_of_packets(const struct usb_io *io)
{
	uint32_t end = 0;

	for (unsigned int i = 0; i < io->urb.nr_packets; i++) {
		const struct usb_packet *packet = &io->packets[i];

		if (packet->actual_bytes && packet->offset_bytes + packet->actual_bytes > end)
			end = packet->offset_bytes + packet->actual_bytes;
	}
	return end;
}

void usb_capture_completed(struct usb_io *io, const struct usb_urb_answer *answer)
{
	struct usb_capture_record record;
	uint32_t data_bytes = 0;

	if (!io->has_come)
		usb_capture_submitted(io);
	record = begin(io, USB_CAPTURE_COMPLETE);
	record.is_unlinked = answer->status == USBIF_STATUS_IOERROR &&
			     usb_flight_has_waiting(&io->urbs->flight, io->slot);
	record.status = answer->status;
	record.len_bytes = (uint32_t)answer->actual_bytes;
	record.nr_errors = answer->nr_errors;
	record.nr_packets = io->has_come ? nr_packets(io) : 0;
	if (io->urb.is_in)
		data_bytes = record.nr_packets ? end_of_packets(io) : record.len_bytes;
	send_record(io, &record, data_bytes);
}

void usb_capture_refused(struct usb_io *io, int32_t status, const char *why)
{
	struct usb_capture_record record;

	if (!io->has_come)
		usb_capture_submitted(io);
	record = begin(io, USB_CAPTURE_REFUSE);
	record.status = status;
	snprintf(record.refused, sizeof(record.refused), "%s", why);
	send_record(io, &record, 0);
}
