// SPDX-License-Identifier: MIT
#include "tests/conform/peer/gadget.h"

#include <string.h>

#include "common/wire/xen_usbif.h"

enum { DESCRIPTOR_DEVICE = 1, DESCRIPTOR_CONFIGURATION = 2, DESCRIPTOR_STRING = 3 };
enum { GET_STATUS = 0, CLEAR_FEATURE = 1, SET_FEATURE = 3, GET_DESCRIPTOR = 6, GET_CONFIGURATION = 8,
       SET_CONFIGURATION = 9, GET_INTERFACE = 10, SET_INTERFACE = 11 };
enum { TO_DEVICE = 0x00, TO_ENDPOINT = 0x02, FROM_DEVICE = 0x80, FROM_VENDOR = 0xc0 };

#define GET_SEEN     1	  /* a vendor's request: what the sink has seen */
#define ISO_BYTES    1000 /* of a packet */
#define NAME	     "pvring-conform"

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

#define DEVICE(product) 18, DESCRIPTOR_DEVICE, 0x00, 0x02, 0, 0, 0, 64, 0x09, 0x12, (product), 0, 0, 1, 0, 1, 0, 1
#define CONFIGURATION(len) 9, DESCRIPTOR_CONFIGURATION, (len), 0, 1, 1, 0, 0x80, 50
#define INTERFACE(setting, nr_endpoints) 9, 4, 0, (setting), (nr_endpoints), 0xff, 0, 0, 0
#define ENDPOINT(address, type, bytes, interval) 7, 5, (address), (type), (bytes) & 0xff, (bytes) >> 8, (interval)

static const uint8_t loopback_device[] = { DEVICE(0x01) }, iso_device[] = { DEVICE(0x04) };

static const uint8_t loopback_configuration[] = {
	CONFIGURATION(9 + 9 + 4 * 7),
	INTERFACE(0, 4),
	ENDPOINT(0x01, 2, GADGET_PACKET_BYTES, 0),
	ENDPOINT(0x81, 2, GADGET_PACKET_BYTES, 0),
	ENDPOINT(0x02, 3, 64, 4),
	ENDPOINT(0x82, 3, 64, 4),
};

static const uint8_t iso_configuration[] = {
	CONFIGURATION(9 + 2 * 9 + 2 * 7),
	INTERFACE(0, 0),
	INTERFACE(1, 2),
	ENDPOINT(0x81, 1, ISO_BYTES, 4),
	ENDPOINT(0x02, 1, ISO_BYTES, 4),
};

/* As many of the octets as were asked for. */
static int32_t give(const struct usb_urb *urb, uint8_t *data, struct usb_urb_answer *answer, const void *octets,
		    uint32_t nr)
{
	answer->actual_bytes = (int32_t)(nr < urb->len_bytes ? nr : urb->len_bytes);
	memcpy(data, octets, (size_t)answer->actual_bytes);
	return USBIF_STATUS_OK;
}

static int32_t give_string(const struct usb_urb *urb, uint8_t *data, struct usb_urb_answer *answer, uint8_t index)
{
	static const uint8_t languages[] = { 4, DESCRIPTOR_STRING, 0x09, 0x04 };
	uint8_t name[2 * sizeof(NAME)] = { sizeof(name), DESCRIPTOR_STRING };

	for (unsigned int i = 0; NAME[i]; i++)
		name[2 + 2 * i] = (uint8_t)NAME[i];
	if (index == 0)
		return give(urb, data, answer, languages, sizeof(languages));
	return index == 1 ? give(urb, data, answer, name, sizeof(name)) : USBIF_STATUS_STALL;
}

