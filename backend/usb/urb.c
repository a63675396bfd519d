// SPDX-License-Identifier: MIT
#include "backend/usb/urb.h"

#define PAGE_BYTES 4096U

static enum usb_verdict reject(const char **why, const char *reason)
{
	*why = reason;
	return USB_REJECT;
}

/* How many bytes the segments from first on have; -1: one of them leaves its page. */
static int64_t segments_bytes(const struct usb_urb *urb, unsigned int first, unsigned int nr)
{
	int64_t sum = 0;

	for (unsigned int i = first; i < first + nr; i++) {
		if ((uint32_t)urb->segment[i].offset_bytes + urb->segment[i].len_bytes > PAGE_BYTES)
			return -1;
		sum += urb->segment[i].len_bytes;
	}
	return sum;
}

static enum usb_verdict check_data(struct usb_urb *urb, const char **why)
{
	int64_t sum;

	if (urb->nr_segments > USB_MAX_SEGMENTS || urb->nr_desc_segments > USB_MAX_SEGMENTS ||
	    urb->nr_segments + urb->nr_desc_segments > USB_MAX_SEGMENTS)
		return reject(why, "too many segments");
	sum = segments_bytes(urb, 0, urb->nr_segments);
	if (sum < 0)
		return reject(why, "a segment ends outside its page");
	if (sum == USB_MAX_URB_BYTES && urb->len_bytes == 0)
		urb->len_bytes = USB_MAX_URB_BYTES;
	if (sum != urb->len_bytes)
		return reject(why, "its segments are not as long as its data");
	return USB_OK;
}

static enum usb_verdict check_control(const struct usb_urb *urb, const char **why)
{
	struct usb_setup setup;

	usb_setup_decode(urb->setup, &setup);
	if (urb->endpoint != 0)
		return reject(why, "a control transfer to another endpoint than 0");
	if (setup.len_bytes != urb->len_bytes)
		return reject(why, "a setup packet of another length than its data");
	if (urb->len_bytes > 0 && !!(setup.request_type & USB_SETUP_IN) != urb->is_in)
		return reject(why, "a setup packet of another direction than its data");
	return USB_OK;
}

static enum usb_verdict check_isoc(const struct usb_urb *urb, const char **why)
{
	int64_t sum = segments_bytes(urb, urb->nr_segments, urb->nr_desc_segments);

	if (urb->nr_packets == 0)
		return reject(why, "an isochronous transfer of no packets");
	if (urb->nr_packets > USB_MAX_PACKETS)
		return reject(why, "an isochronous transfer of too many packets");
	if (sum < 0)
		return reject(why, "a segment ends outside its page");
	if (sum != (int64_t)(urb->nr_packets * sizeof(struct usb_packet)))
		return reject(why, "packets and segments that describe them do not agree");
	return USB_OK;
}

enum usb_verdict usb_urb_check(unsigned int nr_ports, struct usb_urb *urb, const char **why)
{
	enum usb_verdict verdict;

	if (urb->port == 0 || urb->port > nr_ports)
		return reject(why, "no such port");
	if (urb->is_unlink)
		return USB_OK;
	verdict = check_data(urb, why);
	if (verdict != USB_OK)
		return verdict;
	if (urb->type == USB_CONTROL)
		return check_control(urb, why);
	return urb->type == USB_ISOC ? check_isoc(urb, why) : USB_OK;
}

enum usb_verdict usb_endpoint_check(const struct usb_endpoints *endpoints, const struct usb_urb *urb,
				    const char **why)
{
	const struct usb_endpoint *endpoint = urb->is_in ? &endpoints->in[urb->endpoint] :
							   &endpoints->out[urb->endpoint];

	if (endpoint->packet_bytes == 0)
		return reject(why, "no such endpoint");
	if (endpoint->type != urb->type)
		return reject(why, "an endpoint of another type");
	return USB_OK;
}

enum usb_verdict usb_packets_check(const struct usb_urb *urb, const struct usb_packet *packets, const char **why)
{
	uint32_t end_bytes = 0; /* of the packet before */

	for (unsigned int i = 0; i < urb->nr_packets; i++) {
		const struct usb_packet *packet = &packets[i];

		if (packet->offset_bytes > urb->len_bytes || packet->len_bytes > urb->len_bytes - packet->offset_bytes)
			return reject(why, "a packet beyond the data");
		if (packet->offset_bytes < end_bytes)
			return reject(why, "a packet that begins before the end of the one before");
		end_bytes = packet->offset_bytes + packet->len_bytes;
	}
	return USB_OK;
}
