// SPDX-License-Identifier: GPL-2.0-only
/* The driver: what xenbus tells of a device. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/xen.h>

#include "frontend/linux/usb/usb.h"

#define LET_GO_TRIES	  50
#define LET_GO_PERIOD_MS 100

/* ---- what xenbus tells ------------------------------------------------------------------------------------------- */

static int usbfront_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct usb_front *front;

	if (life_check_backend(dev))
		return -EINVAL;
	front = kzalloc(sizeof(*front), GFP_KERNEL);
	if (!front)
		return -ENOMEM;
	life_begin(&front->life, dev, &usb_steps);
	front_init(front);
	dev_set_drvdata(&dev->dev, front);
	return 0;
}

static void usbfront_backend_changed(struct xenbus_device *dev, enum xenbus_state state)
{
	struct usb_front *front = dev_get_drvdata(&dev->dev);

	life_backend_changed(&front->life);
}

static int usbfront_resume(struct xenbus_device *dev)
{
	struct usb_front *front = dev_get_drvdata(&dev->dev);

	life_resume(&front->life);
	return 0;
}

static void wait_until_let_go(struct xenbus_device *dev)
{
	unsigned int tries = LET_GO_TRIES;

	while (!nodes_is_let_go(dev) && tries-- > 0)
		msleep(LET_GO_PERIOD_MS);
}

/* In order while the backend serves us: what is written is written. Else nobody waits for what will not come. */
static void usbfront_remove(struct xenbus_device *dev)
{
	struct usb_front *front = dev_get_drvdata(&dev->dev);

	life_watch(&front->life);
	schedule_work(&front->end);
	flush_work(&front->end);
	life_end(&front->life);
	flush_work(&front->end);
	wait_until_let_go(dev);
	life_leave(&front->life);
	if (front->hcd)
		usb_put_hcd(front->hcd);
	kfree(front);
}

static const struct xenbus_device_id usbfront_ids[] = { { "vusb" }, { "" } };

static struct xenbus_driver usbfront_driver = {
	.name = "pvring-usbfront",
	.ids = usbfront_ids,
	.allow_rebind = true, /* life_leave() says what xenbus would say */
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
