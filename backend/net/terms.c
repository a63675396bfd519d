// SPDX-License-Identifier: MIT
/* What a vif's two ends tell each other in xenstore: what we offer, what the guest chose of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "backend/core/multi_queue.h"
#include "backend/net/net.h"
#include "xenbus/node.h"

#define HEADROOM_NODE "xdp-headroom"

/* ---- what we offer --------------------------------------------------------------------------------------------- */

/* More than workers gain nothing, and each costs memory. */
static unsigned int max_queues(const struct net_device *net)
{
	const struct device_host *host = net->dev.host;

	if (net->pair)
		return 1;
	return host->nr_workers < TAP_MAX_QUEUES ? host->nr_workers : TAP_MAX_QUEUES;
}

int net_offer(struct device *dev, struct errbuf *err)
{
	const struct net_device *net = to_net(dev);
	const struct {
		const char *name;
		unsigned int value;
	} offers[] = {
		{ "feature-sg", 1 },
		{ "feature-gso-tcpv4", 1 },
		{ "feature-gso-tcpv6", 1 },
		{ "feature-ipv6-csum-offload", 1 },
		{ "feature-rx-copy", 1 },
		{ "feature-rx-flip", 0 },
		{ "feature-split-event-channels", 1 },
		{ "feature-xdp-headroom", !net->pair },
		{ "feature-ctrl-ring", !net->pair }, /* between two there is nothing to steer */
		{ "feature-multicast-control", !net->pair },
		{ "feature-dynamic-multicast-control", !net->pair },
		{ "multi-queue-max-queues", max_queues(net) },
	};
	int rc = 0;

	if (net_has_interface(net)) /* it tells the hotplug script, too, that the interface is there */
		rc = xb_write(dev->xb.store, dev->xb.dir, "vifname", err, "%s", net->name);
	for (unsigned int i = 0; rc == 0 && i < sizeof(offers) / sizeof(offers[0]); i++)
		rc = xb_write(dev->xb.store, dev->xb.dir, offers[i].name, err, "%u", offers[i].value);
	return rc;
}

/*
 * Room before what the guest receives, for its XDP programs: a thing of Linux's. The guest asks for it when it connects
 * or goes to Reconfiguring; xen-netfront does so before it has written how much, so it is read again when it goes on.
 */
static int take_headroom(struct net_device *net, struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	uint32_t bytes;
	int rc = xb_read_u32_or(xb->store, xb->otherend, HEADROOM_NODE, 0, 0, NET_RX_MAX_HEADROOM_BYTES, &bytes, err);

	if (rc == 0)
		net_set_headroom(net, bytes);
	return rc;
}

void net_set_headroom(struct net_device *net, uint32_t bytes)
{
	net_state_edit(&net->state)->xdp_headroom_bytes = bytes;
	net_state_commit(&net->state);
}

int net_reconfigure(struct device *dev, struct errbuf *err)
{
	return take_headroom(to_net(dev), err);
}

int net_publish(struct device *dev, struct errbuf *err)
{
	return take_headroom(to_net(dev), err);
}

/* ---- what the guest chose -------------------------------------------------------------------------------------- */

struct net_peer {
	uint32_t rx_copy, nr_queues, sg, gso_tcpv4, gso_tcpv6, no_csum_ipv4, csum_ipv6, filters_multicast;
	uint32_t headroom_bytes;
};

