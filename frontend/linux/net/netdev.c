// SPDX-License-Identifier: GPL-2.0-only
/* The interface as the kernel sees it. */
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

#include "frontend/linux/net/net.h"

/* ---- up and down, with a connection or before there is one ----------------------------------------------------- */

void vif_start(struct vif *vif)
{
	unsigned int i;

	ASSERT_RTNL();
	if (vif->is_started || !vif->is_up || !netif_running(vif->dev))
		return;
	vif->is_started = true;
	for (i = 0; i < vif->nr_queues; i++)
		napi_enable(&vif->queue[i].napi);
	netif_tx_start_all_queues(vif->dev);
	local_bh_disable();
	/* For what has come meanwhile, and its events, which nobody has ended. */
	for (i = 0; i < vif->nr_queues; i++)
		napi_schedule(&vif->queue[i].napi);
	local_bh_enable();
}

void vif_stop(struct vif *vif)
{
	unsigned int i;

	ASSERT_RTNL();
	if (!vif->is_started)
		return;
	vif->is_started = false;
	netif_tx_disable(vif->dev);
	for (i = 0; i < vif->nr_queues; i++)
		napi_disable(&vif->queue[i].napi);
	synchronize_net(); /* with those who redirect to us */
}

static int vif_open(struct net_device *dev)
{
	vif_start(netdev_priv(dev));
	return 0;
}

static int vif_close(struct net_device *dev)
{
	vif_stop(netdev_priv(dev));
	return 0;
}

/* ---- what it can ----------------------------------------------------------------------------------------------- */

static netdev_features_t vif_fix_features(struct net_device *dev, netdev_features_t features)
{
	const struct vif_terms *terms = &((struct vif *)netdev_priv(dev))->terms;

	if (!terms->takes_sg)
		features &= ~NETIF_F_SG;
	if (!terms->takes_csum_ipv4)
		features &= ~NETIF_F_IP_CSUM;
	if (!terms->takes_csum_ipv6)
		features &= ~NETIF_F_IPV6_CSUM;
	if (!terms->takes_tcpv4)
		features &= ~NETIF_F_TSO;
	if (!terms->takes_tcpv6)
		features &= ~NETIF_F_TSO6;
	return features;
}

static int vif_set_features(struct net_device *dev, netdev_features_t features)
{
	if (!(features & NETIF_F_SG) && dev->mtu > ETH_DATA_LEN) {
		netdev_info(dev, "without scatter-gather the MTU is %d\n", ETH_DATA_LEN);
		dev->mtu = ETH_DATA_LEN;
	}
	return 0;
}

/* What the ring cannot say: a frame whose length does not fit its slot. */
static netdev_features_t vif_check_features(struct sk_buff *skb, struct net_device *dev, netdev_features_t features)
{
	if (unlikely(skb->len > XEN_NETIF_MAX_TX_SIZE))
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

static int vif_change_mtu(struct net_device *dev, int mtu)
{
	if (mtu > ETH_DATA_LEN && !(dev->features & NETIF_F_SG)) {
		netdev_err(dev, "an MTU of %d needs scatter-gather; without, %d is the most\n", mtu, ETH_DATA_LEN);
		return -EINVAL;
	}
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static void add_stats(struct rtnl_link_stats64 *sum, const struct vif_stats *stats)
{
	u64 packets, bytes, errors, dropped;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&stats->rx_sync);
		packets = stats->rx_packets;
		bytes = stats->rx_bytes;
		errors = stats->rx_errors;
		dropped = stats->rx_dropped;
	} while (u64_stats_fetch_retry(&stats->rx_sync, start));
	sum->rx_packets += packets;
	sum->rx_bytes += bytes;
	sum->rx_errors += errors;
	sum->rx_dropped += dropped;
	do {
		start = u64_stats_fetch_begin(&stats->tx_sync);
		packets = stats->tx_packets;
		bytes = stats->tx_bytes;
		errors = stats->tx_errors;
		dropped = stats->tx_dropped;
	} while (u64_stats_fetch_retry(&stats->tx_sync, start));
	sum->tx_packets += packets;
	sum->tx_bytes += bytes;
	sum->tx_errors += errors;
	sum->tx_dropped += dropped;
}

static void vif_get_stats64(struct net_device *dev, struct rtnl_link_stats64 *sum)
{
	const struct vif *vif = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < vif->max_queues; i++)
		add_stats(sum, &vif->queue[i].stats);
}

static const struct net_device_ops vif_netdev_ops = {
	.ndo_open = vif_open,
	.ndo_stop = vif_close,
	.ndo_start_xmit = vif_tx_start,
	.ndo_features_check = vif_check_features,
	.ndo_fix_features = vif_fix_features,
	.ndo_set_features = vif_set_features,
	.ndo_change_mtu = vif_change_mtu,
	.ndo_set_rx_mode = vif_set_rx_mode,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_get_stats64 = vif_get_stats64,
	.ndo_bpf = vif_xdp_bpf,
	.ndo_xdp_xmit = vif_xdp_xmit,
};

/* ---- its life -------------------------------------------------------------------------------------------------- */

static void init_queue(struct vif *vif, unsigned int number)
{
	struct vif_queue *q = &vif->queue[number];

	q->vif = vif;
	q->number = number;
	u64_stats_init(&q->stats.rx_sync);
	u64_stats_init(&q->stats.tx_sync);
	netif_napi_add(vif->dev, &q->napi, vif_poll);
}

static void describe_netdev(struct net_device *dev)
{
	dev->netdev_ops = &vif_netdev_ops;
	dev->ethtool_ops = &vif_ethtool_ops;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = XEN_NETIF_MAX_TX_SIZE - VLAN_ETH_HLEN;
	dev->hw_features = NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | NETIF_F_TSO | NETIF_F_TSO6 |
			   NETIF_F_RXCSUM;
	/* Who receives a large packet checks it: that need not happen here. */
	dev->features = dev->hw_features | NETIF_F_GSO_ROBUST | NETIF_F_HIGHDMA;
	netif_set_tso_max_size(dev, XEN_NETIF_MAX_TX_SIZE);
	compat_advertise_xdp(dev);
}

struct net_device *vif_make_netdev(struct xenbus_device *xdev)
{
	struct net_device *dev = alloc_etherdev_mq(sizeof(struct vif), vif_param_max_queues);
	struct vif *vif;
	unsigned int i;

	if (!dev)
		return NULL;
	SET_NETDEV_DEV(dev, &xdev->dev);
	describe_netdev(dev);
	netif_carrier_off(dev);
	vif = netdev_priv(dev);
	vif->dev = dev;
	vif->xdev = xdev;
	vif->max_queues = vif_param_max_queues;
	vif->wanted_queues = vif_param_max_queues;
	vif->tx_slots = VIF_RING_SLOTS;
	vif->rx_buffers = VIF_RING_SLOTS;
	INIT_WORK(&vif->groups_work, vif_groups_work);
	vif->queue = kvcalloc(vif->max_queues, sizeof(*vif->queue), GFP_KERNEL);
	if (!vif->queue) {
		free_netdev(dev);
		return NULL;
	}
	for (i = 0; i < vif->max_queues; i++)
		init_queue(vif, i);
	vif_rss_init(vif);
	return dev;
}

void vif_free_netdev(struct net_device *dev)
{
	struct vif *vif = netdev_priv(dev);
	unsigned int i;

	for (i = 0; i < vif->max_queues; i++)
		netif_napi_del(&vif->queue[i].napi);
	kvfree(vif->queue);
	free_netdev(dev);
}
