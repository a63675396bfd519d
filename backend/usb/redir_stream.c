// SPDX-License-Identifier: MIT
/*
 * Endpoints whose packets come and go by themselves once they are begun: a transfer in is filled from what has come,
 * one out is sent at once and over when its time is. Of what nobody asks for the latest is kept, a little of it.
 */
#include <string.h>

#include "backend/usb/redir.h"
#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"

#define ISO_PACKETS        8 /* of a transfer of the peer's */
#define ISO_TRANSFERS      4 /* that the peer has under way */
#define MAX_QUEUED_PACKETS 1024 /* for the peer's socket to take */

static uint8_t address_of(unsigned int index)
{
	return (uint8_t)((index & 0x0f) | (index & 0x10 ? 0x80 : 0));
}

static unsigned int index_of(const struct usb_transfer *transfer)
{
	return redir_index(usb_transfer_endpoint(transfer));
}

static struct usb_transfer *take_first(struct redir_stream *stream)
{
	struct usb_transfer *transfer = TAILQ_FIRST(&stream->waiting);

	if (transfer)
		TAILQ_REMOVE(&stream->waiting, transfer, entry);
	stream->nr_filled = 0;
	return transfer;
}

static void give_back(struct redir_stream *stream, int32_t status)
{
	struct redir_transfers transfers;
	struct usb_transfer *transfer;

	TAILQ_INIT(&transfers);
	TAILQ_CONCAT(&transfers, &stream->waiting, entry);
	stream->nr_filled = 0;
	while ((transfer = TAILQ_FIRST(&transfers))) {
		TAILQ_REMOVE(&transfers, transfer, entry);
		redir_done(transfer, status);
	}
}

/* ---- in -------------------------------------------------------------------------------------------------------- */

static void drop_packet(struct redir *redir, struct redir_stream *stream)
{
	usbredirparser_free_packet_data(redir->parser, stream->packet[stream->nr_taken++ % REDIR_NR_PACKETS].data);
}

/* true: the transfer is over, with *status. A short packet ends it. */
static bool fill_interrupt(const struct redir *redir, struct usb_transfer *transfer, const struct redir_packet *packet,
			   int32_t *status)
{
	uint32_t room_bytes = transfer->len_bytes - transfer->actual_bytes;
	uint16_t packet_bytes = redir->endpoints.max_packet_size[index_of(transfer)] & 0x7ff;

	*status = packet->len_bytes > room_bytes ? USBIF_STATUS_BABBLE : packet->status;
	if (*status != USBIF_STATUS_OK)
		return true;
	if (packet->len_bytes > 0)
		memcpy(transfer->data + transfer->actual_bytes, packet->data, packet->len_bytes);
	transfer->actual_bytes += packet->len_bytes;
	return packet->len_bytes < packet_bytes || packet_bytes == 0 || transfer->actual_bytes == transfer->len_bytes;
}

static bool fill_isoc(struct redir_stream *stream, struct usb_transfer *transfer, const struct redir_packet *packet)
{
	struct usb_packet *to = &transfer->packets[stream->nr_filled++];

	to->status = packet->len_bytes > to->len_bytes ? USBIF_STATUS_BABBLE : packet->status;
	to->actual_bytes = to->status == USBIF_STATUS_OK ? packet->len_bytes : 0;
	if (to->actual_bytes > 0)
		memcpy(transfer->data + to->offset_bytes, packet->data, to->actual_bytes);
	transfer->actual_bytes += to->actual_bytes;
	return stream->nr_filled == transfer->nr_packets;
}

static void fill(struct redir *redir, struct redir_stream *stream)
{
	struct usb_transfer *transfer;

	while (stream->nr_come != stream->nr_taken && (transfer = TAILQ_FIRST(&stream->waiting))) {
		const struct redir_packet *packet = &stream->packet[stream->nr_taken % REDIR_NR_PACKETS];
		int32_t status = USBIF_STATUS_OK;
		bool is_over = transfer->type == USB_ISOC ? fill_isoc(stream, transfer, packet) :
							    fill_interrupt(redir, transfer, packet, &status);

		drop_packet(redir, stream);
		if (is_over)
			redir_done(take_first(stream), status);
	}
}

/* One that was stopped may still have some on their way. */
void redir_stream_come(struct redir *redir, uint8_t endpoint, uint8_t status, uint8_t *data, int data_bytes)
{
	struct redir_stream *stream = &redir->stream[redir_index(endpoint)];

	if (!(endpoint & 0x80) || data_bytes > REDIR_MAX_PACKET_BYTES)
		redir_break(redir, "it breaks the protocol: a packet that no endpoint gives");
	if (!stream->is_started || redir_is_broken(redir)) {
		usbredirparser_free_packet_data(redir->parser, data);
		return;
	}
	if (stream->nr_come - stream->nr_taken == REDIR_NR_PACKETS)
		drop_packet(redir, stream);
	stream->packet[stream->nr_come++ % REDIR_NR_PACKETS] =
		(struct redir_packet){ data, (uint32_t)data_bytes, redir_status(status) };
	fill(redir, stream);
}

/* ---- out ------------------------------------------------------------------------------------------------------- */

static uint64_t duration_ns(const struct redir *redir, const struct usb_transfer *transfer)
{
	uint8_t interval = redir->endpoints.interval[index_of(transfer)];
	uint64_t frame_ns = redir->device.speed == USB_SPEED_HIGH ? 125 * NSEC_PER_USEC : NSEC_PER_MSEC;

	return transfer->nr_packets * (frame_ns << (interval >= 1 && interval <= 16 ? interval - 1 : 0));
}

