// SPDX-License-Identifier: GPL-2.0-only
/* The module, and the device as xenbus sees it: what becomes of each state that the backend is in. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>

#include "frontend/linux/net/net.h"

unsigned int vif_param_max_queues;
module_param_named(max_queues, vif_param_max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues, "The most queues of one interface, 1 to 8; 0: as many as there are processors");
bool vif_param_trusted = true;
module_param_named(trusted, vif_param_trusted, bool, 0644);
MODULE_PARM_DESC(trusted, "Whether backends may see whole pages, not only frames");
bool vif_param_static_grants = true;
module_param_named(static_grants, vif_param_static_grants, bool, 0644);
MODULE_PARM_DESC(static_grants, "Whether backends that can are asked to keep the pages of frames mapped");
bool vif_param_multicast = true;
module_param_named(multicast_control, vif_param_multicast, bool, 0644);
MODULE_PARM_DESC(multicast_control, "Whether backends that can are told which multicast addresses are wanted");

/* ---- a broken vif ---------------------------------------------------------------------------------------------- */

void vif_break(struct vif *vif, const char *why)
{
	if (test_and_set_bit(0, &vif->is_broken))
		return;
	vif->why = why;
	schedule_work(&vif->break_work);
}

static void break_work(struct work_struct *work)
{
	struct vif *vif = container_of(work, struct vif, break_work);

	rtnl_lock();
	netif_carrier_off(vif->dev);
	vif->comes_back = false;
	xenbus_dev_fatal(vif->xdev, -EPROTO, "%s: not used any more, the backend gave %s", vif->dev->name, vif->why);
	rtnl_unlock();
}

/* ---- states ---------------------------------------------------------------------------------------------------- */

static void begin_connection(struct vif *vif)
{
	const char *what = "";
	int rc;

	if (vif->is_connected || vif->xdev->state != XenbusStateInitialising)
		return;
	rc = vif_connect(vif, &what);
	if (rc)
		xenbus_dev_fatal(vif->xdev, rc, "connect: %s", what);
	else
		xenbus_switch_state(vif->xdev, XenbusStateConnected);
}

/* The backend wants to end it, or has ended it. */
static void end_connection(struct vif *vif)
{
	vif_down(vif);
	if (vif->xdev->state != XenbusStateClosed)
		xenbus_frontend_closed(vif->xdev);
}

static void begin_again(struct vif *vif)
{
	vif_release(vif);
	vif->comes_back = false;
	xenbus_switch_state(vif->xdev, XenbusStateInitialising);
}

static void backend_has_let_go(struct vif *vif)
{
	if (vif->xdev->state == XenbusStateInitialising) {
		/* It closes an earlier connection, and has not seen that we are here. */
		xenbus_printf(XBT_NIL, vif->xdev->nodename, "state", "%d", XenbusStateInitialising);
		return;
	}
	end_connection(vif);
	vif_release(vif);
	if (vif->comes_back)
		begin_again(vif);
}

static void backend_changed(struct xenbus_device *xdev, enum xenbus_state state)
{
	struct vif *vif = dev_get_drvdata(&xdev->dev);

	rtnl_lock();
	switch (state) {
	case XenbusStateInitWait:
		/* It was restarted, or closed and we have missed that. */
		if (xdev->state == XenbusStateClosed && !vif_is_broken(vif))
			begin_again(vif);
		begin_connection(vif);
		break;
	case XenbusStateInitialised:
		begin_connection(vif);
		break;
	case XenbusStateConnected:
		begin_connection(vif);
		vif_up(vif);
		break;
	case XenbusStateClosing:
		if (xdev->state != XenbusStateInitialising)
			end_connection(vif);
		break;
	case XenbusStateClosed:
	case XenbusStateUnknown:
		backend_has_let_go(vif);
		break;
	case XenbusStateInitialising:
		break;
	default:
		vif_break(vif, "a state that makes no sense");
	}
	rtnl_unlock();
}

/* ---- xenbus ---------------------------------------------------------------------------------------------------- */

