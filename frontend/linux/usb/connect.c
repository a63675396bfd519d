// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/usb/usb.h"

/* While the rings are there, drivers of devices end in order. */
static void end_work(struct work_struct *work)
{
	struct usb_front *front = container_of(work, struct usb_front, end);

	if (front->is_added)
		usb_remove_hcd(front->hcd);
	front->is_added = false;
	mutex_lock(&front->life.mutex);
	if (front->life.phase == FRONT_CLOSED)
		rings_fini(&front->rings);
	mutex_unlock(&front->life.mutex);
}

void front_init(struct usb_front *front)
{
	spin_lock_init(&front->lock);
	INIT_WORK(&front->end, end_work);
}

/* ---- coming up --------------------------------------------------------------------------------------------------- */

/* A controller that was there before a suspension is the same still: the USB core knows how many ports it has. */
static int read_terms(struct usb_front *front)
{
	struct usb_terms terms;
	int rc;

	rc = terms_read(front->life.dev, &terms);
	if (rc)
		return rc;
	if (front->hcd && (terms.nr_ports != front->terms.nr_ports || terms.usb_ver != front->terms.usb_ver)) {
		xenbus_dev_error(front->life.dev, -EINVAL,
				 "the backend's num-ports or usb-ver is another one than before");
		return -EINVAL;
	}
	front->terms = terms;
	return 0;
}

static int offer(struct front_life *life)
{
	struct usb_front *front = container_of(life, struct usb_front, life);
	int rc;

	rc = read_terms(front);
	if (rc == 0)
		rc = rings_open(&front->rings, front);
	if (rc == 0)
		rc = terms_publish(front);
	if (rc == 0) {
		front->life.phase = FRONT_OFFERED;
		xenbus_switch_state(front->life.dev, XenbusStateInitialised);
	}
	return rc;
}

static int connect(struct front_life *life)
{
	struct usb_front *front = container_of(life, struct usb_front, life);

	xenbus_switch_state(front->life.dev, XenbusStateConnected);
	front->life.phase = FRONT_CONNECTED;
	return front->hcd ? 0 : hcd_add(front);
}

/* ---- going down -------------------------------------------------------------------------------------------------- */

/* The devices that come back with the new backend may be others: they have gone. */
static void suspend(struct front_life *life)
{
	struct usb_front *front = container_of(life, struct usb_front, life);

	rings_fini(&front->rings);
	hub_clear(front);
	front->life.phase = front->hcd ? FRONT_SUSPENDED : FRONT_IDLE;
}

static void close(struct front_life *life)
{
	struct usb_front *front = container_of(life, struct usb_front, life);

	front->life.phase = FRONT_CLOSED;
	rings_stop(&front->rings);
	xenbus_frontend_closed(front->life.dev);
	schedule_work(&front->end);
}

const struct front_steps usb_steps = {
	.kind = "controller",
	.offer = offer,
	.connect = connect,
	.suspend = suspend,
	.close = close,
	.unpublish = terms_unpublish,
};
