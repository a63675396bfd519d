// SPDX-License-Identifier: GPL-2.0-only
/* How the backend spreads over our queues what we receive: a Toeplitz hash, its key, and a queue for each value. */
#include <linux/ethtool.h>

#include "frontend/linux/net/net.h"

#define ALL_HASHES                                                            \
	(XEN_NETIF_CTRL_HASH_TYPE_IPV4 | XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP |  \
	 XEN_NETIF_CTRL_HASH_TYPE_IPV6 | XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

void vif_rss_init(struct vif *vif)
{
	netdev_rss_key_fill(vif->hash_key, sizeof(vif->hash_key));
}

/* A mapping that was made for more queues than there are now. */
static void fit_mapping(struct vif *vif)
{
	unsigned int i;

	for (i = 0; i < VIF_HASH_MAPPING; i++) {
		if (!vif->hash_is_set || vif->hash_mapping[i] >= vif->nr_queues)
			vif->hash_mapping[i] = ethtool_rxfh_indir_default(i, vif->nr_queues);
	}
}

static int send_key(struct vif *vif)
{
	u32 nothing;

	memcpy(page_address(vif->control.page.page), vif->hash_key, VIF_HASH_KEY);
	return vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_KEY, vif->control.page.ref, VIF_HASH_KEY, 0, &nothing);
}

static int send_mapping(struct vif *vif)
{
	u32 most, nothing;
	int rc;

	rc = vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE, 0, 0, 0, &most);
	if (rc)
		return rc;
	if (most < VIF_HASH_MAPPING)
		return -EOPNOTSUPP;
	rc = vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE, VIF_HASH_MAPPING, 0, 0, &nothing);
	if (rc)
		return rc;
	memcpy(page_address(vif->control.page.page), vif->hash_mapping, sizeof(vif->hash_mapping));
	return vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING, vif->control.page.ref, VIF_HASH_MAPPING, 0,
			       &nothing);
}

static int send_all(struct vif *vif)
{
	u32 flags, nothing;
	int rc;

	rc = vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM, XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ, 0, 0,
			     &nothing);
	if (!rc)
		rc = vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS, 0, 0, 0, &flags);
	if (!rc)
		rc = vif_control_ask(vif, XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS, flags & ALL_HASHES, 0, 0, &nothing);
	if (!rc)
		rc = send_key(vif);
	return rc ? rc : send_mapping(vif);
}

int vif_rss_apply(struct vif *vif)
{
	int rc;

	vif->hash_is_on = false;
	fit_mapping(vif);
	if (vif->nr_queues == 1)
		return 0;
	rc = send_all(vif);
	vif->hash_is_on = !rc;
	return rc;
}
