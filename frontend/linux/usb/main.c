// SPDX-License-Identifier: GPL-2.0-only
/* The driver: what xenbus tells of a device. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include "frontend/linux/nodes.h"
#include "frontend/linux/usb/usb.h"

#define WATCHDOG_PERIOD	  HZ
#define LET_GO_TRIES	  50
#define LET_GO_PERIOD_MS 100

/* ---- what happens by itself -------------------------------------------------------------------------------------- */

static void front_fail(struct usb_front *front)
{
	mutex_lock(&front->mutex);
	front_close(front);
	mutex_unlock(&front->mutex);
}

static void fail_work(struct work_struct *work)
{
	struct usb_front *front = container_of(work, struct usb_front, fail);

	xenbus_dev_error(front->dev, -EIO, "disabled, as the backend is broken: %s", READ_ONCE(front->broken));
	front_fail(front);
}

void front_break(struct usb_front *front, const char *why)
{
	if (cmpxchg(&front->broken, NULL, why) == NULL)
		schedule_work(&front->fail);
}

/*
 * While a controller is removed drivers wait for what they have asked of its devices, and xenbus does not say any more
 * what becomes of the backend. So it is asked.
 */
static void watchdog_work(struct work_struct *work)
{
	struct usb_front *front = container_of(work, struct usb_front, watchdog.work);

	if (nodes_is_wanted(front->dev) && nodes_backend_state(front->dev) == XenbusStateConnected)
		schedule_delayed_work(&front->watchdog, WATCHDOG_PERIOD);
	else
		front_fail(front);
}

/* ---- what xenbus tells ------------------------------------------------------------------------------------------- */

static int usbfront_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct usb_front *front;

	if (!nodes_backend_may_be_there(dev)) {
		xenbus_dev_error(dev, -EINVAL, "the backend is where none may be");
		return -EINVAL;
	}
	front = kzalloc(sizeof(*front), GFP_KERNEL);
	if (!front)
		return -ENOMEM;
	front->dev = dev;
	front_init(front);
	INIT_WORK(&front->fail, fail_work);
	INIT_DELAYED_WORK(&front->watchdog, watchdog_work);
	dev_set_drvdata(&dev->dev, front);
	return 0;
}

/* A device that another driver had, or we, is in Closed. It starts over when the backend has let go of it. */
static void start_over(struct usb_front *front)
{
	if (front->dev->state == XenbusStateClosed)
		xenbus_switch_state(front->dev, XenbusStateInitialising);
}

static int follow(struct usb_front *front, int backend)
{
	bool has_rings = front->phase == FRONT_OFFERED || front->phase == FRONT_CONNECTED;
	int rc = 0;

	switch (backend) {
	case XenbusStateInitialising:
		return 0;
	case XenbusStateInitWait:
	case XenbusStateInitialised:
		if (has_rings)
			return 0;
		start_over(front);
		return front_offer(front);
	case XenbusStateConnected:
		if (front->phase == FRONT_CONNECTED)
			return 0;
		if (!has_rings)
			rc = front_offer(front);
		return rc ?: front_connect(front);
	case XenbusStateUnknown:
	case XenbusStateClosing:
	case XenbusStateClosed:
		if (has_rings)
			front_close(front);
		else if (backend == XenbusStateClosed)
			start_over(front);
		return 0;
	default:
		xenbus_dev_error(front->dev, -EINVAL, "the backend's state is none of a controller's");
		return -EINVAL;
	}
}

/* What xenbus has read as the state may have been cut off: it is read again. */
static void usbfront_backend_changed(struct xenbus_device *dev, enum xenbus_state state)
{
	struct usb_front *front = dev_get_drvdata(&dev->dev);

	mutex_lock(&front->mutex);
	if (front->phase != FRONT_CLOSED && follow(front, nodes_backend_state(dev)))
		front_close(front);
	mutex_unlock(&front->mutex);
}

/* The devices that come back with the new backend may be others: they have gone. */
static int usbfront_resume(struct xenbus_device *dev)
{
	struct usb_front *front = dev_get_drvdata(&dev->dev);

	mutex_lock(&front->mutex);
	if (nodes_backend_may_be_there(dev))
		front_suspend(front);
	else
		front_close(front);
	mutex_unlock(&front->mutex);
	return 0;
}

/* For whoever has the device next: the stock driver removes no nodes, and does not start over. */
static void leave(struct usb_front *front)
{
	unsigned int tries = LET_GO_TRIES;

	while (!nodes_is_let_go(front->dev) && tries-- > 0)
		msleep(LET_GO_PERIOD_MS);
	if (!nodes_is_wanted(front->dev) || !nodes_is_let_go(front->dev))
		return;
	terms_unpublish(front->dev);
	xenbus_switch_state(front->dev, XenbusStateInitialising);
}

/* In order while the backend serves us: what is written is written. Else nobody waits for what will not come. */
static void usbfront_remove(struct xenbus_device *dev)
{
	struct usb_front *front = dev_get_drvdata(&dev->dev);

	watchdog_work(&front->watchdog.work);
	schedule_work(&front->end);
	flush_work(&front->end);
	cancel_delayed_work_sync(&front->watchdog);
	front_fail(front);
	cancel_work_sync(&front->fail);
	flush_work(&front->end);
	leave(front);
	if (front->hcd)
		usb_put_hcd(front->hcd);
	kfree(front);
}

static const struct xenbus_device_id usbfront_ids[] = { { "vusb" }, { "" } };

static struct xenbus_driver usbfront_driver = {
	.name = "pvring-usbfront",
	.ids = usbfront_ids,
	.allow_rebind = true, /* leave() says what xenbus would say */
	.not_essential = true,
	.probe = usbfront_probe,
	.remove = usbfront_remove,
	.resume = usbfront_resume,
	.otherend_changed = usbfront_backend_changed,
};

/* ---- the module -------------------------------------------------------------------------------------------------- */

static int __init usbfront_init(void)
{
	if (!xen_domain()) {
		pr_err("this is no guest of Xen\n");
		return -ENODEV;
	}
	if (usb_disabled())
		return -ENODEV;
	/* Without an owner: controllers need not be unbound one by one before the module is unloaded. */
	return __xenbus_register_frontend(&usbfront_driver, NULL, KBUILD_MODNAME);
}

static void __exit usbfront_exit(void)
{
	xenbus_unregister_driver(&usbfront_driver);
}

module_init(usbfront_init);
module_exit(usbfront_exit);
MODULE_DESCRIPTION("Xen USB host controller frontend of pvring");
MODULE_VERSION(PVRING_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vusb");
