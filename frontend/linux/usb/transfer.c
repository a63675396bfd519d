// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/usb/transfer.h"

#include <linux/scatterlist.h>

#include "common/ring/order.h"
#include "frontend/linux/usb/buffers.h"

/*
 * buffer_length has 16 bits, so the last page of a buffer would not be full. It is left for what describes packets, and
 * is used by a control transfer alone, which cannot have several parts.
 */
#define MAX_PART_BYTES	 ((USB_NR_SEGMENTS - 1) * PAGE_SIZE)
#define MAX_PART_PACKETS 128 /* as many as Linux' usbfs takes, by which backends have them sent */

static_assert(sizeof(struct usb_iso_packet_descriptor) == 16);

/* ---- data -------------------------------------------------------------------------------------------------------- */

static void copy_out(const struct urb *urb, unsigned int offset, void *buffer, unsigned int bytes)
{
	if (urb->num_sgs)
		sg_pcopy_to_buffer(urb->sg, urb->num_sgs, buffer, bytes, offset);
	else
		memcpy(buffer, urb->transfer_buffer + offset, bytes);
}

static void copy_in(const struct urb *urb, unsigned int offset, const void *buffer, unsigned int bytes)
{
	if (urb->num_sgs)
		sg_pcopy_from_buffer(urb->sg, urb->num_sgs, buffer, bytes, offset);
	else
		peer_copy_long(urb->transfer_buffer + offset, buffer, bytes);
}

static void describe_data(struct xenusb_urb_request *request, const grant_ref_t *refs, unsigned int bytes)
{
	unsigned int i, nr = DIV_ROUND_UP(bytes, PAGE_SIZE);

	request->buffer_length = bytes;
	request->nr_buffer_segs = nr;
	for (i = 0; i < nr; i++)
		request->seg[i] = (struct xenusb_request_segment){
			.gref = refs[i],
			.length = min_t(unsigned int, bytes - i * PAGE_SIZE, PAGE_SIZE),
		};
}

/* ---- what is asked for ------------------------------------------------------------------------------------------- */

/* Of a hub, what is behind it has the number of the root hub's port, too. */
static unsigned int root_port(const struct usb_device *device)
{
	while (device->parent->parent)
		device = device->parent;
	return device->portnum;
}

u32 transfer_pipe(struct urb *urb)
{
	static const u8 types[] = {
		[USB_ENDPOINT_XFER_CONTROL] = XENUSB_PIPE_TYPE_CTRL,
		[USB_ENDPOINT_XFER_ISOC] = XENUSB_PIPE_TYPE_ISOC,
		[USB_ENDPOINT_XFER_BULK] = XENUSB_PIPE_TYPE_BULK,
		[USB_ENDPOINT_XFER_INT] = XENUSB_PIPE_TYPE_INT,
	};

	return root_port(urb->dev) | (usb_urb_dir_in(urb) ? XENUSB_PIPE_DIR : 0) |
	       usb_pipedevice(urb->pipe) << XENUSB_PIPE_DEV_SHIFT |
	       usb_endpoint_num(&urb->ep->desc) << XENUSB_PIPE_EP_SHIFT |
	       (u32)types[usb_endpoint_type(&urb->ep->desc)] << XENUSB_PIPE_TYPE_SHIFT;
}

static unsigned int max_part_bytes(const struct urb *urb)
{
	if (usb_endpoint_xfer_control(&urb->ep->desc))
		return U16_MAX;
	return rounddown(MAX_PART_BYTES, usb_endpoint_maxp(&urb->ep->desc));
}

/* The protocol has no flag for it; but the part after the last is a packet of no data. */
static bool ends_by_empty_packet(const struct urb *urb)
{
	return urb->transfer_flags & URB_ZERO_PACKET && usb_endpoint_is_bulk_out(&urb->ep->desc) &&
	       urb->transfer_buffer_length % usb_endpoint_maxp(&urb->ep->desc) == 0;
}

static void put_octets(struct usb_transfer *transfer, void *buffer, const grant_ref_t *refs, struct usb_part *part,
		       struct xenusb_urb_request *request)
{
	struct urb *urb = transfer->urb;
	unsigned int left = urb->transfer_buffer_length - transfer->next;

	part->bytes = part->nr = min(left, max_part_bytes(urb));
	if (!usb_urb_dir_in(urb))
		copy_out(urb, part->first, buffer, part->bytes);
	describe_data(request, refs, part->bytes);
	if (usb_endpoint_xfer_control(&urb->ep->desc))
		memcpy(request->u.ctrl, urb->setup_packet, sizeof(request->u.ctrl));
	else if (usb_endpoint_xfer_int(&urb->ep->desc))
		request->u.intr.interval = urb->interval;
	transfer->is_sent = part->bytes == left && (part->bytes == 0 || !ends_by_empty_packet(urb));
}

/* One after the other in the buffer, wherever the URB has them; what they are stands in its last page. */
static void put_packets(struct usb_transfer *transfer, void *buffer, const grant_ref_t *refs, struct usb_part *part,
			struct xenusb_urb_request *request)
{
	struct usb_iso_packet_descriptor packet, *described = buffer + MAX_PART_BYTES;
	struct urb *urb = transfer->urb;
	unsigned int nr_left = urb->number_of_packets - transfer->next;
	const struct usb_iso_packet_descriptor *frame = &urb->iso_frame_desc[part->first];

