// SPDX-License-Identifier: GPL-2.0-only
/* The driver: what xenbus tells of a device, and the module's parameters. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/major.h>
#include <linux/module.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#include "frontend/linux/blk/blk.h"

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

	if (life_check_backend(dev))
		return -EINVAL;
	if (xenbus_scanf(XBT_NIL, dev->nodename, "virtual-device", "%u", &vdev) != 1) {
		xenbus_dev_error(dev, -EINVAL, "virtual-device is no number");
		return -EINVAL;
	}
	if (disk_check_vdev(vdev) || !is_ours(dev, vdev))
		return -ENODEV;
	front = kzalloc(sizeof(*front), GFP_KERNEL);
	if (!front)
		return -ENOMEM;
	life_begin(&front->life, dev, &disk_steps);
	front->vdev = vdev;
	front_init(front);
	INIT_LIST_HEAD(&front->node);
	INIT_WORK(&front->add, add_work);
	dev_set_drvdata(&dev->dev, front);
	return 0;
}

static void blkfront_backend_changed(struct xenbus_device *dev, enum xenbus_state state)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	life_backend_changed(&front->life);
}

static int blkfront_resume(struct xenbus_device *dev)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	life_resume(&front->life);
	return 0;
}

/* In order while the backend serves us: what is written is written. Else nobody waits for what will not come. */
static void blkfront_remove(struct xenbus_device *dev)
{
	struct blk_front *front = dev_get_drvdata(&dev->dev);

	life_watch(&front->life);
	flush_work(&front->add);
	if (front->is_added)
		del_gendisk(front->disk);
	life_end(&front->life);
	wait_for_completion(&front->released);
	cancel_delayed_work_sync(&front->release);
	life_leave(&front->life);
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
	.allow_rebind = true, /* life_leave() says what xenbus would say */
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
