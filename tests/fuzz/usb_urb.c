// SPDX-License-Identifier: MIT
/*
 * What a guest asks of a USB controller, from its slot to the verdict, with the packets of an isochronous one; and the
 * descriptors that say which endpoints a device has. What holds:
 *
 * - written and read again, it is the same request, and each bit of the slot that means something is as it was;
 * - one that is accepted is for a port that there is, its segments lie in their pages, and have as many bytes as it
 *   says, no more than the buffer of a slot; a control transfer's setup packet says the same, an isochronous one has as
 *   many packets as are described;
 * - packets are accepted if, and only if, each byte of the data is one packet's at most, in their order;
 * - what the host does by itself has no data, and names no address that there is not;
 * - an endpoint that is found is named by a descriptor, and is what it says.
 */
#include "backend/usb/descriptors.h"
#include "backend/usb/host_request.h"
#include "common/wire/xen_usbif.h"
#include "tests/fuzz/fuzz.h"

/* ---- the wire -------------------------------------------------------------------------------------------------- */

static void check_round_trip(const struct usb_urb *urb)
{
	uint8_t *octets = malloc(USB_URB_REQUEST_BYTES), *other = malloc(USB_URB_REQUEST_BYTES);
	struct usb_urb again;

	memset(octets, 0x55, USB_URB_REQUEST_BYTES);
	memset(other, 0xaa, USB_URB_REQUEST_BYTES);
	usb_urb_encode(urb, octets);
	usb_urb_decode(octets, &again);
	usb_urb_encode(&again, other);
	assert(memcmp(octets, other, USB_URB_REQUEST_BYTES) == 0);
	assert(again.id == urb->id && again.port == urb->port && again.address == urb->address &&
	       again.endpoint == urb->endpoint && again.type == urb->type && again.is_in == urb->is_in &&
	       again.is_unlink == urb->is_unlink && again.unlink_id == urb->unlink_id &&
	       again.len_bytes == urb->len_bytes && again.nr_segments == urb->nr_segments &&
	       again.nr_desc_segments == urb->nr_desc_segments && again.nr_packets == urb->nr_packets);
	assert(memcmp(again.setup, urb->setup, sizeof(urb->setup)) == 0);
	free(octets);
	free(other);
}

/* How many bytes from 12 on belong to the type. */
static size_t bytes_of_type(const struct usb_urb *urb)
{
	if (urb->is_unlink || urb->type == USB_INTERRUPT)
		return 2;
	return urb->type == USB_BULK ? 0 : 8;
}

static void check_encoded(const struct usb_urb *urb, const uint8_t *slot)
{
	static const uint8_t meant[12] = { 0xff, 0xff, 0xff, 0xff, 0xbf, 0xff, 0x07, 0xc0, 0x01, 0x00, 0xff, 0xff };
	uint8_t octets[USB_URB_REQUEST_BYTES];

	usb_urb_encode(urb, octets);
	for (unsigned int i = 0; i < sizeof(meant); i++)
		assert((octets[i] & meant[i]) == (slot[i] & meant[i]) && (octets[i] & ~meant[i]) == 0);
	assert(memcmp(octets + 12, slot + 12, bytes_of_type(urb)) == 0);
	assert(memcmp(octets + 20, slot + 20, USB_URB_REQUEST_BYTES - 20) == 0);
}

static void check_answer(const struct usb_urb *urb)
{
	const struct usb_urb_answer answer = { urb->id, urb->start_frame, urb->address, (int)urb->len_bytes, -1 };
	uint8_t *octets = malloc(USB_URB_RESPONSE_BYTES);
	struct usb_urb_answer again;

	usb_urb_answer_encode(&answer, octets);
	usb_urb_answer_decode(octets, &again);
	assert(memcmp(&answer, &again, sizeof(answer)) == 0);
	free(octets);
}

/* ---- the verdict ----------------------------------------------------------------------------------------------- */

static uint32_t bytes_in_pages(const struct usb_urb *urb, unsigned int first, unsigned int nr)
{
	uint32_t sum = 0;

	for (unsigned int i = first; i < first + nr; i++) {
		assert(i < USB_MAX_SEGMENTS && urb->segment[i].offset_bytes + urb->segment[i].len_bytes <= 4096);
		sum += urb->segment[i].len_bytes;
	}
	return sum;
}

static void check_control(const struct usb_urb *urb)
{
	struct usb_host_request request = usb_host_request(urb);

	assert(urb->endpoint == 0 && (urb->setup[6] | urb->setup[7] << 8) == (int)urb->len_bytes);
	assert(request.kind == USB_NOT_THE_HOSTS || request.kind == USB_BAD_REQUEST || urb->len_bytes == 0);
	assert(request.kind != USB_SET_ADDRESS || request.address <= USB_MAX_ADDRESS);
	assert((request.kind == USB_BAD_REQUEST) == !!request.why);
}

