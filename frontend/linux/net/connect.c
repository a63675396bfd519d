// SPDX-License-Identifier: GPL-2.0-only
/* One connection: what it takes, the way up and the way down. */
#include <linux/cpumask.h>
#include <linux/rtnetlink.h>

#include "frontend/linux/net/net.h"

/* Queue by queue the processors that send by it; those that receive from it are where its NAPI runs. */
static void spread_queues(struct vif *vif)
{
	unsigned int i, cpu;
	cpumask_var_t mask;

	if (vif->nr_queues == 1 || !zalloc_cpumask_var(&mask, GFP_KERNEL))
		return;
	for (i = 0; i < vif->nr_queues; i++) {
		cpumask_clear(mask);
		for_each_online_cpu(cpu) {
			if (cpu % vif->nr_queues == i)
				cpumask_set_cpu(cpu, mask);
		}
		netif_set_xps_queue(vif->dev, mask, i);
	}
	free_cpumask_var(mask);
}

static int set_queues(struct vif *vif)
{
	vif->nr_queues = min(vif->terms.max_queues, vif->wanted_queues);
	return netif_set_real_num_queues(vif->dev, vif->nr_queues, vif->nr_queues);
}

static int open_queues(struct vif *vif, const char **what)
{
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < vif->nr_queues; i++)
		rc = vif_queue_open(&vif->queue[i], what);
	return rc;
}

int vif_connect(struct vif *vif, const char **what)
{
	int rc;

	ASSERT_RTNL();
	rc = vif_read_terms(vif, what);
	if (rc)
		return rc;
	clear_bit(0, &vif->is_broken);
	vif->is_static = false;
	vif->copies = !vif->is_trusted;
	*what = "the number of queues";
	rc = set_queues(vif);
	if (!rc)
		rc = open_queues(vif, what);
	if (!rc && vif->terms.has_control) {
		*what = "the control ring";
		rc = vif_control_open(vif);
	}
	if (!rc)
		rc = vif_publish(vif, what);
	if (rc) {
		vif_release(vif);
		return rc;
	}
	vif->is_connected = true;
	spread_queues(vif);
	netdev_update_features(vif->dev);
	if (!(vif->dev->features & NETIF_F_SG) && vif->dev->mtu > ETH_DATA_LEN)
		dev_set_mtu(vif->dev, ETH_DATA_LEN);
	return 0;
}

void vif_up(struct vif *vif)
{
	ASSERT_RTNL();
	if (vif->is_up || !vif->is_connected || vif_is_broken(vif))
		return;
	vif->is_up = true;
	if (vif->terms.has_control) {
		if (vif_rss_apply(vif) == -EIO)
			netdev_warn(vif->dev, "the backend does not answer on the control ring\n");
		vif_static_register(vif);
	}
	vif_start(vif);
	netif_carrier_on(vif->dev);
	__netdev_notify_peers(vif->dev);
	schedule_work(&vif->groups_work);
}

void vif_down(struct vif *vif)
{
	ASSERT_RTNL();
	netif_carrier_off(vif->dev);
	vif_stop(vif);
	vif->is_up = false;
}

void vif_release(struct vif *vif)
{
	unsigned int i;

	ASSERT_RTNL();
	vif->is_connected = false;
	for (i = 0; i < vif->nr_queues; i++)
		vif_queue_close(&vif->queue[i]);
	vif_control_close(vif);
	vif->nr_groups = 0;
	vif->gets_all_groups = false;
	vif->nr_queues = 0;
}

void vif_reconnect(struct vif *vif)
{
	ASSERT_RTNL();
	if (!vif->is_connected)
		return;
	vif_down(vif);
	vif->comes_back = true;
	xenbus_switch_state(vif->xdev, XenbusStateClosing);
}