static int vif_probe(struct xenbus_device *xdev, const struct xenbus_device_id *id)
{
	const char *what = "memory";
	struct net_device *dev = vif_make_netdev(xdev);
	struct vif *vif;
	int rc = -ENOMEM;

	if (!dev)
		goto err;
	vif = netdev_priv(dev);
	INIT_WORK(&vif->break_work, break_work);
	dev_set_drvdata(&xdev->dev, vif);
	rc = vif_read_identity(vif, &what);
	if (rc)
		goto err_free;
	what = "the interface";
	rc = register_netdev(dev);
	if (rc)
		goto err_free;
	xenbus_switch_state(xdev, XenbusStateInitialising);
	return 0;

err_free:
	vif_free_netdev(dev);
err:
	xenbus_dev_fatal(xdev, rc, "%s", what);
	return rc;
}

/* The domain has moved, or was saved and restored: there is nobody any more who knows our rings. */
static int vif_resume(struct xenbus_device *xdev)
{
	struct vif *vif = dev_get_drvdata(&xdev->dev);

	rtnl_lock();
	vif_down(vif);
	vif_release(vif);
	vif->comes_back = false;
	clear_bit(0, &vif->is_broken);
	rtnl_unlock();
	return 0;
}

static bool backend_is(const struct xenbus_device *xdev, enum xenbus_state a, enum xenbus_state b)
{
	enum xenbus_state state = xenbus_read_driver_state(xdev->otherend);

	return state == a || state == b || state == XenbusStateUnknown || state == XenbusStateClosed;
}

/* By polling: xenbus has ended its watch. */
static void wait_for_backend(const struct xenbus_device *xdev, enum xenbus_state a, enum xenbus_state b)
{
	unsigned long end = jiffies + VIF_WAIT;

	while (!backend_is(xdev, a, b) && time_before(jiffies, end))
		msleep(10);
}

static void close_with_backend(struct xenbus_device *xdev)
{
	if (!backend_is(xdev, XenbusStateInitialising, XenbusStateInitWait)) {
		xenbus_switch_state(xdev, XenbusStateClosing);
		wait_for_backend(xdev, XenbusStateClosing, XenbusStateInitWait);
	}
	xenbus_switch_state(xdev, XenbusStateClosed);
	wait_for_backend(xdev, XenbusStateInitWait, XenbusStateInitialising);
	if (!backend_is(xdev, XenbusStateInitWait, XenbusStateInitialising))
		dev_warn(&xdev->dev, "the backend does not let go; what it still uses is not used again before\n");
}

static void vif_remove(struct xenbus_device *xdev)
{
	struct vif *vif = dev_get_drvdata(&xdev->dev);

	rtnl_lock();
	vif_down(vif);
	rtnl_unlock();
	cancel_work_sync(&vif->break_work); /* nobody finds anything wrong any more */
	/* Its carrier must not change from here on: who looks after that would hold on to it for a while. */
	unregister_netdev(vif->dev);
	cancel_work_sync(&vif->groups_work);
	close_with_backend(xdev);
	rtnl_lock();
	vif_release(vif);
	rtnl_unlock();
	vif_unpublish(vif);
	vif_free_netdev(vif->dev);
}

static const struct xenbus_device_id vif_ids[] = { { "vif" }, { "" } };

static struct xenbus_driver vif_driver = {
	.name = "pvring-netfront",
	.ids = vif_ids,
	.allow_rebind = true,
	.probe = vif_probe,
	.remove = vif_remove,
	.resume = vif_resume,
	.otherend_changed = backend_changed,
};

static int __init netfront_init(void)
{
	if (!xen_domain()) {
		pr_err("this is no guest of Xen\n");
		return -ENODEV;
	}
	if (vif_param_max_queues > VIF_MAX_QUEUES) {
		pr_err("max_queues=%u: expected 0 to %u\n", vif_param_max_queues, VIF_MAX_QUEUES);
		return -EINVAL;
	}
	if (!vif_param_max_queues)
		vif_param_max_queues = min_t(unsigned int, num_online_cpus(), VIF_MAX_QUEUES);
	return xenbus_register_frontend(&vif_driver);
}

static void __exit netfront_exit(void)
{
	xenbus_unregister_driver(&vif_driver);
}

module_init(netfront_init);
module_exit(netfront_exit);
MODULE_DESCRIPTION("Xen network device frontend of pvring");
MODULE_VERSION(PVRING_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vif");
