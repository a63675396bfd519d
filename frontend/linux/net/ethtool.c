// SPDX-License-Identifier: GPL-2.0-only
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>

#include "frontend/linux/net/net.h"

static void get_drvinfo(struct net_device *dev, struct ethtool_drvinfo *info)
{
	const struct vif *vif = netdev_priv(dev);

	strscpy(info->driver, "pvring-netfront", sizeof(info->driver));
	strscpy(info->version, PVRING_VERSION, sizeof(info->version));
	strscpy(info->bus_info, dev_name(&vif->xdev->dev), sizeof(info->bus_info));
}

/* ---- counters -------------------------------------------------------------------------------------------------- */

#define STAT(name) { #name, offsetof(struct vif_stats, name) }
static const struct {
	const char *name;
	size_t offset;
} stats[] = {
	STAT(rx_packets), STAT(rx_bytes), STAT(rx_errors), STAT(rx_dropped), STAT(rx_slots),
	STAT(xdp_drop), STAT(xdp_pass), STAT(xdp_tx), STAT(xdp_redirect), STAT(xdp_generic),
	STAT(tx_packets), STAT(tx_bytes), STAT(tx_errors), STAT(tx_dropped), STAT(tx_copied), STAT(tx_slots),
	STAT(tx_stops), STAT(xdp_xmit),
};

static int get_sset_count(struct net_device *dev, int set)
{
	const struct vif *vif = netdev_priv(dev);

	return set == ETH_SS_STATS ? ARRAY_SIZE(stats) * vif->max_queues + 1 : -EOPNOTSUPP;
}

static void get_strings(struct net_device *dev, u32 set, u8 *data)
{
	const struct vif *vif = netdev_priv(dev);
	unsigned int i, j;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < vif->max_queues; i++) {
		for (j = 0; j < ARRAY_SIZE(stats); j++)
			ethtool_sprintf(&data, "queue_%u_%s", i, stats[j].name);
	}
	ethtool_sprintf(&data, "static_grants");
}

static void get_stats(struct net_device *dev, struct ethtool_stats *unused, u64 *data)
{
	const struct vif *vif = netdev_priv(dev);
	unsigned int i, j;

	for (i = 0; i < vif->max_queues; i++) {
		for (j = 0; j < ARRAY_SIZE(stats); j++)
			*data++ = *(const u64 *)((const char *)&vif->queue[i].stats + stats[j].offset);
	}
	*data = vif->is_static;
}

/* ---- queues and rings ------------------------------------------------------------------------------------------ */

static void get_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	const struct vif *vif = netdev_priv(dev);

	channels->max_combined = vif->terms.max_queues ?: vif->max_queues;
	channels->combined_count = dev->real_num_tx_queues;
}

/* Takes another connection: the number of queues is agreed upon when it begins. */
static int set_channels(struct net_device *dev, struct ethtool_channels *channels)
{
	struct vif *vif = netdev_priv(dev);

	if (!channels->combined_count || channels->rx_count || channels->tx_count || channels->other_count)
		return -EINVAL;
	vif->wanted_queues = channels->combined_count;
	if (vif->nr_queues != channels->combined_count)
		vif_reconnect(vif);
	return 0;
}

static void get_ringparam(struct net_device *dev, struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *more, struct netlink_ext_ack *ack)
{
	const struct vif *vif = netdev_priv(dev);

	ring->rx_max_pending = VIF_RING_SLOTS;
	ring->tx_max_pending = VIF_RING_SLOTS;
	ring->rx_pending = vif->rx_buffers;
	ring->tx_pending = vif->tx_slots;
}

/* How much of the one page that a ring has is used; from the next frame on. */
static int set_ringparam(struct net_device *dev, struct ethtool_ringparam *ring, struct kernel_ethtool_ringparam *more,
			 struct netlink_ext_ack *ack)
{
	struct vif *vif = netdev_priv(dev);

	if (ring->rx_mini_pending || ring->rx_jumbo_pending)
		return -EINVAL;
	if (ring->rx_pending < VIF_MIN_RING || ring->tx_pending < VIF_MIN_RING) {
		NL_SET_ERR_MSG(ack, "a ring has 64 slots at least, which is room for the largest frames");
		return -EINVAL;
	}
	WRITE_ONCE(vif->rx_buffers, ring->rx_pending);
	WRITE_ONCE(vif->tx_slots, ring->tx_pending);
	return 0;
}

/* ---- how frames are spread ------------------------------------------------------------------------------------- */

static int get_rxnfc(struct net_device *dev, struct ethtool_rxnfc *info, u32 *rules)
{
	if (info->cmd != ETHTOOL_GRXRINGS)
		return -EOPNOTSUPP;
	info->data = dev->real_num_rx_queues;
	return 0;
}

static u32 get_rxfh_key_size(struct net_device *dev)
{
	return VIF_HASH_KEY;
}

static u32 get_rxfh_indir_size(struct net_device *dev)
{
	return VIF_HASH_MAPPING;
}

static int get_rxfh(struct net_device *dev, u32 *mapping, u8 *key, u8 *function)
{
	const struct vif *vif = netdev_priv(dev);

	if (function)
		*function = ETH_RSS_HASH_TOP;
	if (key)
		memcpy(key, vif->hash_key, VIF_HASH_KEY);
	if (mapping)
		memcpy(mapping, vif->hash_mapping, sizeof(vif->hash_mapping));
	return 0;
}

static int set_rxfh(struct net_device *dev, const u32 *mapping, const u8 *key, u8 function)
{
	struct vif *vif = netdev_priv(dev);

	if (function != ETH_RSS_HASH_NO_CHANGE && function != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (!vif->is_up || !vif->hash_is_on)
		return -EOPNOTSUPP; /* one queue, or a backend without a control ring */
	if (key)
		memcpy(vif->hash_key, key, VIF_HASH_KEY);
	if (mapping) {
		memcpy(vif->hash_mapping, mapping, sizeof(vif->hash_mapping));
		vif->hash_is_set = true;
	}
	return vif_rss_apply(vif);
}

COMPAT_RXFH(get_rxfh, set_rxfh)

const struct ethtool_ops vif_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
	.get_channels = get_channels,
	.set_channels = set_channels,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
	.get_rxnfc = get_rxnfc,
	.get_rxfh_key_size = get_rxfh_key_size,
	.get_rxfh_indir_size = get_rxfh_indir_size,
	.get_rxfh = compat_get_rxfh,
	.set_rxfh = compat_set_rxfh,
};