static const struct xb_node_u32 peer_nodes[] = {
	{ "request-rx-copy", 0, 0, 1, offsetof(struct net_peer, rx_copy) },
	{ "multi-queue-num-queues", 1, 1, TAP_MAX_QUEUES, offsetof(struct net_peer, nr_queues) },
	{ "feature-sg", 0, 0, 1, offsetof(struct net_peer, sg) },
	{ "feature-gso-tcpv4", 0, 0, 1, offsetof(struct net_peer, gso_tcpv4) },
	{ "feature-gso-tcpv6", 0, 0, 1, offsetof(struct net_peer, gso_tcpv6) },
	{ "feature-no-csum-offload", 0, 0, 1, offsetof(struct net_peer, no_csum_ipv4) },
	{ "feature-ipv6-csum-offload", 0, 0, 1, offsetof(struct net_peer, csum_ipv6) },
	{ NET_MULTICAST_NODE, 0, 0, 1, offsetof(struct net_peer, filters_multicast) },
	{ HEADROOM_NODE, 0, 0, NET_RX_MAX_HEADROOM_BYTES, offsetof(struct net_peer, headroom_bytes) },
};

/* Not feature-rx-notify: Mini-OS does notify of its buffers, and does not say so. */
static int check_peer(const struct device *dev, const struct net_peer *peer, struct errbuf *err)
{
	const struct xb_device *xb = &dev->xb;

	if (!peer->rx_copy)
		return errbuf_set(err, -EOPNOTSUPP,
				  "%s/request-rx-copy: not 1: pages are not given away, but copied", xb->otherend);
	return multi_queue_check(xb, peer->nr_queues, TAP_MAX_QUEUES, err);
}

static void take_limits(struct net_device *net, const struct net_peer *peer)
{
	net_policy_filter_multicast(&net->policy, peer->filters_multicast);
	net->headroom_bytes = peer->headroom_bytes;
	net->limits = (struct net_rx_limits){
		.has_sg = peer->sg,
		.takes = {
			.csum_ipv4 = !peer->no_csum_ipv4,
			.csum_ipv6 = peer->csum_ipv6,
			.gso_tcpv4 = peer->sg && peer->gso_tcpv4,
			.gso_tcpv6 = peer->sg && peer->gso_tcpv6,
		},
	};
}

/* dir: where the queue's nodes are. */
static int read_ports(struct net_device *net, const char *dir, struct device_ring *rings, struct errbuf *err)
{
	static const char *const names[NET_NR_RINGS] = { "event-channel-tx", "event-channel-rx" };
	struct xb_store *store = net->dev.xb.store;
	bool has_one_port = !xb_exists(store, dir, names[NET_RING_TX]);
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < NET_NR_RINGS; i++)
		rc = xb_read_port(store, dir, has_one_port ? "event-channel" : names[i],
				  &rings[i].identity.remote_port, err);
	net->has_one_port = has_one_port;
	return rc;
}

struct ring_kind {
	const char *ref, *protocol;
	uint32_t request_bytes, response_bytes;
};

static const struct ring_kind ring_kinds[NET_NR_RINGS] = {
	[NET_RING_TX] = { "tx-ring-ref", "tx", sizeof(netif_tx_request_t), sizeof(netif_tx_response_t) },
	[NET_RING_RX] = { "rx-ring-ref", "rx", sizeof(netif_rx_request_t), sizeof(netif_rx_response_t) },
};

static const struct ring_kind ctrl_ring_kind = {
	"ctrl-ring-ref", "ctrl", sizeof(struct xen_netif_ctrl_request), sizeof(struct xen_netif_ctrl_response),
};

static int read_ring(struct net_device *net, const char *dir, const struct ring_kind *kind,
		     struct journal_identity *identity, struct errbuf *err)
{
	struct ring_layout layout;
	int rc = xb_read_gref(net->dev.xb.store, dir, kind->ref, &identity->ref[0], err);

	if (rc)
		return rc;
	snprintf(identity->protocol, sizeof(identity->protocol), "%s", kind->protocol);
	identity->features = net->nr_queues;
	identity->nr_refs = 1;
	identity->request_bytes = kind->request_bytes;
	identity->response_bytes = kind->response_bytes;
	rc = queue_ring_layout(identity, &layout, err);
	if (rc == 0)
		identity->nr_slots = layout.nr_slots;
	return rc;
}

