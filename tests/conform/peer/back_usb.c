// SPDX-License-Identifier: MIT
#include "tests/conform/peer/back_usb.h"

#include "tests/conform/verdict.h"

#define MAX_PORT 131071

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static int read_number(struct back *back, const char *name, uint32_t max, uint32_t *value, struct errbuf *why)
{
	return xb_read_u32(back->store, back->dev.otherend, name, 1, max, value, why);
}

bool back_usb_read(struct back *urbs, struct back *events, struct errbuf *why)
{
	int rc = read_number(urbs, "urb-ring-ref", UINT32_MAX, &urbs->refs[0], why);

	if (rc == 0)
		rc = read_number(urbs, "conn-ring-ref", UINT32_MAX, &events->refs[0], why);
	if (rc == 0)
		rc = read_number(urbs, "event-channel", MAX_PORT, &urbs->remote_port, why);
	if (xb_is_unknown(rc))
		error("%s", why->text);
	return rc == 0;
}

bool back_usb_attach(struct back *urbs, struct back *events, struct errbuf *why)
{
	if (!back_bind(urbs, why) || !back_map_slots(urbs, USB_URB_REQUEST_BYTES, USB_URB_RESPONSE_BYTES, why))
		return false;
	back_share_handles(events, urbs);
	return back_map_slots(events, USB_CONN_REQUEST_BYTES, USB_CONN_RESPONSE_BYTES, why);
}

void back_usb_release(struct back *urbs, struct back *events)
{
	back_release(events);
	back_release(urbs);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

/* By the port that the rings have in common. */
void back_usb_push_events(struct back *urbs, struct back *events)
{
	events->port = urbs->port;
	back_push(events);
	events->port = -1;
}

void back_usb_tell(struct back *urbs, struct back *events, uint8_t port, uint8_t speed)
{
	uint8_t place[USB_CONN_REQUEST_BYTES], octets[USB_CONN_RESPONSE_BYTES];

	back_take_raw(events, place);
	usb_conn_event_encode(&(struct usb_conn_event){ usb_conn_request_decode(place), port, speed }, octets);
	back_put_raw(events, octets);
	back_usb_push_events(urbs, events);
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

bool back_usb_move(struct back *back, const struct usb_segment *segments, unsigned int nr, uint32_t at, uint32_t len,
		   void *octets, bool to_guest)
{
	uint8_t *local = octets;

	for (unsigned int i = 0; i < nr && len > 0; i++) {
		uint32_t here = segments[i].len_bytes > at ? segments[i].len_bytes - at : 0;
		uint16_t offset = (uint16_t)(segments[i].offset_bytes + at);

		at -= here ? at : segments[i].len_bytes;
		here = here < len ? here : len;
		if (here && !(to_guest ? back_write_page(back, segments[i].gref, offset, (uint16_t)here, local)
				       : back_read_page(back, segments[i].gref, offset, (uint16_t)here, local)))
			return false;
		local += here;
		len -= here;
	}
	return true;
}