	for (; part->nr < min(nr_left, MAX_PART_PACKETS); part->nr++, frame++) {
		if (frame->length > MAX_PART_BYTES - part->bytes)
			break;
		if (!usb_urb_dir_in(urb))
			copy_out(urb, frame->offset, buffer + part->bytes, frame->length);
		packet = (struct usb_iso_packet_descriptor){ .offset = part->bytes, .length = frame->length };
		peer_write(&described[part->nr], &packet, sizeof(packet));
		part->bytes += frame->length;
	}
	describe_data(request, refs, part->bytes);
	request->seg[request->nr_buffer_segs] = (struct xenusb_request_segment){
		.gref = refs[USB_NR_SEGMENTS - 1],
		.length = part->nr * sizeof(*described),
	};
	request->u.isoc.interval = urb->interval;
	request->u.isoc.start_frame = urb->start_frame;
	request->u.isoc.number_of_packets = part->nr;
	request->u.isoc.nr_frame_desc_segs = 1;
	transfer->is_sent = part->nr == nr_left;
}

void transfer_put(struct usb_transfer *transfer, void *buffer, const grant_ref_t *refs, struct usb_part *part,
		  struct xenusb_urb_request *request)
{
	*part = (struct usb_part){ .first = transfer->next };
	request->pipe = transfer_pipe(transfer->urb);
	if (usb_endpoint_xfer_isoc(&transfer->urb->ep->desc))
		put_packets(transfer, buffer, refs, part, request);
	else
		put_octets(transfer, buffer, refs, part, request);
	transfer->next += part->nr;
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */

/* false: it is none of the protocol's. */
static bool translate(s32 status, int *error)
{
	static const struct {
		s32 status;
		int error;
	} rows[] = {
		{ XENUSB_STATUS_OK, 0 },
		{ XENUSB_STATUS_NODEV, -ENODEV },
		{ XENUSB_STATUS_INVAL, -EINVAL },
		{ XENUSB_STATUS_STALL, -EPIPE },
		{ XENUSB_STATUS_IOERROR, -EPROTO },
		{ XENUSB_STATUS_BABBLE, -EOVERFLOW },
		{ XENUSB_STATUS_SHUTDOWN, -ESHUTDOWN },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].status == status) {
			*error = rows[i].error;
			return true;
		}
	}
	return false;
}

static const char *octets_answered(struct usb_transfer *transfer, const void *buffer, const struct usb_part *part,
				   const struct xenusb_urb_response *response, int error)
{
	struct urb *urb = transfer->urb;
	u32 bytes = response->actual_length;

	if (bytes > part->bytes)
		return "a response is of more octets than were asked for";
	if (usb_urb_dir_in(urb))
		copy_in(urb, part->first, buffer, bytes);
	urb->actual_length += bytes;
	if (error == 0 && bytes < part->bytes) {
		transfer->is_sent = true;
		error = urb->transfer_flags & URB_SHORT_NOT_OK ? -EREMOTEIO : 0;
	}
	transfer->status = error;
	return NULL;
}

static const char *packets_answered(struct usb_transfer *transfer, const void *buffer, const struct usb_part *part)
{
	const struct usb_iso_packet_descriptor *described = buffer + MAX_PART_BYTES;
	struct urb *urb = transfer->urb;
	struct usb_iso_packet_descriptor packet, *frame = &urb->iso_frame_desc[part->first];
	unsigned int i, offset = 0;

	for (i = 0; i < part->nr; i++, frame++) {
		peer_copy(&packet, &described[i], sizeof(packet));
		if (packet.actual_length > frame->length)
			return "a packet is of more octets than were asked for";
		if (!translate(packet.status, &frame->status))
			return "a packet has a status that there is not";
		if (usb_urb_dir_in(urb))
			copy_in(urb, frame->offset, buffer + offset, packet.actual_length);
		frame->actual_length = packet.actual_length;
		urb->actual_length += packet.actual_length;
		urb->error_count += frame->status != 0;
		offset += frame->length;
	}
	return NULL;
}

static void packets_failed(struct urb *urb, const struct usb_part *part, int error)
{
	unsigned int i;

	for (i = part->first; i < part->first + part->nr; i++) {
		urb->iso_frame_desc[i].actual_length = 0;
		urb->iso_frame_desc[i].status = error;
	}
	urb->error_count += part->nr;
}

const char *transfer_answered(struct usb_transfer *transfer, const void *buffer, const struct usb_part *part,
			      const struct xenusb_urb_response *response)
{
	struct urb *urb = transfer->urb;
	int error;

	if (!translate(response->status, &error))
		return "a response has a status that there is not";
	if (error)
		transfer->is_sent = true;
	if (!usb_endpoint_xfer_isoc(&urb->ep->desc))
		return octets_answered(transfer, buffer, part, response, error);
	if (part->first == 0)
		urb->start_frame = response->start_frame;
	if (error == 0)
		return packets_answered(transfer, buffer, part);
	packets_failed(urb, part, error);
	transfer->status = error;
	return NULL;
}