static int32_t give_descriptor(const struct gadget *gadget, const struct usb_urb *urb, uint8_t *data,
			       struct usb_urb_answer *answer, uint16_t which)
{
	switch (which >> 8) {
	case DESCRIPTOR_DEVICE:
		return give(urb, data, answer, gadget->is_iso ? iso_device : loopback_device, sizeof(iso_device));
	case DESCRIPTOR_CONFIGURATION:
		if (gadget->is_iso)
			return give(urb, data, answer, iso_configuration, sizeof(iso_configuration));
		return give(urb, data, answer, loopback_configuration, sizeof(loopback_configuration));
	case DESCRIPTOR_STRING:
		return give_string(urb, data, answer, (uint8_t)which);
	default:
		return USBIF_STATUS_STALL;
	}
}

/* ---- control transfers ----------------------------------------------------------------------------------------- */

static bool *halt_of(struct gadget *gadget, uint16_t address)
{
	return &gadget->is_halted[(address & 0x0f) % GADGET_ENDPOINTS][(address & 0x80) != 0];
}

static int32_t configure(struct gadget *gadget, uint16_t value)
{
	if (value > 1)
		return USBIF_STATUS_STALL;
	gadget->configuration = (uint8_t)value;
	gadget->setting = 0;
	memset(gadget->is_halted, 0, sizeof(gadget->is_halted));
	for (unsigned int i = 0; i < 2; i++)
		gadget->pipe[i].nr_taken = gadget->pipe[i].nr_put;
	return USBIF_STATUS_OK;
}

static int32_t choose_setting(struct gadget *gadget, uint16_t setting)
{
	if (setting > gadget->is_iso)
		return USBIF_STATUS_STALL;
	gadget->setting = (uint8_t)setting;
	return USBIF_STATUS_OK;
}

static int32_t change(struct gadget *gadget, const struct usb_setup *setup)
{
	switch (setup->request) {
	case SET_CONFIGURATION:
		return configure(gadget, setup->value);
	case SET_INTERFACE:
		return choose_setting(gadget, setup->value);
	case SET_FEATURE:
	case CLEAR_FEATURE:
		if (setup->request_type == TO_ENDPOINT)
			*halt_of(gadget, setup->index) = setup->request == SET_FEATURE;
		return USBIF_STATUS_OK;
	default:
		return USBIF_STATUS_STALL;
	}
}

static int32_t control(struct gadget *gadget, const struct usb_urb *urb, uint8_t *data, struct usb_urb_answer *answer)
{
	const uint32_t seen[] = { gadget->nr_packets, gadget->nr_bytes, gadget->nr_wrong };
	struct usb_setup setup;
	uint16_t status = 0;

	usb_setup_decode(urb->setup, &setup);
	if (!(setup.request_type & USB_SETUP_IN))
		return change(gadget, &setup);
	if (setup.request_type == FROM_VENDOR && setup.request == GET_SEEN && gadget->is_iso)
		return give(urb, data, answer, seen, sizeof(seen));
	switch (setup.request) {
	case GET_DESCRIPTOR:
		return give_descriptor(gadget, urb, data, answer, setup.value);
	case GET_CONFIGURATION:
		return give(urb, data, answer, &gadget->configuration, 1);
	case GET_INTERFACE:
		return give(urb, data, answer, &gadget->setting, 1);
	case GET_STATUS:
		if (setup.request_type != FROM_DEVICE)
			status = *halt_of(gadget, setup.index);
		return give(urb, data, answer, &status, sizeof(status));
	default:
		return USBIF_STATUS_STALL;
	}
}

/* ---- what is sent comes back ----------------------------------------------------------------------------------- */

static bool put(struct gadget_pipe *pipe, const struct usb_urb *urb, const uint8_t *data, struct usb_urb_answer *answer)
{
	unsigned int at = pipe->nr_put % GADGET_MAX_WAITING;

	if (pipe->nr_put - pipe->nr_taken == GADGET_MAX_WAITING)
		return false;
	pipe->transfer[at].len_bytes = urb->len_bytes;
	memcpy(pipe->transfer[at].bytes, data, urb->len_bytes);
	pipe->nr_put++;
	answer->actual_bytes = (int32_t)urb->len_bytes;
	return true;
}

