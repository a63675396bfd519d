// SPDX-License-Identifier: MIT
#include "common/wire/usb.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <xen/io/protocols.h>

#include "common/base/errbuf.h"
#include "common/wire/xen_usbif.h"

#define AT(STRUCT, FIELD, OFFSET, BYTES)                                                           \
	static_assert(offsetof(struct STRUCT, FIELD) == (OFFSET) &&                                \
			      sizeof(((struct STRUCT *)0)->FIELD) == (BYTES),                      \
		      #STRUCT "." #FIELD)

/* No field is wider than what 32-bit x86 aligns as 64-bit x86 does: these offsets are those of both. */
AT(usbif_urb_request, id, 0, 2);
AT(usbif_urb_request, nr_buffer_segs, 2, 2);
AT(usbif_urb_request, pipe, 4, 4);
AT(usbif_urb_request, transfer_flags, 8, 2);
AT(usbif_urb_request, buffer_length, 10, 2);
AT(usbif_urb_request, u, 12, 8);
AT(usbif_urb_request, u.isoc.interval, 12, 2);
AT(usbif_urb_request, u.isoc.start_frame, 14, 2);
AT(usbif_urb_request, u.isoc.number_of_packets, 16, 2);
AT(usbif_urb_request, u.isoc.nr_frame_desc_segs, 18, 2);
AT(usbif_urb_request, u.intr.interval, 12, 2);
AT(usbif_urb_request, u.unlink.unlink_id, 12, 2);
AT(usbif_urb_request, seg, 20, 128);
AT(usbif_request_segment, gref, 0, 4);
AT(usbif_request_segment, offset, 4, 2);
AT(usbif_request_segment, length, 6, 2);
AT(usbif_urb_response, id, 0, 2);
AT(usbif_urb_response, start_frame, 2, 2);
AT(usbif_urb_response, status, 4, 4);
AT(usbif_urb_response, actual_length, 8, 4);
AT(usbif_urb_response, error_count, 12, 4);
AT(usbif_conn_response, id, 0, 2);
AT(usbif_conn_response, portnum, 2, 1);
AT(usbif_conn_response, speed, 3, 1);
static_assert(sizeof(struct usbif_urb_request) == USB_URB_REQUEST_BYTES, "an URB's request");
static_assert(sizeof(struct usbif_urb_response) == USB_URB_RESPONSE_BYTES, "an URB's response");
static_assert(sizeof(struct usbif_conn_request) == USB_CONN_REQUEST_BYTES, "room for an event");
static_assert(sizeof(struct usbif_conn_response) == USB_CONN_RESPONSE_BYTES, "an event");
static_assert(USBIF_MAX_SEGMENTS_PER_REQUEST == USB_MAX_SEGMENTS && USBIF_MAX_PORTNR == USB_MAX_PORTS, "limits");
static_assert(sizeof(struct usb_packet) == 16, "a packet's descriptor");
static_assert(USB_ISOC == USBIF_PIPE_TYPE_ISOC && USB_INTERRUPT == USBIF_PIPE_TYPE_INT &&
		      USB_CONTROL == USBIF_PIPE_TYPE_CTRL && USB_BULK == USBIF_PIPE_TYPE_BULK,
	      "types");
static_assert(USB_SPEED_NONE == USBIF_SPEED_NONE && USB_SPEED_LOW == USBIF_SPEED_LOW &&
		      USB_SPEED_FULL == USBIF_SPEED_FULL && USB_SPEED_HIGH == USBIF_SPEED_HIGH,
	      "speeds");

static void decode_pipe(uint32_t pipe, struct usb_urb *urb)
{
	urb->port = usbif_pipeportnum(pipe);
	urb->is_unlink = usbif_pipeunlink(pipe);
	urb->is_in = usbif_pipein(pipe);
	urb->address = usbif_pipedevice(pipe);
	urb->endpoint = usbif_pipeendpoint(pipe);
	urb->type = usbif_pipetype(pipe);
}

static void decode_isoc(const struct usbif_urb_request *req, struct usb_urb *urb)
{
	urb->interval = req->u.isoc.interval;
	urb->start_frame = req->u.isoc.start_frame;
	urb->nr_packets = req->u.isoc.number_of_packets;
	urb->nr_desc_segments = req->u.isoc.nr_frame_desc_segs;
}

void usb_urb_decode(const void *octets, struct usb_urb *urb)
{
	struct usbif_urb_request req;

	memcpy(&req, octets, sizeof(req));
	*urb = (struct usb_urb){
		.id = req.id,
		.must_not_be_short = req.transfer_flags & USBIF_SHORT_NOT_OK,
		.len_bytes = req.buffer_length,
		.nr_segments = req.nr_buffer_segs,
	};
	decode_pipe(req.pipe, urb);
	if (urb->is_unlink)
		urb->unlink_id = req.u.unlink.unlink_id;
	else if (urb->type == USB_ISOC)
		decode_isoc(&req, urb);
	else if (urb->type == USB_INTERRUPT)
		urb->interval = req.u.intr.interval;
	else if (urb->type == USB_CONTROL)
		memcpy(urb->setup, req.u.ctrl, sizeof(urb->setup));
	for (unsigned int i = 0; i < USB_MAX_SEGMENTS; i++)
		urb->segment[i] = (struct usb_segment){ req.seg[i].gref, req.seg[i].offset, req.seg[i].length };
}

static uint32_t encode_pipe(const struct usb_urb *urb)
{
	return urb->port | (urb->is_unlink ? USBIF_PIPE_UNLINK : 0) | (urb->is_in ? USBIF_PIPE_DIR : 0) |
	       (uint32_t)urb->address << USBIF_PIPE_DEV_SHIFT | (uint32_t)urb->endpoint << USBIF_PIPE_EP_SHIFT |
	       (uint32_t)urb->type << USBIF_PIPE_TYPE_SHIFT;
}

void usb_urb_encode(const struct usb_urb *urb, void *octets)
{
	struct usbif_urb_request req = {
		.id = urb->id,
		.nr_buffer_segs = urb->nr_segments,
		.pipe = encode_pipe(urb),
		.transfer_flags = urb->must_not_be_short ? USBIF_SHORT_NOT_OK : 0,
		.buffer_length = (uint16_t)urb->len_bytes,
	};

	if (urb->is_unlink) {
		req.u.unlink.unlink_id = urb->unlink_id;
	} else if (urb->type == USB_ISOC) {
		req.u.isoc.interval = urb->interval;
		req.u.isoc.start_frame = urb->start_frame;
		req.u.isoc.number_of_packets = urb->nr_packets;
		req.u.isoc.nr_frame_desc_segs = urb->nr_desc_segments;
	} else if (urb->type == USB_INTERRUPT) {
		req.u.intr.interval = urb->interval;
	} else if (urb->type == USB_CONTROL) {
		memcpy(req.u.ctrl, urb->setup, sizeof(req.u.ctrl));
	}
	for (unsigned int i = 0; i < USB_MAX_SEGMENTS; i++) {
		req.seg[i].gref = urb->segment[i].gref;
		req.seg[i].offset = urb->segment[i].offset_bytes;
		req.seg[i].length = urb->segment[i].len_bytes;
	}
	memcpy(octets, &req, sizeof(req));
}

void usb_urb_answer_decode(const void *octets, struct usb_urb_answer *answer)
{
	struct usbif_urb_response rsp;

	memcpy(&rsp, octets, sizeof(rsp));
	*answer = (struct usb_urb_answer){ rsp.id, rsp.start_frame, rsp.status, rsp.actual_length, rsp.error_count };
}

void usb_urb_answer_encode(const struct usb_urb_answer *answer, void *octets)
{
	const struct usbif_urb_response rsp = {
		.id = answer->id,
		.start_frame = answer->start_frame,
		.status = answer->status,
		.actual_length = answer->actual_bytes,
		.error_count = answer->nr_errors,
	};

	memcpy(octets, &rsp, sizeof(rsp));
}

uint16_t usb_conn_request_decode(const void *octets)
{
	uint16_t id;

	memcpy(&id, octets, sizeof(id));
	return id;
}

void usb_conn_request_encode(uint16_t id, void *octets)
{
	memcpy(octets, &id, sizeof(id));
}

void usb_conn_event_decode(const void *octets, struct usb_conn_event *event)
{
	struct usbif_conn_response rsp;

	memcpy(&rsp, octets, sizeof(rsp));
	*event = (struct usb_conn_event){ rsp.id, rsp.portnum, rsp.speed };
}

void usb_conn_event_encode(const struct usb_conn_event *event, void *octets)
{
	const struct usbif_conn_response rsp = { event->id, event->port, event->speed };

	memcpy(octets, &rsp, sizeof(rsp));
}

int usb_protocol_check(const char *name, struct errbuf *err)
{
	if (strcmp(name, XEN_IO_PROTO_ABI_NATIVE) == 0 || strcmp(name, XEN_IO_PROTO_ABI_X86_64) == 0 ||
	    strcmp(name, XEN_IO_PROTO_ABI_X86_32) == 0)
		return 0;
	return errbuf_set(err, -EINVAL, "'%.40s' is not a protocol that is known: expected " XEN_IO_PROTO_ABI_X86_64
			  " or " XEN_IO_PROTO_ABI_X86_32, name);
}

void usb_setup_decode(const uint8_t octets[8], struct usb_setup *setup)
{
	*setup = (struct usb_setup){
		.request_type = octets[0],
		.request = octets[1],
		.value = (uint16_t)(octets[2] | octets[3] << 8),
		.index = (uint16_t)(octets[4] | octets[5] << 8),
		.len_bytes = (uint16_t)(octets[6] | octets[7] << 8),
	};
}

void usb_setup_encode(const struct usb_setup *setup, uint8_t octets[8])
{
	const uint8_t bytes[8] = {
		setup->request_type,	 setup->request,
		(uint8_t)setup->value,	 setup->value >> 8,
		(uint8_t)setup->index,	 setup->index >> 8,
		(uint8_t)setup->len_bytes, setup->len_bytes >> 8,
	};

	memcpy(octets, bytes, sizeof(bytes));
}
