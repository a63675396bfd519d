// SPDX-License-Identifier: MIT
/* From Initialising to Closed. */
#include "tests/conform/scripted_usb_front/hcd.h"

#include "tests/conform/peer/front_states.h"
#include "tests/conform/violate.h"

void hcd_init(struct hcd *hcd, uint32_t devid)
{
	vusb_init(&hcd->vusb, devid);
	hcd->vusb.front.state = XB_INITIALISED;
	if (violates("USB-26.none"))
		hcd->vusb.nr_places = 0;
}

void hcd_look(struct hcd *hcd)
{
	struct front *front = &hcd->vusb.front;
	unsigned int state;

	front_take_changes(front, 0);
	state = front_state_of_backend(front);
	hcd->is_ending |= (IN(state) & IS_CLOSING) != 0;
	hcd->is_broken |= state == NO_STATE;
}

static bool read_offer(struct hcd *hcd)
{
	struct front *front = &hcd->vusb.front;
	struct errbuf why;
	int rc = xb_read_u32(&front->store, front->dev.otherend, "num-ports", 1, USB_MAX_PORTS, &hcd->nr_ports, &why);

	return rc == 0;
}

static bool come_up(struct hcd *hcd)
{
	struct front *front = &hcd->vusb.front;

	front_begin(front);
	front_start_over(front);
	if (!(IN(front_await_states(front, HAS_OFFERED, HAS_OFFERED | HAS_LET_GO | IN(XB_CLOSING))) & HAS_OFFERED) ||
	    !read_offer(hcd))
		return false;
	front_make(front);
	front_publish(front);
	if (front_await_states(front, IN(XB_CONNECTED), HAS_OFFERED | IN(XB_INITIALISING)) != XB_CONNECTED)
		return false;
	front_go_to(front, XB_CONNECTED);
	front_notify(front); /* of the places for events, which were there when there was nobody to be told */
	return true;
}

static void go_down(struct hcd *hcd)
{
	struct front *front = &hcd->vusb.front;

	front_close_states(front);
	if (front->ring)
		front_await_states(front, HAS_LET_GO, ~0U);
}

int hcd_live(struct hcd *hcd, const char *work)
{
	int status = HCD_REFUSED;

	if (come_up(hcd))
		status = hcd_work(hcd, work);
	go_down(hcd);
	return status;
}
