// SPDX-License-Identifier: MIT
/* From Initialising to Closed. */
#include "tests/conform/scripted_front/guest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

#define IN(state)    (1U << (state))
#define HAS_OFFERED  (IN(XB_INIT_WAIT) | IN(XB_INITIALISED) | IN(XB_CONNECTED))
#define HAS_LET_GO   (IN(XB_CLOSED) | IN(XB_INIT_WAIT) | IN(XB_INITIALISING) | IN(XB_UNKNOWN))
#define IS_CLOSING   (IN(XB_CLOSING) | IN(XB_CLOSED) | IN(XB_UNKNOWN))
#define PATIENCE_MS  20000
#define NO_STATE     31 /* what is written there is none */

/* ---- states ---------------------------------------------------------------------------------------------------- */

static enum xb_state own_state(struct guest *guest)
{
	enum xb_state state;
	struct errbuf err;

	return xb_device_own_state(&guest->front.dev, &state, &err) ? XB_UNKNOWN : state;
}

static unsigned int backend_state(struct guest *guest)
{
	enum xb_state state;
	struct errbuf err;
	int rc = xb_device_peer_state(&guest->front.dev, &state, &err);

	if (rc == -EPROTO || (rc == 0 && (state == XB_RECONFIGURING || state == XB_RECONFIGURED)))
		return NO_STATE;
	return rc ? XB_UNKNOWN : state;
}

/* Nothing, if the toolstack has removed our directory. */
static void go_to(struct guest *guest, enum xb_state state)
{
	struct front *front = &guest->front;
	struct errbuf err;

	if (violates("BUS-4"))
		(void)xb_write(&front->store, front->dev.dir, "state", &err, "%u", state);
	else
		(void)xb_device_switch(&front->dev, state, &err);
}

static void take_changes(struct guest *guest, uint64_t deadline_ns)
{
	struct front *front = &guest->front;
	struct errbuf err;
	int rc = xb_watch_wait(&front->store, deadline_ns, &err);

	if (rc && rc != -ETIMEDOUT)
		error("%s", err.text);
	while (xb_watch_next_dirty(&front->store))
		;
}

/* Which of them; any other than those and the ones before ends the wait, too. */
static unsigned int await(struct guest *guest, unsigned int states, unsigned int before)
{
	uint64_t deadline_ns = clock_in_ms(PATIENCE_MS);
	unsigned int state;

	for (;;) {
		state = backend_state(guest);
		if (state == NO_STATE && violates("BUS-29"))
			state = XB_INITIALISING;
		if (IN(state) & states || !(IN(state) & before) || clock_now_ns() >= deadline_ns)
			return state;
		take_changes(guest, deadline_ns);
	}
}

/* ---- while it is connected ------------------------------------------------------------------------------------- */

void guest_look(struct guest *guest)
{
	unsigned int state;

	take_changes(guest, 0);
	state = backend_state(guest);
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

/* After an earlier connection, not before the backend has let go of that. */
static void start_over(struct guest *guest)
{
	enum xb_state ours = own_state(guest);

	if (ours == XB_INITIALISING)
		return;
	if (ours != XB_CLOSED)
		go_to(guest, XB_CLOSED);
	if (!violates("BUS-44"))
		await(guest, HAS_LET_GO, ~0U);
	go_to(guest, XB_INITIALISING);
}

static bool connect_by_offer(struct guest *guest)
{
	struct front *front = &guest->front;
	struct errbuf err;

	if (!violates("BUS-23") &&
	    !(IN(await(guest, HAS_OFFERED, HAS_OFFERED | HAS_LET_GO | IN(XB_CLOSING))) & HAS_OFFERED))
		return false;
	if (!violates("BUS-23") && !guest_read_offer(guest))
		return false;
	guest_make(guest);
	guest_publish(guest);
	if (violates("BUS-26")) {
		guest_put(guest, BLKIF_OP_READ, 0, 0, 1);
		front_push(&guest->front);
	}
	if (await(guest, IN(XB_CONNECTED), HAS_OFFERED | IN(XB_INITIALISING)) != XB_CONNECTED)
		return false;
	if (!guest_read_disk(guest))
		return false;
	go_to(guest, XB_CONNECTED);
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
	start_over(guest);
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

	if (violates("BUS-31") && guest->front.ring)
		await(guest, 0, ~0U);
	if (own_state(guest) == XB_CONNECTED) {
		go_to(guest, XB_CLOSING);
		await(guest, IS_CLOSING, ~0U);
	}
	go_to(guest, XB_CLOSED);
	if (!front->ring)
		return;
	if (violates("BUS-37")) {
		guest_put(guest, BLKIF_OP_READ, 0, 0, 1);
		front_push(front);
	}
	if (violates("BUS-38"))
		reuse_pages(front);
	await(guest, HAS_LET_GO, ~0U);
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