static void check_accepted(const struct usb_urb *urb, unsigned int nr_ports)
{
	assert(urb->port >= 1 && urb->port <= nr_ports);
	if (urb->is_unlink)
		return;
	assert(bytes_in_pages(urb, 0, urb->nr_segments) == urb->len_bytes && urb->len_bytes <= USB_MAX_URB_BYTES);
	if (urb->type == USB_CONTROL)
		check_control(urb);
	if (urb->type != USB_ISOC)
		return;
	assert(urb->nr_packets >= 1 && urb->nr_packets <= USB_MAX_PACKETS);
	assert(bytes_in_pages(urb, urb->nr_segments, urb->nr_desc_segments) ==
	       urb->nr_packets * sizeof(struct usb_packet));
}

/* ---- packets --------------------------------------------------------------------------------------------------- */

static bool are_apart(const struct usb_urb *urb, const struct usb_packet *packets)
{
	uint64_t next = 0; /* byte that is nobody's yet */

	for (unsigned int i = 0; i < urb->nr_packets; i++) {
		if (packets[i].offset_bytes < next)
			return false;
		next = (uint64_t)packets[i].offset_bytes + packets[i].len_bytes;
		if (next > urb->len_bytes)
			return false;
	}
	return true;
}

/* Every other one as wide as can be, the others about as wide as may be. */
static void check_packets(struct fuzz_input *input, const struct usb_urb *urb)
{
	struct usb_packet *packets = calloc(urb->nr_packets, sizeof(*packets));
	const char *why = NULL;
	bool is_ok;

	for (unsigned int i = 0; i < urb->nr_packets; i++) {
		bool is_wide = fuzz_u8(input) & 1;

		packets[i].offset_bytes = is_wide ? fuzz_u32(input) : fuzz_u16(input);
		packets[i].len_bytes = is_wide ? fuzz_u32(input) : fuzz_u8(input);
	}
	is_ok = usb_packets_check(urb, packets, &why) == USB_OK;
	assert(is_ok == are_apart(urb, packets) && is_ok == !why);
	free(packets);
}

/* ---- descriptors ----------------------------------------------------------------------------------------------- */

static bool is_described(const uint8_t *bytes, size_t len_bytes, uint8_t address, const struct usb_endpoint *endpoint)
{
	static const uint8_t types[] = { USB_CONTROL, USB_ISOC, USB_BULK, USB_INTERRUPT };

	for (size_t i = 0; i + 7 <= len_bytes; i++) {
		if (bytes[i] >= 7 && bytes[i + 1] == 5 && (bytes[i + 2] & 0x8f) == address &&
		    types[bytes[i + 3] & 3] == endpoint->type &&
		    ((bytes[i + 4] | bytes[i + 5] << 8) & 0x7ff) == endpoint->packet_bytes)
			return true;
	}
	return false;
}

static void check_descriptors(struct fuzz_input *input, struct usb_urb *urb)
{
	uint8_t alternate[USB_MAX_INTERFACES] = { 0, fuzz_u8(input) % 4 };
	struct usb_endpoints endpoints;
	const char *why = NULL;

	usb_endpoints_find(&endpoints, input->next, input->left_bytes, alternate);
	for (uint8_t i = 0; i < USB_NR_ENDPOINTS; i++) {
		if (endpoints.in[i].packet_bytes)
			assert(is_described(input->next, input->left_bytes, i | 0x80, &endpoints.in[i]));
		if (endpoints.out[i].packet_bytes)
			assert(is_described(input->next, input->left_bytes, i, &endpoints.out[i]));
	}
	(void)usb_has_class(input->next, input->left_bytes, 9);
	(void)usb_has_setting(input->next, input->left_bytes, 1, alternate[1]);
	if (usb_endpoint_check(&endpoints, urb, &why) == USB_OK)
		assert((urb->is_in ? endpoints.in : endpoints.out)[urb->endpoint].type == urb->type);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
	struct fuzz_input input = { bytes, len_bytes };
	unsigned int nr_ports = 1 + fuzz_u8(&input) % USB_MAX_PORTS;
	uint8_t *octets = malloc(USB_URB_REQUEST_BYTES);
	const char *why = NULL;
	struct usb_urb urb;

	fuzz_take(&input, octets, USB_URB_REQUEST_BYTES);
	usb_urb_decode(octets, &urb);
	check_encoded(&urb, octets);
	free(octets);
	check_round_trip(&urb);
	check_answer(&urb);
	if (usb_urb_check(nr_ports, &urb, &why) == USB_OK) {
		check_accepted(&urb, nr_ports);
		if (!urb.is_unlink && urb.type == USB_ISOC)
			check_packets(&input, &urb);
	} else {
		assert(why);
	}
	check_descriptors(&input, &urb);
	return 0;
}
