// SPDX-License-Identifier: MIT
/* A controller's states: whatever happens, both ends' are read, and one step is taken. */
#include "tests/conform/scripted_usb/controller.h"

#include <errno.h>

#include "tests/conform/verdict.h"
#include "tests/conform/violate.h"

static struct controller *to_controller(struct back *back)
{
	return (struct controller *)back;
}

/* ---- connecting ------------------------------------------------------------------------------------------------ */

static void release(struct controller *controller)
{
	back_usb_release(&controller->back, &controller->events);
	controller->is_connected = false;
	controller->nr_waiting = controller->nr_with_device = 0;
}

/* A frontend that has gone on meanwhile, to new rings perhaps, would never be looked at again. */
static void write_closing(struct back *back)
{
	if (!back_frontend_has_moved(back))
		back_switch(back, XB_CLOSING);
}

static void refuse(struct controller *controller, int rc, const struct errbuf *why)
{
	struct back *back = &controller->back;
	struct errbuf ignored;

	release(controller);
	xb_report_error(back->store, back->dev.dir, rc, why->text, &ignored);
	back_transaction(back, write_closing);
}

static void write_offer(struct back *back)
{
	back_switch(back, XB_INIT_WAIT);
}

static void offer(struct controller *controller)
{
	controller->was_offered = true;
	back_transaction(&controller->back, write_offer);
}

static bool knows_protocol(struct back *back, struct errbuf *why)
{
	char protocol[32];
	int rc = xb_read_string_or(back->store, back->dev.otherend, "protocol", "", protocol, sizeof(protocol), why);

	if (xb_is_unknown(rc))
		error("%s", why->text);
	return violates("USB-1") || (rc == 0 && (!*protocol || usb_protocol_check(protocol, why) == 0));
}

static void write_connected(struct back *back)
{
	struct controller *controller = to_controller(back);

	controller->is_connected = !back_frontend_has_moved(back);
	if (controller->is_connected)
		back_switch(back, XB_CONNECTED);
}

static void connect(struct controller *controller)
{
	struct back *back = &controller->back;
	struct errbuf why, ignored;

	if (!knows_protocol(back, &why) || !back_usb_read(back, &controller->events, &why) ||
	    !back_usb_attach(back, &controller->events, &why)) {
		refuse(controller, -EINVAL, &why);
	} else if (!back_transaction(back, write_connected) || !controller->is_connected) {
		release(controller);
	} else {
		ports_forget_told(controller);
		xb_clear_error(back->store, back->dev.dir, &ignored);
	}
}

/* ---- what next ------------------------------------------------------------------------------------------------- */

/* false: for good. */
static bool disconnect(struct controller *controller)
{
	bool is_wanted = xb_device_is_online(&controller->back.dev);

	release(controller);
	back_switch(&controller->back, XB_CLOSED);
	return is_wanted;
}

/* Both in order, or what goes on was begun by somebody else, who has ended. */
static void stay(struct controller *controller, enum xb_state ours)
{
	if (ours == XB_INITIALISING)
		offer(controller);
	else if (ours == XB_CONNECTED && !controller->is_connected)
		back_switch(&controller->back, XB_CLOSING);
}

static void forbid(struct controller *controller, enum xb_state ours)
{
	const struct errbuf why = { "the frontend is in a state that does not go with ours" };

	if (ours != XB_CLOSING && ours != XB_CLOSED)
		refuse(controller, -EPROTO, &why);
}

/* false: the controller is no longer ours to serve. */
static bool act(struct controller *controller, enum xb_state ours, enum xb_state theirs)
{
	switch (xb_device_action(&controller->back.dev, ours, theirs)) {
	case XB_ACT_CONNECT:
		if (!controller->was_offered || ours == XB_CLOSED)
			offer(controller);
		connect(controller);
		return true;
	case XB_ACT_RESTART:
		release(controller);
		offer(controller);
		return true;
	case XB_ACT_OFFER:
		offer(controller);
		return true;
	case XB_ACT_CLOSE:
		back_transaction(&controller->back, write_closing); /* and serve what comes, until it is Closed */
		return true;
	case XB_ACT_DISCONNECT:
	case XB_ACT_GONE:
		return disconnect(controller);
	case XB_ACT_NONE:
		stay(controller, ours);
		return true;
	default:
		forbid(controller, ours);
		return true;
	}
}

static bool look(struct controller *controller)
{
	enum xb_state ours = back_own_state(&controller->back);
	enum xb_state theirs = back_frontend_state(&controller->back);

	if (ours == XB_UNKNOWN || (ours == XB_INITIALISING && controller->was_offered))
		return false;
	ports_look(controller);
	return act(controller, ours, theirs);
}

/* ---- serving --------------------------------------------------------------------------------------------------- */

/* Until something has changed in xenstore. */
static void serve_rings(struct controller *controller)
{
	const struct errbuf why = { "the rings' indexes are impossible" };
	bool may_sleep = true;

	do {
		if (controller->is_connected) {
			may_sleep = ports_tell(controller);
			if (!ring_serve(controller))
				refuse(controller, -EPROTO, &why);
		}
		may_sleep = !controller->is_connected || (ring_may_sleep(controller) && may_sleep);
	} while (!(back_sleep(&controller->back, may_sleep ? BACK_FOR_EVER : 0) & BACK_SAW_STORE));
}

void controller_serve(struct controller *controller)
{
	struct back *back = &controller->back;
	struct errbuf ignored;

	controller->was_offered = back_own_state(back) != XB_INITIALISING;
	while (look(controller))
		serve_rings(controller);
	release(controller);
	ports_end(controller);
	xb_clear_error(back->store, back->dev.dir, &ignored);
	back_end(back);
}