static int read_queue(struct net_device *net, unsigned int queue, struct errbuf *err)
{
	struct device_ring *rings = &net->dev.rings.ring[queue * NET_NR_RINGS];
	char dir[MULTI_QUEUE_DIR_MAX];
	int rc = 0;

	multi_queue_dir(&net->dev.xb, net->nr_queues, queue, dir);
	for (unsigned int i = 0; rc == 0 && i < NET_NR_RINGS; i++) {
		rings[i].identity.queue = queue;
		rc = read_ring(net, dir, &ring_kinds[i], &rings[i].identity, err);
	}
	return rc ? rc : read_ports(net, dir, rings, err);
}

static int read_ctrl_ring(struct net_device *net, struct errbuf *err)
{
	struct journal_identity *identity = &net->dev.rings.ring[net->nr_queues * NET_NR_RINGS].identity;
	struct xb_device *xb = &net->dev.xb;
	int rc = read_ring(net, xb->otherend, &ctrl_ring_kind, identity, err);

	return rc ? rc : xb_read_port(xb->store, xb->otherend, "event-channel-ctrl", &identity->remote_port, err);
}

/* A daemon that offered no control ring has served none, whatever stands there. */
static int find_ctrl_ring(struct net_device *net, struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	uint32_t was_offered;
	int rc = xb_read_u32_or(xb->store, xb->dir, "feature-ctrl-ring", 0, 0, 1, &was_offered, err);

	net->has_ctrl_ring = rc == 0 && was_offered && xb_exists(xb->store, xb->otherend, ctrl_ring_kind.ref);
	return rc;
}

static int read_queues(struct net_device *net, unsigned int nr, struct errbuf *err)
{
	int rc = find_ctrl_ring(net, err);

	net->nr_queues = nr;
	if (rc == 0)
		rc = device_rings_use(&net->dev.rings, nr * NET_NR_RINGS + net->has_ctrl_ring, err);
	for (unsigned int i = 0; rc == 0 && i < nr; i++)
		rc = read_queue(net, i, err);
	if (rc == 0 && net->has_ctrl_ring)
		rc = read_ctrl_ring(net, err);
	return rc;
}

/* Else each would be dropped, and the next one made. */
static int check_source(const struct net_device *net, struct errbuf *err)
{
	const struct net_rx_frame frame = {
		.len_bytes = net->null.frame_bytes,
		.headroom_bytes = net->headroom_bytes,
	};
	const char *why = net_rx_frame_check_size(&frame, &net->limits);

	if (!net->null.is_wanted || !why)
		return 0;
	return errbuf_set(err, -EINVAL, "%s/bridge: '%s': frames of that size are %s", net->dev.xb.dir, net->bridge,
			  why);
}

/* Only if its bridge was made a pair while it was connected: what it has is an interface's. */
static int check_ends_of_pair(const struct net_device *net, struct errbuf *err)
{
	if (!net->pair || (net->nr_queues == 1 && !net->has_ctrl_ring))
		return 0;
	return errbuf_set(err, -EINVAL, "%s: has %u queues%s: in a pair it can have one", net->dev.xb.otherend,
			  net->nr_queues, net->has_ctrl_ring ? " and a control ring" : "");
}

int net_accept(struct device *dev, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	struct net_peer peer;
	int rc;

	rc = xb_read_nodes(dev->xb.store, dev->xb.otherend, peer_nodes, sizeof(peer_nodes) / sizeof(peer_nodes[0]),
			   &peer, err);
	if (rc == 0)
		rc = check_peer(dev, &peer, err);
	if (rc == 0)
		rc = read_queues(net, peer.nr_queues, err);
	if (rc == 0)
		rc = check_ends_of_pair(net, err);
	if (rc == 0)
		take_limits(net, &peer);
	net_policy_look_at_rate(&net->policy, dev); /* it may have changed while nobody was connected */
	return rc ? rc : check_source(net, err);
}
