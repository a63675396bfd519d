// SPDX-License-Identifier: GPL-2.0-only
/* What the backend offers, and who we are to be: the only nodes that are read, each once for a connection. */
#include "frontend/linux/net/net.h"

/* A node that is missing, or is no number, counts as absent; any number but 0 as 1. */
static bool offers(const struct vif *vif, const char *name)
{
	return xenbus_read_unsigned(vif->xdev->otherend, name, 0) != 0;
}

int vif_read_terms(struct vif *vif, const char **what)
{
	struct vif_terms *terms = &vif->terms;

	*what = "feature-rx-copy: the backend does not copy, so there is no way to receive";
	if (!offers(vif, "feature-rx-copy"))
		return -EOPNOTSUPP;
	*terms = (struct vif_terms){
		.max_queues = xenbus_read_unsigned(vif->xdev->otherend, "multi-queue-max-queues", 1),
		.takes_sg = offers(vif, "feature-sg"),
		.takes_tcpv4 = offers(vif, "feature-gso-tcpv4"),
		.takes_tcpv6 = offers(vif, "feature-gso-tcpv6"),
		.takes_csum_ipv4 = !offers(vif, "feature-no-csum-offload"),
		.takes_csum_ipv6 = offers(vif, "feature-ipv6-csum-offload"),
		.splits_ports = offers(vif, "feature-split-event-channels"),
		.has_control = offers(vif, "feature-ctrl-ring"),
		.filters_multicast = offers(vif, "feature-multicast-control") &&
				     offers(vif, "feature-dynamic-multicast-control"),
	};
	terms->max_queues = clamp(terms->max_queues, 1U, vif->max_queues);
	vif->is_trusted = vif_param_trusted && xenbus_read_unsigned(vif->xdev->nodename, "trusted", 1);
	return 0;
}

static bool read_mac(const char *dir, u8 *mac)
{
	char *text = xenbus_read(XBT_NIL, dir, "mac", NULL);
	bool ok;

	if (IS_ERR(text))
		return false;
	ok = mac_pton(text, mac) && is_valid_ether_addr(mac);
	kfree(text);
	return ok;
}

/* The toolstack wrote both, but only our own directory is there for as long as we are. */
int vif_read_identity(struct vif *vif, const char **what)
{
	unsigned int mtu = xenbus_read_unsigned(vif->xdev->nodename, "mtu", ETH_DATA_LEN);
	u8 mac[ETH_ALEN];

	*what = "mac: there is no address of a station, such as 00:16:3e:01:02:03";
	if (!read_mac(vif->xdev->nodename, mac) && !read_mac(vif->xdev->otherend, mac))
		return -EINVAL;
	eth_hw_addr_set(vif->dev, mac);
	if (mtu >= ETH_MIN_MTU && mtu <= vif->dev->max_mtu)
		vif->dev->mtu = mtu;
	return 0;
}