static bool take(struct gadget_pipe *pipe, const struct usb_urb *urb, uint8_t *data, struct usb_urb_answer *answer)
{
	unsigned int at = pipe->nr_taken % GADGET_MAX_WAITING;
	uint32_t left = pipe->transfer[at].len_bytes - pipe->taken_bytes;

	if (pipe->nr_put == pipe->nr_taken)
		return false;
	give(urb, data, answer, pipe->transfer[at].bytes + pipe->taken_bytes, left);
	pipe->taken_bytes += (uint32_t)answer->actual_bytes;
	if (pipe->taken_bytes == pipe->transfer[at].len_bytes) {
		pipe->taken_bytes = 0;
		pipe->nr_taken++;
	}
	if (urb->must_not_be_short && (uint32_t)answer->actual_bytes < urb->len_bytes)
		answer->status = USBIF_STATUS_IOERROR;
	return true;
}

/* ---- isochronous ----------------------------------------------------------------------------------------------- */

static void source_or_sink(struct gadget *gadget, const struct usb_urb *urb, uint8_t *data, struct usb_packet *packet)
{
	uint32_t len = packet->len_bytes < ISO_BYTES ? packet->len_bytes : ISO_BYTES;

	packet->actual_bytes = 0;
	packet->status = USBIF_STATUS_INVAL;
	if (!urb->is_in && packet->len_bytes > ISO_BYTES)
		return;
	for (uint32_t i = 0; i < len; i++) {
		uint8_t *octet = &data[packet->offset_bytes + i];

		if (urb->is_in) {
			*octet = gadget->next_given++;
			continue;
		}
		gadget->nr_wrong += *octet != gadget->next_expected;
		gadget->next_expected = (uint8_t)(*octet + 1);
	}
	packet->actual_bytes = len;
	packet->status = USBIF_STATUS_OK;
	if (!urb->is_in) {
		gadget->nr_packets++;
		gadget->nr_bytes += len;
	}
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

void gadget_init(struct gadget *gadget, bool is_iso)
{
	memset(gadget, 0, sizeof(*gadget));
	gadget->is_iso = is_iso;
	gadget->configuration = 1;
}

bool gadget_has_endpoint(const struct gadget *gadget, const struct usb_urb *urb)
{
	if (urb->type == USB_CONTROL)
		return urb->endpoint == 0;
	if (gadget->configuration == 0)
		return false;
	if (gadget->is_iso)
		return urb->type == USB_ISOC && gadget->setting == 1 && urb->endpoint == (urb->is_in ? 1 : 2);
	return urb->type == (urb->endpoint == 1 ? USB_BULK : USB_INTERRUPT) &&
	       (urb->endpoint == 1 || urb->endpoint == 2);
}

bool gadget_do(struct gadget *gadget, const struct usb_urb *urb, uint8_t *data, struct usb_packet *packets,
	       struct usb_urb_answer *answer)
{
	struct gadget_pipe *pipe = &gadget->pipe[urb->endpoint == 2];

	*answer = (struct usb_urb_answer){ .status = USBIF_STATUS_OK };
	if (urb->type == USB_CONTROL) {
		answer->status = control(gadget, urb, data, answer);
	} else if (gadget->is_halted[urb->endpoint][urb->is_in]) {
		answer->status = USBIF_STATUS_STALL;
	} else if (urb->type == USB_ISOC) {
		for (unsigned int i = 0; i < urb->nr_packets; i++) {
			source_or_sink(gadget, urb, data, &packets[i]);
			answer->actual_bytes += (int32_t)packets[i].actual_bytes;
			answer->nr_errors += packets[i].status != USBIF_STATUS_OK;
		}
	} else {
		return urb->is_in ? take(pipe, urb, data, answer) : put(pipe, urb, data, answer);
	}
	return true;
}
