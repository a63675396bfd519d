/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ in what an interface needs, from 6.1 on. A name of ours stands for what a newer kernel has;
 * nothing else in this module looks at a version.
 */
#ifndef FRONTEND_LINUX_NET_COMPAT_H
#define FRONTEND_LINUX_NET_COMPAT_H

#include <linux/ethtool.h>
#include <linux/netdevice.h>
#include <linux/version.h>

/* ---- page pools have several headers since 6.6 ------------------------------------------------------------------ */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#include <net/page_pool/helpers.h>
#else
#include <net/page_pool.h>
#endif

/* ---- a generic XDP program may exchange the skb, since 6.9 ------------------------------------------------------- */

static inline int compat_do_xdp_generic(struct bpf_prog *prog, struct sk_buff **skb)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
	return do_xdp_generic(prog, skb);
#else
	return do_xdp_generic(prog, *skb);
#endif
}

/* ---- an interface says what it does of XDP, since 6.3 ------------------------------------------------------------ */

static inline void compat_advertise_xdp(struct net_device *dev)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
	dev->xdp_features = NETDEV_XDP_ACT_BASIC | NETDEV_XDP_ACT_REDIRECT | NETDEV_XDP_ACT_NDO_XMIT;
#endif
}

/* ---- key and mapping of the hash come in a structure, since 6.8 ------------------------------------------------- */

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 8, 0)
#define COMPAT_RXFH(get, set)                                                                                      \
	static int compat_get_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh)                        \
	{                                                                                                          \
		return get(dev, rxfh->indir, rxfh->key, &rxfh->hfunc);                                             \
	}                                                                                                          \
	static int compat_set_rxfh(struct net_device *dev, struct ethtool_rxfh_param *rxfh,                        \
				   struct netlink_ext_ack *ack)                                                    \
	{                                                                                                          \
		return set(dev, rxfh->indir, rxfh->key, rxfh->hfunc);                                              \
	}
#else
#define COMPAT_RXFH(get, set)                                                                                      \
	static int compat_get_rxfh(struct net_device *dev, u32 *mapping, u8 *key, u8 *function)                    \
	{                                                                                                          \
		return get(dev, mapping, key, function);                                                           \
	}                                                                                                          \
	static int compat_set_rxfh(struct net_device *dev, const u32 *mapping, const u8 *key, const u8 function)   \
	{                                                                                                          \
		return set(dev, mapping, key, function);                                                           \
	}
#endif

#endif