/* What would come late is of no use: so a peer that does not read costs no more memory than this. */
static void send_packets(struct redir *redir, const struct usb_transfer *transfer)
{
	if (usbredirparser_has_data_to_write(redir->parser) >= MAX_QUEUED_PACKETS)
		return;
	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		const struct usb_packet *packet = &transfer->packets[i];
		struct usb_redir_iso_packet_header header = {
			.endpoint = transfer->endpoint,
			.length = (uint16_t)packet->len_bytes,
		};

		usbredirparser_send_iso_packet(redir->parser, ++redir->last_id, &header,
					       packet->len_bytes ? transfer->data + packet->offset_bytes : NULL,
					       (int)packet->len_bytes);
	}
}

static void finish(struct usb_transfer *transfer)
{
	for (unsigned int i = 0; i < transfer->nr_packets; i++) {
		transfer->packets[i].status = USBIF_STATUS_OK;
		transfer->packets[i].actual_bytes = transfer->packets[i].len_bytes;
		transfer->actual_bytes += transfer->packets[i].len_bytes;
	}
	redir_done(transfer, USBIF_STATUS_OK);
}

void redir_stream_tick(struct redir *redir, uint64_t now_ns)
{
	for (unsigned int i = 0; i < 16; i++) {
		struct redir_stream *stream = &redir->stream[i];

		while (!TAILQ_EMPTY(&stream->waiting) && stream->due_ns <= now_ns) {
			struct usb_transfer *transfer = take_first(stream), *next = TAILQ_FIRST(&stream->waiting);

			stream->due_ns += next ? duration_ns(redir, next) : 0;
			finish(transfer);
		}
	}
}

uint64_t redir_stream_due_ns(const struct redir *redir)
{
	uint64_t due_ns = UINT64_MAX;

	for (unsigned int i = 0; i < 16; i++) {
		const struct redir_stream *stream = &redir->stream[i];

		if (!TAILQ_EMPTY(&stream->waiting) && stream->due_ns < due_ns)
			due_ns = stream->due_ns;
	}
	return due_ns;
}

/* ---- begun and ended ------------------------------------------------------------------------------------------- */

static void start(struct redir *redir, unsigned int index, enum usb_type type)
{
	struct usb_redir_start_interrupt_receiving_header interrupt = { address_of(index) };
	struct usb_redir_start_iso_stream_header isoc = { address_of(index), ISO_PACKETS, ISO_TRANSFERS };
	struct redir_stream *stream = &redir->stream[index];

	if (stream->is_started)
		return;
	stream->is_started = true;
	stream->is_isoc = type == USB_ISOC;
	if (stream->is_isoc)
		usbredirparser_send_start_iso_stream(redir->parser, ++redir->last_id, &isoc);
	else
		usbredirparser_send_start_interrupt_receiving(redir->parser, ++redir->last_id, &interrupt);
}

static void stop(struct redir *redir, unsigned int index)
{
	struct usb_redir_stop_interrupt_receiving_header interrupt = { address_of(index) };
	struct usb_redir_stop_iso_stream_header isoc = { address_of(index) };
	struct redir_stream *stream = &redir->stream[index];

	while (stream->nr_come != stream->nr_taken)
		drop_packet(redir, stream);
	if (!stream->is_started)
		return;
	stream->is_started = false;
	if (stream->is_isoc)
		usbredirparser_send_stop_iso_stream(redir->parser, ++redir->last_id, &isoc);
	else
		usbredirparser_send_stop_interrupt_receiving(redir->parser, ++redir->last_id, &interrupt);
}

void redir_stream_stop(struct redir *redir, int interface)
{
	for (unsigned int i = 0; i < REDIR_NR_ENDPOINTS; i++) {
		if (interface != REDIR_ALL_INTERFACES && redir->endpoints.interface[i] != interface)
			continue;
		stop(redir, i);
		give_back(&redir->stream[i], USBIF_STATUS_IOERROR);
	}
}

void redir_stream_status(struct redir *redir, uint8_t endpoint, uint8_t status)
{
	struct redir_stream *stream = &redir->stream[redir_index(endpoint)];

	if (status == usb_redir_success)
		return;
	stream->is_started = false;
	give_back(stream, redir_status(status));
}

void redir_stream_give_back(struct redir *redir)
{
	for (unsigned int i = 0; i < REDIR_NR_ENDPOINTS; i++)
		give_back(&redir->stream[i], USBIF_STATUS_NODEV);
}

/* ---- from the engine ------------------------------------------------------------------------------------------- */

void redir_stream_submit(struct redir *redir, struct usb_transfer *transfer)
{
	struct redir_stream *stream = &redir->stream[index_of(transfer)];
	uint64_t now_ns = clock_now_ns();

	transfer->actual_bytes = 0;
	start(redir, index_of(transfer), transfer->type);
	if (!transfer->is_in && TAILQ_EMPTY(&stream->waiting))
		stream->due_ns = (stream->due_ns > now_ns ? stream->due_ns : now_ns) + duration_ns(redir, transfer);
	TAILQ_INSERT_TAIL(&stream->waiting, transfer, entry);
	if (transfer->is_in) {
		fill(redir, stream);
	} else {
		send_packets(redir, transfer);
		redir_set_timer(redir);
	}
}

/* The peer knows nothing of it, or has all of it already. */
void redir_stream_cancel(struct redir *redir, struct usb_transfer *transfer)
{
	struct redir_stream *stream = &redir->stream[index_of(transfer)];

	if (transfer == TAILQ_FIRST(&stream->waiting))
		stream->nr_filled = 0;
	TAILQ_REMOVE(&stream->waiting, transfer, entry);
	redir_done(transfer, USBIF_STATUS_IOERROR);
}
