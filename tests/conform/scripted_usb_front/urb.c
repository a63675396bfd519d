// SPDX-License-Identifier: MIT
/* What is asked, what is answered, and what the backend tells of ports. */
#include "tests/conform/scripted_usb_front/hcd.h"

#include "common/base/clock.h"
#include "tests/conform/violate.h"

#define PATIENCE_MS 20000
#define LOOK_MS	    5

/* ---- asking ---------------------------------------------------------------------------------------------------- */

unsigned int hcd_next_page(struct hcd *hcd)
{
	return hcd->vusb.front.req_prod % VUSB_SLOTS * HCD_URB_PAGES;
}

struct hcd_urb *hcd_put(struct hcd *hcd, const struct usb_urb *urb)
{
	struct hcd_urb *out = &hcd->urbs[hcd->vusb.front.req_prod % VUSB_SLOTS];
	struct usb_urb named = *urb;

	if (violates("USB-32") && urb->type == USB_BULK)
		named.segment[0].offset_bytes = GRANT_PAGE_BYTES - 1;
	*out = (struct hcd_urb){ .is_out = true, .id = vusb_put(&hcd->vusb.front, named) };
	out->room_bytes = urb->len_bytes;
	hcd->nr_out++;
	return out;
}

/* ---- answers --------------------------------------------------------------------------------------------------- */

static struct hcd_urb *oldest_out(struct hcd *hcd)
{
	while (!hcd->urbs[hcd->oldest % VUSB_SLOTS].is_out)
		hcd->oldest++;
	return &hcd->urbs[hcd->oldest % VUSB_SLOTS];
}

/* NULL: it is none that can be believed. */
static struct hcd_urb *answered(struct hcd *hcd, const struct usb_urb_answer *answer)
{
	struct hcd_urb *urb = &hcd->urbs[answer->id % VUSB_SLOTS];
	bool is_bad;

	if (hcd->nr_out == 0)
		return NULL;
	if ((!urb->is_out || urb->id != answer->id) && violates("USB-31"))
		return oldest_out(hcd);
	is_bad = answer->actual_bytes < 0 || (uint32_t)answer->actual_bytes > urb->room_bytes;
	if (!urb->is_out || urb->id != answer->id || (is_bad && !violates("USB-31.octets")))
		return NULL;
	return urb;
}

static bool is_possible(const struct hcd *hcd)
{
	return front_is_possible(&hcd->vusb.front) && front_is_possible(&hcd->vusb.conn);
}

static void take_answers(struct hcd *hcd)
{
	struct usb_urb_answer answer;
	struct hcd_urb *urb;

	while (!hcd->is_broken && is_possible(hcd) && vusb_take(&hcd->vusb.front, &answer, 0)) {
		urb = answered(hcd, &answer);
		hcd->is_broken |= !urb;
		if (!urb)
			return;
		urb->is_out = false;
		urb->status = answer.status;
		urb->actual_bytes = answer.actual_bytes;
		hcd->nr_out--;
	}
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static void take_event(struct hcd *hcd, const void *octets)
{
	struct usb_conn_event event;
	bool is_good;

	usb_conn_event_decode(octets, &event);
	is_good = event.port > 0 && event.port <= hcd->nr_ports && event.speed <= USB_SPEED_HIGH;
	hcd->is_broken |= !is_good && !violates("USB-31.event");
	if (is_good)
		hcd->speed[event.port] = event.speed;
	if (!violates("USB-26"))
		vusb_put_place(&hcd->vusb, event.id);
}

static void take_events(struct hcd *hcd)
{
	const void *octets;

	while (!hcd->is_broken && is_possible(hcd) && (octets = front_take_raw(&hcd->vusb.conn, 0)))
		take_event(hcd, octets);
	if (!hcd->is_broken)
		front_push(&hcd->vusb.conn);
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

bool hcd_sleep(struct hcd *hcd)
{
	front_await_event(&hcd->vusb.front, LOOK_MS);
	hcd_look(hcd);
	take_events(hcd);
	take_answers(hcd);
	hcd->is_broken |= !is_possible(hcd);
	return !hcd->is_ending && !hcd->is_broken;
}

bool hcd_do_all(struct hcd *hcd)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);

	front_push(&hcd->vusb.front);
	while (hcd->nr_out > 0) {
		if (!hcd_sleep(hcd) || clock_now_ns() >= deadline_ns)
			return false;
	}
	return true;
}
