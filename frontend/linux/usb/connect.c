// SPDX-License-Identifier: GPL-2.0-only
#include "frontend/linux/usb/usb.h"

/* While the rings are there, drivers of devices end in order. */
static void end_work(struct work_struct *work)
{
	struct usb_front *front = container_of(work, struct usb_front, end);

	if (front->is_added)
		usb_remove_hcd(front->hcd);
	front->is_added = false;
	mutex_lock(&front->mutex);
	if (front->phase == FRONT_CLOSED)
		rings_fini(&front->rings);
	mutex_unlock(&front->mutex);
}

void front_init(struct usb_front *front)
{
	mutex_init(&front->mutex);
	spin_lock_init(&front->lock);
	front->phase = FRONT_IDLE;
	INIT_WORK(&front->end, end_work);
}

/* ---- coming up --------------------------------------------------------------------------------------------------- */

/* A controller that was there before a suspension is the same still: the USB core knows how many ports it has. */
static int read_terms(struct usb_front *front)
{
	struct usb_terms terms;
	int rc;

	rc = terms_read(front->dev, &terms);
	if (rc)
		return rc;
	if (front->hcd && (terms.nr_ports != front->terms.nr_ports || terms.usb_ver != front->terms.usb_ver)) {
		xenbus_dev_error(front->dev, -EINVAL, "the backend's num-ports or usb-ver is another one than before");
		return -EINVAL;
	}
	front->terms = terms;
	return 0;
}

int front_offer(struct usb_front *front)
{
	int rc;

	rc = read_terms(front);
	if (rc == 0)
		rc = rings_open(&front->rings, front);
	if (rc == 0)
		rc = terms_publish(front);
	if (rc == 0) {
		front->phase = FRONT_OFFERED;
		xenbus_switch_state(front->dev, XenbusStateInitialised);
	}
	return rc;
}

int front_connect(struct usb_front *front)
{
	xenbus_switch_state(front->dev, XenbusStateConnected);
	front->phase = FRONT_CONNECTED;
	return front->hcd ? 0 : hcd_add(front);
}

/* ---- going down -------------------------------------------------------------------------------------------------- */

void front_suspend(struct usb_front *front)
{
	if (front->phase == FRONT_CLOSED)
		return;
	rings_fini(&front->rings);
	hub_clear(front);
	front->phase = front->hcd ? FRONT_SUSPENDED : FRONT_IDLE;
}

void front_close(struct usb_front *front)
{
	if (front->phase == FRONT_CLOSED)
		return;
	front->phase = FRONT_CLOSED;
	rings_stop(&front->rings);
	xenbus_frontend_closed(front->dev);
	schedule_work(&front->end);
}
