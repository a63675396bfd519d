// SPDX-License-Identifier: GPL-2.0-only
/* The driver: what xenbus tells of a device, and the module's parameters. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/major.h>
#include <linux/module.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "frontend/linux/blk/blk.h"
#include "frontend/linux/nodes.h"

#define WATCHDOG_PERIOD HZ

/* ---- parameters, with the stock driver's names ------------------------------------------------------------------- */

struct blk_config blk_config = {
	.max_queues = 4,
	.max_ring_page_order = 2,
	.max_indirect_segments = 32,
	.feature_persistent = true,
	.trusted = true,
};

module_param_named(max_queues, blk_config.max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues, "Most queues of a disk, each with a ring (1 to 64; default 4)");
module_param_named(poll_queues, blk_config.poll_queues, uint, 0444);
MODULE_PARM_DESC(poll_queues, "More queues, for who polls for what is complete (0 to 64; default 0)");
module_param_named(max_ring_page_order, blk_config.max_ring_page_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order, "A ring has up to 2 to the power of this pages (0 to 4; default 2)");
module_param_named(max_indirect_segments, blk_config.max_indirect_segments, uint, 0444);
MODULE_PARM_DESC(max_indirect_segments, "Most pages of a request (11 to 256; default 32)");
module_param_named(feature_persistent, blk_config.feature_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent, "Use the same pages again and again (default Y); disks that connect later");
module_param_named(trusted, blk_config.trusted, bool, 0644);
MODULE_PARM_DESC(trusted, "N: no backend sees more of the guest's memory than it has to; disks that connect later");

static void __init bound_parameter(const char *name, unsigned int *value, unsigned int min, unsigned int max)
{
	unsigned int given = *value;

	*value = clamp(given, min, max);
	if (*value != given)
		pr_warn("%s=%u: expected %u to %u; %u is used\n", name, given, min, max, *value);
}

static void __init bound_parameters(void)
{
	bound_parameter("max_queues", &blk_config.max_queues, 1, BLK_MAX_QUEUES);
	bound_parameter("poll_queues", &blk_config.poll_queues, 0, BLK_MAX_QUEUES);
	bound_parameter("max_ring_page_order", &blk_config.max_ring_page_order, 0, XENBUS_MAX_RING_GRANT_ORDER);
	bound_parameter("max_indirect_segments", &blk_config.max_indirect_segments, BLKIF_MAX_SEGMENTS_PER_REQUEST,
			BLK_MAX_SEGMENTS);
}

/* ---- what happens by itself -------------------------------------------------------------------------------------- */

static void add_work(struct work_struct *work)
{
	disk_add(container_of(work, struct blk_front, add));
}

static void front_fail(struct blk_front *front)
{
	mutex_lock(&front->lock);
	front_close(front);
	mutex_unlock(&front->lock);
}

static void fail_work(struct work_struct *work)
{
	struct blk_front *front = container_of(work, struct blk_front, fail);

	xenbus_dev_error(front->dev, -EIO, "disabled, as the backend is broken: %s", READ_ONCE(front->broken));
	front_fail(front);
}

void front_break(struct blk_front *front, const char *why)
{
	if (cmpxchg(&front->broken, NULL, why) == NULL)
		schedule_work(&front->fail);
}

/*
 * While a disk is removed its requests are waited for, and xenbus does not say any more what becomes of the backend. So
 * it is asked.
 */
static void watchdog_work(struct work_struct *work)
{
	struct blk_front *front = container_of(work, struct blk_front, watchdog.work);

	if (nodes_is_wanted(front->dev) && nodes_backend_state(front->dev) == XenbusStateConnected)
		schedule_delayed_work(&front->watchdog, WATCHDOG_PERIOD);
	else
		front_fail(front);
}

/* ---- what xenbus tells ------------------------------------------------------------------------------------------- */

/* Where emulated disks are still there, only those that cannot be one of them; an emulated CD-ROM always is. */
static bool is_ours(struct xenbus_device *dev, unsigned int vdev)
{
	bool is_cdrom;
	char *type;

	if (!xen_hvm_domain() || xen_pvh_domain())
		return true;
	if (xen_has_pv_and_legacy_disk_devices() && vdev >> 8 != XENVBD_MAJOR && vdev < 1U << 28) {
		dev_info(&dev->dev, "left to the emulated disks, which have not been unplugged\n");
		return false;
	}
	type = xenbus_read(XBT_NIL, dev->nodename, "device-type", NULL);
	is_cdrom = !IS_ERR(type) && !strcmp(type, "cdrom");
	if (!IS_ERR(type))
		kfree(type);
	if (is_cdrom)
		dev_info(&dev->dev, "left to the emulated CD-ROM drive\n");
	return !is_cdrom;
}

