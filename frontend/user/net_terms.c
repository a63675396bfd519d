// SPDX-License-Identifier: MIT
#include "frontend/user/net_terms.h"

#include <errno.h>
#include <stddef.h>

#include "common/base/errbuf.h"
#include "common/base/parse.h"
#include "xenbus/node.h"

#define DEFAULT_MTU 1500
#define MIN_MTU	    68 /* RFC 791 */
#define MAX_MTU	    65535

static const struct xb_node_u32 offer_nodes[] = {
	{ "feature-rx-copy", 0, 0, 1, offsetof(struct net_offer, can_rx_copy) },
	{ "feature-split-event-channels", 0, 0, 1, offsetof(struct net_offer, can_split_event_channels) },
	{ "feature-ctrl-ring", 0, 0, 1, offsetof(struct net_offer, has_ctrl_ring) },
	{ "feature-sg", 0, 0, 1, offsetof(struct net_offer, takes_sg) },
	{ "feature-gso-tcpv4", 0, 0, 1, offsetof(struct net_offer, takes_gso_tcpv4) },
	{ "feature-gso-tcpv6", 0, 0, 1, offsetof(struct net_offer, takes_gso_tcpv6) },
	{ "feature-no-csum-offload", 0, 0, 1, offsetof(struct net_offer, refuses_csum_ipv4) },
	{ "feature-ipv6-csum-offload", 0, 0, 1, offsetof(struct net_offer, takes_csum_ipv6) },
	{ "feature-multicast-control", 0, 0, 1, offsetof(struct net_offer, filters_multicast) },
	{ "multi-queue-max-queues", 1, 1, UINT32_MAX, offsetof(struct net_offer, max_queues) },
};

int net_offer_read(struct xb_store *store, const char *backend, struct net_offer *offer, struct errbuf *err)
{
	int rc;

	rc = xb_read_nodes(store, backend, offer_nodes, sizeof(offer_nodes) / sizeof(offer_nodes[0]), offer, err);
	if (rc == 0 && !offer->can_rx_copy)
		return errbuf_set(err, -EOPNOTSUPP, "%s/feature-rx-copy is not 1: it cannot copy to our pages",
				  backend);
	return rc;
}

static int read_mac(struct xb_store *store, const char *dir, const char *backend, struct net_identity *identity,
		    struct errbuf *err)
{
	char text[32];
	int rc;

	rc = xb_read_string_or(store, dir, "mac", "", text, sizeof(text), err);
	if (rc == 0 && text[0] == '\0')
		rc = xb_read_string_or(store, backend, "mac", "", text, sizeof(text), err);
	identity->has_mac = rc == 0 && text[0] != '\0';
	if (!identity->has_mac)
		return rc;
	if (parse_mac(text, identity->mac))
		return errbuf_set(err, -EINVAL, "mac is '%s': expected six bytes, as in 00:16:3e:01:02:03", text);
	return 0;
}

int net_identity_read(struct xb_store *store, const char *dir, const char *backend, struct net_identity *identity,
		      struct errbuf *err)
{
	int rc = read_mac(store, dir, backend, identity, err);

	if (rc)
		return rc;
	return xb_read_u32_or(store, dir, "mtu", DEFAULT_MTU, MIN_MTU, MAX_MTU, &identity->mtu, err);
}

struct net_features net_features_settle(struct net_features features)
{
	features.gso_tcpv4 &= features.sg && features.csum_ipv4;
	features.gso_tcpv6 &= features.sg && features.csum_ipv6;
	return features;
}

struct net_features net_features_common(struct net_features wanted, const struct net_offer *offer)
{
	wanted.sg &= offer->takes_sg;
	wanted.gso_tcpv4 &= offer->takes_gso_tcpv4;
	wanted.gso_tcpv6 &= offer->takes_gso_tcpv6;
	wanted.csum_ipv4 &= !offer->refuses_csum_ipv4;
	wanted.csum_ipv6 &= offer->takes_csum_ipv6;
	return net_features_settle(wanted);
}
