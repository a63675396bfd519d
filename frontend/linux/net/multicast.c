// SPDX-License-Identifier: GPL-2.0-only
/*
 * Multicast: the backend is told the addresses whose frames are wanted, and passes on no others. When there are more
 * than it has room for, or all are wanted, it is told to pass on everything, which takes xenstore and so a thread.
 */
#include <linux/rtnetlink.h>

#include "frontend/linux/net/net.h"

void vif_set_rx_mode(struct net_device *dev)
{
	struct vif *vif = netdev_priv(dev);

	if (vif->is_up && vif->terms.filters_multicast && vif_param_multicast)
		schedule_work(&vif->groups_work);
}

struct wanted {
	u8 group[VIF_MAX_GROUPS][ETH_ALEN];
	unsigned int nr;
	bool all;
};

static void read_wanted(struct net_device *dev, struct wanted *wanted)
{
	struct netdev_hw_addr *address;

	netif_addr_lock_bh(dev);
	wanted->nr = 0;
	wanted->all = dev->flags & (IFF_PROMISC | IFF_ALLMULTI) || netdev_mc_count(dev) > VIF_MAX_GROUPS;
	if (!wanted->all) {
		netdev_for_each_mc_addr(address, dev)
			ether_addr_copy(wanted->group[wanted->nr++], address->addr);
	}
	netif_addr_unlock_bh(dev);
}

static bool has(u8 (*group)[ETH_ALEN], unsigned int nr, const u8 *address)
{
	while (nr--) {
		if (ether_addr_equal(group[nr], address))
			return true;
	}
	return false;
}

static bool tell(struct vif *vif, bool is_added, const u8 *address)
{
	struct vif_queue *q = &vif->queue[0];
	struct netdev_queue *txq = netdev_get_tx_queue(vif->dev, 0);
	bool ok;

	local_bh_disable();
	__netif_tx_lock(txq, smp_processor_id());
	ok = vif_tx_put_group(q, is_added, address);
	vif_tx_push(q);
	__netif_tx_unlock(txq);
	local_bh_enable();
	return ok;
}

/* Those that are too many go first, or there is no room for others. false: the ring is full. */
static bool tell_difference(struct vif *vif, struct wanted *wanted)
{
	unsigned int i;

	for (i = 0; i < vif->nr_groups;) {
		if (has(wanted->group, wanted->nr, vif->group[i])) {
			i++;
			continue;
		}
		if (!tell(vif, false, vif->group[i]))
			return false;
		ether_addr_copy(vif->group[i], vif->group[--vif->nr_groups]);
	}
	for (i = 0; i < wanted->nr; i++) {
		if (has(vif->group, vif->nr_groups, wanted->group[i]))
			continue;
		if (!tell(vif, true, wanted->group[i]))
			return false;
		ether_addr_copy(vif->group[vif->nr_groups++], wanted->group[i]);
	}
	return true;
}

void vif_groups_work(struct work_struct *work)
{
	struct vif *vif = container_of(work, struct vif, groups_work);
	struct wanted *wanted = kmalloc(sizeof(*wanted), GFP_KERNEL);

	rtnl_lock();
	if (!wanted || !vif->is_started || !vif->is_up || vif_is_broken(vif) || !vif->terms.filters_multicast ||
	    !vif_param_multicast)
		goto out;
	read_wanted(vif->dev, wanted);
	/* Until the list is right everything passes. */
	if (!wanted->all && !tell_difference(vif, wanted))
		wanted->all = true;
	if (wanted->all != vif->gets_all_groups &&
	    !xenbus_printf(XBT_NIL, vif->xdev->nodename, "request-multicast-control", "%d", !wanted->all))
		vif->gets_all_groups = wanted->all;
out:
	rtnl_unlock();
	kfree(wanted);
}
