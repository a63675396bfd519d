// SPDX-License-Identifier: MIT
/* What is asked of the device and answered, one by one: control and bulk transfers, interrupts out, and chores. */
#include <string.h>

#include "backend/usb/redir.h"
#include "common/base/clock.h"
#include "common/wire/xen_usbif.h"

enum { CLEAR_FEATURE = 1, RECIPIENT_ENDPOINT = 2 };

int32_t redir_status(uint8_t status)
{
	switch (status) {
	case usb_redir_success:
		return USBIF_STATUS_OK;
	case usb_redir_inval:
		return USBIF_STATUS_INVAL;
	case usb_redir_stall:
		return USBIF_STATUS_STALL;
	case usb_redir_babble:
		return USBIF_STATUS_BABBLE;
	default:
		return USBIF_STATUS_IOERROR;
	}
}

/* ---- transfers ------------------------------------------------------------------------------------------------- */

void redir_done(struct usb_transfer *transfer, int32_t status)
{
	transfer->status = status;
	transfer->done(transfer);
}

static struct redir_flight *find_flight(struct redir *redir, uint64_t id)
{
	for (unsigned int i = 0; i < REDIR_NR_FLIGHTS; i++) {
		if (redir->flight[i].transfer && redir->flight[i].id == id)
			return &redir->flight[i];
	}
	return NULL;
}

static void land(struct redir_flight *flight, int32_t status)
{
	struct usb_transfer *transfer = flight->transfer;

	flight->transfer = NULL;
	redir_done(transfer, status);
}

/* An id that we have used, and given up, may still be answered. */
void redir_ended(struct redir *redir, uint64_t id, uint8_t endpoint, uint8_t status, uint32_t len_bytes,
		 const uint8_t *data, int data_bytes)
{
	struct redir_flight *flight = find_flight(redir, id);
	struct usb_transfer *transfer = flight ? flight->transfer : NULL;

	if (!flight && id != 0 && id <= redir->last_id)
		return;
	if (!flight || (endpoint & 0x0f) != transfer->endpoint) {
		redir_break(redir, "it breaks the protocol: the end of a transfer that is not out");
		return;
	}
	if (len_bytes > transfer->len_bytes || (transfer->is_in && (uint32_t)data_bytes > transfer->len_bytes)) {
		redir_break(redir, "it breaks the protocol: more than was asked for");
		return;
	}
	transfer->actual_bytes = transfer->is_in ? (uint32_t)data_bytes : len_bytes;
	if (transfer->is_in && data_bytes > 0)
		memcpy(transfer->data, data, (size_t)data_bytes);
	land(flight, redir_status(status));
}

void redir_give_all_back(struct redir *redir)
{
	struct usb_chore *chore = redir->question.is_out ? redir->question.chore : NULL;

	redir->question.is_out = false;
	for (unsigned int i = 0; i < REDIR_NR_FLIGHTS; i++) {
		if (redir->flight[i].transfer)
			land(&redir->flight[i], USBIF_STATUS_NODEV);
	}
	redir_stream_give_back(redir);
	if (chore) {
		chore->status = USBIF_STATUS_NODEV;
		chore->done(chore);
	}
}

/* What goes with a packet; the parser takes no address without a length. */
static int data_of(const struct usb_transfer *transfer, uint8_t **data)
{
	int len = transfer->is_in ? 0 : (int)transfer->len_bytes;

	*data = len > 0 ? transfer->data : NULL;
	return len;
}

static void send_control(struct redir *redir, uint64_t id, const struct usb_transfer *transfer)
{
	struct usb_redir_control_packet_header header;
	struct usb_setup setup;
	uint8_t *data;
	int len = data_of(transfer, &data);

	usb_setup_decode(transfer->setup, &setup);
	header = (struct usb_redir_control_packet_header){
		.endpoint = setup.request_type & USB_SETUP_IN,
		.request = setup.request,
		.requesttype = setup.request_type,
		.value = setup.value,
		.index = setup.index,
		.length = setup.len_bytes,
	};
	usbredirparser_send_control_packet(redir->parser, id, &header, data, len);
}

static void send_bulk(struct redir *redir, uint64_t id, const struct usb_transfer *transfer)
{
	struct usb_redir_bulk_packet_header header = {
		.endpoint = usb_transfer_endpoint(transfer),
		.length = (uint16_t)transfer->len_bytes,
		.length_high = (uint16_t)(transfer->len_bytes >> 16),
	};
	uint8_t *data;
	int len = data_of(transfer, &data);

	usbredirparser_send_bulk_packet(redir->parser, id, &header, data, len);
}

static void send_interrupt(struct redir *redir, uint64_t id, const struct usb_transfer *transfer)
{
	struct usb_redir_interrupt_packet_header header = {
		.endpoint = transfer->endpoint,
		.length = (uint16_t)transfer->len_bytes,
	};
	uint8_t *data;
	int len = data_of(transfer, &data);

	usbredirparser_send_interrupt_packet(redir->parser, id, &header, data, len);
}

static bool fits_its_setup(const struct usb_transfer *transfer)
{
	struct usb_setup setup;

	usb_setup_decode(transfer->setup, &setup);
	return setup.len_bytes == transfer->len_bytes &&
	       (setup.len_bytes == 0 || !(setup.request_type & USB_SETUP_IN) == !transfer->is_in);
}

