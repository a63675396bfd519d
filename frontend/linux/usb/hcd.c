// SPDX-License-Identifier: GPL-2.0-only
/* What the kernel's USB core asks of a host controller. */
#include <linux/ktime.h>
#include <linux/slab.h>

#include "frontend/linux/usb/usb.h"

static int start(struct usb_hcd *hcd)
{
	hcd->state = HC_STATE_RUNNING;
	return 0;
}

/* The rings go later: nobody asks for anything any more. */
static void stop(struct usb_hcd *hcd)
{
}

/* Nobody sees the frames of the controller that a device is really at. */
static int get_frame_number(struct usb_hcd *hcd)
{
	return ktime_to_ms(ktime_get()) % 2048;
}

static int urb_enqueue(struct usb_hcd *hcd, struct urb *urb, gfp_t gfp)
{
	struct usb_front *front = front_of(hcd);
	struct usb_transfer *transfer;
	unsigned long flags;
	int rc;

	transfer = kzalloc(sizeof(*transfer), gfp);
	if (!transfer)
		return -ENOMEM;
	transfer->urb = urb;
	spin_lock_irqsave(&front->lock, flags);
	rc = front->rings.is_up ? usb_hcd_link_urb_to_ep(hcd, urb) : -ESHUTDOWN;
	if (rc == 0) {
		urb->hcpriv = transfer;
		rings_add(&front->rings, transfer);
	}
	spin_unlock_irqrestore(&front->lock, flags);
	if (rc)
		kfree(transfer);
	return rc;
}

static int urb_dequeue(struct usb_hcd *hcd, struct urb *urb, int status)
{
	struct usb_front *front = front_of(hcd);
	unsigned long flags;
	LIST_HEAD(done);
	int rc;

	spin_lock_irqsave(&front->lock, flags);
	rc = usb_hcd_check_unlink_urb(hcd, urb, status);
	if (rc == 0)
		rings_unlink(&front->rings, urb->hcpriv, &done);
	spin_unlock_irqrestore(&front->lock, flags);
	rings_give_back(front, &done);
	return rc;
}

/* The devices are another host's, which suspends them, or not. */
static int bus_suspend(struct usb_hcd *hcd)
{
	return 0;
}

static int bus_resume(struct usb_hcd *hcd)
{
	return 0;
}

static const struct hc_driver pvring_hc_driver = {
	.description = KBUILD_MODNAME,
	.product_desc = "Xen USB host controller",
	.hcd_priv_size = sizeof(struct usb_front *),
	.flags = HCD_USB2 | HCD_BH,
	.start = start,
	.stop = stop,
	.get_frame_number = get_frame_number,
	.urb_enqueue = urb_enqueue,
	.urb_dequeue = urb_dequeue,
	.hub_status_data = hub_status_data,
	.hub_control = hub_control,
	.bus_suspend = bus_suspend,
	.bus_resume = bus_resume,
};

static struct usb_hcd *make(struct usb_front *front)
{
	bool is_usb11 = front->terms.usb_ver == XENUSB_VER_USB11;
	struct device *dev = &front->life.dev->dev;
	struct usb_hcd *hcd;

	hcd = usb_create_hcd(&pvring_hc_driver, dev, dev_name(dev));
	if (!hcd)
		return NULL;
	dev_set_drvdata(dev, front); /* which the core has taken for itself */
	*(struct usb_front **)hcd->hcd_priv = front;
	hcd->speed = is_usb11 ? HCD_USB11 : HCD_USB2;
	hcd->has_tt = !is_usb11; /* devices of lower speeds are at the root hub itself */
	hcd->uses_new_polling = 1;
	hcd->cant_recv_wakeups = 1;
	hcd->self.sg_tablesize = UINT_MAX; /* all is copied */
	hcd->self.no_sg_constraint = 1;
	return hcd;
}

int hcd_add(struct usb_front *front)
{
	struct usb_hcd *hcd = make(front);
	int rc;

	if (!hcd) {
		xenbus_dev_error(front->life.dev, -ENOMEM, "a host controller");
		return -ENOMEM;
	}
	WRITE_ONCE(front->hcd, hcd);
	rc = usb_add_hcd(hcd, 0, 0);
	if (rc) {
		xenbus_dev_error(front->life.dev, rc, "adding the host controller");
		return rc;
	}
	front->is_added = true;
	hub_tell(front);
	return 0;
}