static int blkfront_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct blk_front *front;
	unsigned int vdev;

	if (!nodes_backend_may_be_there(dev)) {
		xenbus_dev_error(dev, -EINVAL, "the backend is where none may be");
		return -EINVAL;
	}
	if (xenbus_scanf(XBT_NIL, dev->nodename, "virtual-device", "%u", &vdev) != 1) {
		xenbus_dev_error(dev, -EINVAL, "virtual-device is no number");
		return -EINVAL;
	}
	if (disk_check_vdev(vdev) || !is_ours(dev, vdev))
		return -ENODEV;
	front = kzalloc(sizeof(*front), GFP_KERNEL);
	if (!front)
		return -ENOMEM;
	front->dev = dev;
	front->vdev = vdev;
	front_init(front);
	INIT_LIST_HEAD(&front->node);
	INIT_WORK(&front->add, add_work);
	INIT_WORK(&front->fail, fail_work);
	INIT_DELAYED_WORK(&front->watchdog, watchdog_work);
	dev_set_drvdata(&dev->dev, front);
	return 0;
}

/* A device that another driver had, or we, is in Closed. It starts over when the backend has let go of it. */
static void start_over(struct blk_front *front)
{
	if (front->dev->state == XenbusStateClosed)
		xenbus_switch_state(front->dev, XenbusStateInitialising);
}

static int follow(struct blk_front *front, int backend)
{
	bool has_rings = front->phase == BLK_OFFERED || front->phase == BLK_CONNECTED;
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
		if (front->phase == BLK_CONNECTED) {
			front_resize(front);
			return 0;
		}
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
		xenbus_dev_error(front->dev, -EINVAL, "the backend's state is none of a disk's");
		return -EINVAL;
	}
}

/* What xenbus has read as the state may have been cut off: it is read again. */
static void blkfront_backend_changed(struct xenbus_device *dev, enum xenbus_state state)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	mutex_lock(&front->lock);
	if (front->phase != BLK_CLOSED && follow(front, nodes_backend_state(dev)))
		front_close(front);
	mutex_unlock(&front->lock);
}

static int blkfront_resume(struct xenbus_device *dev)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	mutex_lock(&front->lock);
	if (nodes_backend_may_be_there(dev))
		front_suspend(front);
	else
		front_close(front);
	mutex_unlock(&front->lock);
	return 0;
}

/* For whoever has the device next: the stock driver removes no nodes that it does not use, and does not start over. */
static void leave(struct blk_front *front)
{
	if (!nodes_is_wanted(front->dev) || !nodes_is_let_go(front->dev))
		return;
	terms_unpublish(front->dev);
	xenbus_switch_state(front->dev, XenbusStateInitialising);
}

/* In order while the backend serves us: what is written is written. Else nobody waits for what will not come. */
static void blkfront_remove(struct xenbus_device *dev)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	watchdog_work(&front->watchdog.work);
	flush_work(&front->add);
	if (front->is_added)
		del_gendisk(front->disk);
	cancel_delayed_work_sync(&front->watchdog);
	front_fail(front);
	wait_for_completion(&front->released);
	cancel_work_sync(&front->fail);
	cancel_delayed_work_sync(&front->release);
	leave(front);
	disk_put(front);
}

static int blkfront_is_ready(struct xenbus_device *dev)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	return READ_ONCE(front->is_added);
}

static const struct xenbus_device_id blkfront_ids[] = { { "vbd" }, { "" } };

static struct xenbus_driver blkfront_driver = {
	.name = "pvring-blkfront",
	.ids = blkfront_ids,
	.allow_rebind = true, /* leave() says what xenbus would say */
	.probe = blkfront_probe,
	.remove = blkfront_remove,
	.resume = blkfront_resume,
	.otherend_changed = blkfront_backend_changed,
	.is_ready = blkfront_is_ready,
};

/* ---- the module -------------------------------------------------------------------------------------------------- */

static int __init blkfront_init(void)
{
	if (!xen_domain()) {
		pr_err("this is no guest of Xen\n");
		return -ENODEV;
	}
	if (!xen_has_pv_disk_devices()) {
		pr_err("the emulated disks have not been unplugged: see xen_emul_unplug= of the kernel\n");
		return -ENODEV;
	}
	bound_parameters();
	/*
	 * Without an owner, of which xenbus would hold one more reference for each disk: a disk that is open keeps the
	 * module by itself, and the others need not be unbound one by one before it is unloaded.
	 */
	return __xenbus_register_frontend(&blkfront_driver, NULL, KBUILD_MODNAME);
}

static void __exit blkfront_exit(void)
{
	xenbus_unregister_driver(&blkfront_driver);
}

module_init(blkfront_init);
module_exit(blkfront_exit);
MODULE_DESCRIPTION("Xen block device frontend of pvring");
MODULE_VERSION(PVRING_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vbd");