/* Else the protocol, or this peer, has no way to say it. */
static bool can_be_said(const struct redir *redir, const struct usb_transfer *transfer)
{
	switch (transfer->type) {
	case USB_CONTROL:
		return fits_its_setup(transfer);
	case USB_BULK:
		return transfer->len_bytes <= UINT16_MAX ||
		       usbredirparser_peer_has_cap(redir->parser, usb_redir_cap_32bits_bulk_length);
	case USB_INTERRUPT:
		return transfer->is_in || transfer->len_bytes <= UINT16_MAX;
	case USB_ISOC:
		for (unsigned int i = 0; i < transfer->nr_packets; i++) {
			if (transfer->packets[i].len_bytes > REDIR_MAX_PACKET_BYTES)
				return false;
		}
		break;
	}
	return true;
}

static void send_transfer(struct redir *redir, struct usb_transfer *transfer)
{
	unsigned int i = 0;

	while (redir->flight[i].transfer)
		i++;
	redir->flight[i] = (struct redir_flight){ .transfer = transfer, .id = ++redir->last_id };
	transfer->handle = &redir->flight[i];
	if (transfer->type == USB_CONTROL)
		send_control(redir, redir->last_id, transfer);
	else if (transfer->type == USB_BULK)
		send_bulk(redir, redir->last_id, transfer);
	else
		send_interrupt(redir, redir->last_id, transfer);
}

static bool is_of_a_stream(const struct usb_transfer *transfer)
{
	return transfer->type == USB_ISOC || (transfer->type == USB_INTERRUPT && transfer->is_in);
}

void redir_submit(struct usb_device *device, struct usb_transfer *transfer)
{
	struct redir *redir = to_redir(device);

	if (redir_is_broken(redir)) {
		redir_done(transfer, USBIF_STATUS_NODEV);
		return;
	}
	if (!can_be_said(redir, transfer)) {
		redir_done(transfer, USBIF_STATUS_INVAL);
		return;
	}
	if (is_of_a_stream(transfer))
		redir_stream_submit(redir, transfer);
	else
		send_transfer(redir, transfer);
	redir_peer_flush(redir);
}

void redir_cancel(struct usb_device *device, struct usb_transfer *transfer)
{
	struct redir *redir = to_redir(device);
	struct redir_flight *flight = transfer->handle;

	if (is_of_a_stream(transfer)) {
		redir_stream_cancel(redir, transfer);
		return;
	}
	flight->is_cancelled = true;
	flight->due_ns = clock_in_ms(REDIR_ANSWER_MS);
	redir_set_timer(redir);
	usbredirparser_send_cancel_data_packet(redir->parser, flight->id);
	redir_peer_flush(redir);
}

/* ---- chores ---------------------------------------------------------------------------------------------------- */

/* The peer drops what is out at endpoints whose setting changes, and does not say so. */
static void drop_flights(struct redir *redir, const struct usb_chore *chore)
{
	for (unsigned int i = 0; i < REDIR_NR_FLIGHTS; i++) {
		struct usb_transfer *transfer = redir->flight[i].transfer;

		if (transfer && transfer->type != USB_CONTROL &&
		    (chore->kind == USB_SET_CONFIGURATION ||
		     redir->endpoints.interface[redir_index(usb_transfer_endpoint(transfer))] == chore->interface))
			land(&redir->flight[i], USBIF_STATUS_IOERROR);
	}
}

void redir_chore(struct usb_device *device, struct usb_chore *chore)
{
	struct redir *redir = to_redir(device);
	struct usb_redir_set_configuration_header configuration = { chore->configuration };
	struct usb_redir_set_alt_setting_header setting = { chore->interface, chore->alternate };
	struct usb_redir_control_packet_header clear = { .request = CLEAR_FEATURE,
							 .requesttype = RECIPIENT_ENDPOINT,
							 .index = chore->endpoint };
	uint64_t id;

	if (redir_is_broken(redir)) {
		chore->status = USBIF_STATUS_NODEV;
		chore->done(chore);
		return;
	}
	id = redir_ask(redir, chore);
	switch (chore->kind) {
	case USB_SET_CONFIGURATION:
		redir_stream_stop(redir, REDIR_ALL_INTERFACES);
		drop_flights(redir, chore);
		usbredirparser_send_set_configuration(redir->parser, id, &configuration);
		break;
	case USB_SET_INTERFACE:
		redir_stream_stop(redir, chore->interface);
		drop_flights(redir, chore);
		usbredirparser_send_set_alt_setting(redir->parser, id, &setting);
		break;
	case USB_CLEAR_HALT:
		usbredirparser_send_control_packet(redir->parser, id, &clear, NULL, 0);
		break;
	}
	redir_peer_flush(redir);
}

void redir_chore_answered(struct redir *redir, struct usb_chore *chore, uint8_t status)
{
	/* Of a request that does not please it, a device says so by a stall. */
	chore->status = status == usb_redir_success ? USBIF_STATUS_OK : USBIF_STATUS_STALL;
	redir_find_endpoints(redir, &chore->endpoints);
	chore->done(chore);
}
