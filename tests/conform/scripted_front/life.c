// SPDX-License-Identifier: MIT
/* From Initialising to Closed. */
#include "tests/conform/scripted_front/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/conform/peer/front_states.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

/* ---- while it is connected ------------------------------------------------------------------------------------- */

void guest_look(struct guest *guest)
{
	unsigned int state;

	front_take_changes(&guest->front, 0);
	state = front_state_of_backend(&guest->front);
	if (state == XB_CONNECTED)
		guest_read_size(guest);
	if (IN(state) & IS_CLOSING && !violates("BUS-31"))
		guest->is_ending = true;
	if (state == NO_STATE && !violates("BUS-29"))
		guest->is_broken = true;
}

/* ---- coming up ------------------------------------------------------------------------------------------------- */

/* Believes whatever it is told. */
static void begin_anywhere(struct guest *guest)
{
	struct front *front = &guest->front;
	struct xb_device *dev = &front->dev;
	struct errbuf err;

	need(xb_store_open(&front->store, &err), &err);
	dev->store = &front->store;
	dev->side = XB_FRONTEND;
	snprintf(dev->dir, sizeof(dev->dir), "%s/device/vbd/%u", front->store.home, front->devid);
	need(xb_read_string(&front->store, dev->dir, "backend", dev->otherend, sizeof(dev->otherend), &err), &err);
	need(xb_device_watch(dev, &err), &err);
}

static bool connect_by_offer(struct guest *guest)
{
	struct front *front = &guest->front;
	struct errbuf err;

	if (!violates("BUS-23") &&
	    !(IN(front_await_states(front, HAS_OFFERED, HAS_OFFERED | HAS_LET_GO | IN(XB_CLOSING))) & HAS_OFFERED))
		return false;
	if (!violates("BUS-23") && !guest_read_offer(guest))
		return false;
	guest_make(guest);
	guest_publish(guest);
	if (violates("BUS-26")) {
		guest_put(guest, BLKIF_OP_READ, 0, 0, 1);
		front_push(&guest->front);
	}
	if (front_await_states(front, IN(XB_CONNECTED), HAS_OFFERED | IN(XB_INITIALISING)) != XB_CONNECTED)
		return false;
	if (!guest_read_disk(guest))
		return false;
	front_go_to(front, XB_CONNECTED);
	if (violates("EVT-8"))
		xenevtchn_unbind(front->evtchn, front->port);
	if (violates("BUS-3"))
		(void)xb_write(&front->store, front->dev.otherend, "conform", &err, "1");
	return true;
}

bool guest_come_up(struct guest *guest)
{
	if (violates("BUS-2"))
		begin_anywhere(guest);
	else
		front_begin(&guest->front);
	front_start_over(&guest->front);
	return connect_by_offer(guest);
}

/* ---- going down ------------------------------------------------------------------------------------------------ */

static void reuse_pages(struct front *front)
{
	memset(front_page(front, 0), 0xa5, FRONT_DATA_PAGES * GRANT_PAGE_BYTES);
	memset(front->ring, 0xa5, GRANT_PAGE_BYTES);
}

void guest_go_down(struct guest *guest)
{
	struct front *front = &guest->front;

	if (violates("BUS-31") && front->ring)
		front_await_states(front, 0, ~0U);
	front_close_states(front);
	if (!front->ring)
		return;
	if (violates("BUS-37")) {
		guest_put(guest, BLKIF_OP_READ, 0, 0, 1);
		front_push(front);
	}
	if (violates("BUS-38"))
		reuse_pages(front);
	front_await_states(front, HAS_LET_GO, ~0U);
	if (violates("GNT-16"))
		reuse_pages(front);
}

static void say_why(struct guest *guest)
{
	struct front *front = &guest->front;
	struct errbuf ignored;

	if (!violates("BUS-17"))
		(void)xb_report_error(&front->store, front->dev.dir, -ENXIO, "the disk cannot be used", &ignored);
}

int guest_live(struct guest *guest, const char *work)
{
	int status = GUEST_REFUSED;

	if (guest_come_up(guest))
		status = guest_work(guest, work);
	else
		say_why(guest);
	guest_go_down(guest);
	return status;
}
