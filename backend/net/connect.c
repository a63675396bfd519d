// SPDX-License-Identifier: MIT
/* A vif's dealings with xenstore: what the toolstack asks for, what we offer, what the guest chose. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/net/net.h"
#include "backend/net/stray.h"
#include "common/base/container.h"
#include "common/base/parse.h"
#include "xenbus/node.h"

#define MIN_MTU_BYTES 68
#define MAX_MTU_BYTES 65521 /* as a tap has it: with its header a frame is of 65535 bytes */

static struct net_device *to_net(struct device *dev)
{
	return container_of(dev, struct net_device, dev);
}

/* ---- what the toolstack asks for ------------------------------------------------------------------------------- */

static int read_mac(struct net_device *net, uint8_t mac[6], struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	int rc = xb_read_string(xb->store, xb->dir, "mac", net->mac, sizeof(net->mac), err);

	if (rc == 0 && parse_mac(net->mac, mac))
		return errbuf_set(err, -EINVAL, "%s/mac: '%s': expected six bytes as in 00:16:3e:01:02:03", xb->dir,
				  net->mac);
	return rc;
}

/* The kernel's own rule, said before it says only that something is invalid; a name with % it takes for a pattern. */
static bool is_interface_name(const char *name)
{
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !strpbrk(name, "/:% \t\n");
}

static int parse_name(struct net_device *net, const char *node, const char *or_else, char name[IFNAMSIZ],
		      struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	char text[256];
	int rc = xb_read_string_or(xb->store, xb->dir, node, or_else, text, sizeof(text), err);

	if (rc)
		return rc;
	if (strlen(text) >= IFNAMSIZ || (!is_interface_name(text) && *text))
		return errbuf_set(err, -EINVAL, "%s/%s: '%.100s': expected the name of an interface, at most %d bytes",
				  xb->dir, node, text, IFNAMSIZ - 1);
	strcpy(name, text);
	return 0;
}

static void leave_pair(struct net_device *net)
{
	if (net->pair)
		net_pair_put(net->pair, net);
	net->pair = NULL;
}

static int join_pair(struct net_device *net, const char *name, struct errbuf *err)
{
	if (net->pair && strcmp(net->pair->name, name) == 0)
		return 0;
	leave_pair(net);
	return net_pair_get(&net->pair, name, net, err);
}

/* Other scripts have other uses for `bridge`: a router has none, a switch in userspace is no bridge. */
static int script_is_ours(struct net_device *net, bool *is_ours, struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	const char *base;
	char script[256];
	int rc = xb_read_string_or(xb->store, xb->dir, "script", "", script, sizeof(script), err);

	if (rc)
		return rc;
	base = strrchr(script, '/');
	base = base ? base + 1 : script;
	*is_ours = !*base || strcmp(base, "vif-pvring") == 0;
	return 0;
}

static int parse_bridge(struct net_device *net, struct errbuf *err)
{
	struct xb_device *xb = &net->dev.xb;
	char text[128];
	bool is_ours;
	int rc = script_is_ours(net, &is_ours, err);

	*net->bridge = '\0';
	if (rc == 0 && is_ours)
		rc = xb_read_string_or(xb->store, xb->dir, "bridge", "", text, sizeof(text), err);
	if (rc || !is_ours)
		return rc;
	if (strncmp(text, NET_PAIR_SCHEME, strlen(NET_PAIR_SCHEME)) == 0)
		return join_pair(net, text + strlen(NET_PAIR_SCHEME), err);
	leave_pair(net);
	return parse_name(net, "bridge", "", net->bridge, err);
}

/* Between two nobody sees what passes. What a rate says that was written later is no reason to part them. */
static int check_pair(struct net_device *net, struct errbuf *err)
{
	bool has_rate = net_policy_has_rate(&net->policy) && !net->dev.is_resuming;

	if (!net->pair || (!has_rate && !net->policy.has_antispoof))
		return 0;
	return errbuf_set(err, -EOPNOTSUPP, "%s/bridge: '" NET_PAIR_SCHEME "%s': who is joined to another guest cannot "
			  "be held to %s", net->dev.xb.dir, net->pair->name,
			  has_rate ? "a rate" : "its own addresses (--antispoof)");
}

static int net_parse(struct device *dev, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	struct xb_device *xb = &dev->xb;
	char default_name[IFNAMSIZ];
	uint8_t mac[6];
	int rc;

	snprintf(default_name, sizeof(default_name), "vif%u.%u", xb->domid, xb->devid);
	rc = read_mac(net, mac, err);
	if (rc == 0)
		rc = parse_name(net, "vifname", default_name, net->name, err);
	if (rc == 0)
		rc = parse_bridge(net, err);
	if (rc == 0)
		rc = xb_read_u32_or(xb->store, xb->dir, "mtu", 0, MIN_MTU_BYTES, MAX_MTU_BYTES, &net->mtu_bytes, err);
	if (rc == 0)
		rc = net_policy_parse(&net->policy, dev, mac, err);
	if (rc == 0)
		rc = check_pair(net, err);
	if (rc == 0 && !*net->name)
		strcpy(net->name, default_name);
	net->is_rival_stray = stray_is(dev->host, net->rival);
	return rc;
}

/* ---- its interface --------------------------------------------------------------------------------------------- */

static const char *net_target(const struct device *dev)
{
	const struct net_device *net = container_of(dev, struct net_device, dev);

	return net->pair ? net->pair->name : net->name;
}

/* The address is not the guest's but one that no bridge chooses for its own: the stock scripts set the same. */
static int set_up(struct net_device *net, const char *owner, struct errbuf *err)
{
	const struct link_config config = {
		.owner = owner,
		.mac = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff },
		.mtu_bytes = net->mtu_bytes,
		.bridge = net->bridge,
	};
	int rc = link_configure(net->name, &config, err);

	return rc ? rc : tap_keep(&net->tap, err);
}

/* Whether the device of a tap that has our name is there is known to the store alone, which is not ours to ask here. */
static int find_own(struct net_device *net, const char *owner, struct errbuf *err)
{
	char other[LINK_MAX_OWNER];
	int rc = link_is_there(net->name, owner, other, err);

	if (rc != -EEXIST)
		return rc;
	if (strcmp(other, net->rival) != 0) {
		strcpy(net->rival, other);
		return -EAGAIN;
	}
	if (!net->is_rival_stray)
		return rc;
	log_info("%s: interface %s: taken over, it was left by%s, which is no more", net->dev.label, net->name,
		 strchr(other, ' '));
	return link_remove(net->name, other, err);
}

/* What an operator has made of an interface that is in use is left as it is. */
static int net_open(struct device *dev, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	char owner[LINK_MAX_OWNER];
	int rc, was_there;

	if (net->pair) {
		tap_remove(&net->tap);
		return 0;
	}
	stray_owner(owner, sizeof(owner), dev);
	if (strcmp(net->tap.name, net->name) != 0)
		tap_remove(&net->tap);
	tap_close(&net->tap);
	was_there = find_own(net, owner, err);
	if (was_there < 0)
		return was_there;
	rc = tap_open(&net->tap, net->name, err);
	if (rc || (was_there && dev->is_resuming))
		return rc;
	tap_set_carrier(&net->tap, false);
	rc = set_up(net, owner, err);
	if (rc && was_there)
		tap_close(&net->tap);
	else if (rc)
		tap_remove(&net->tap);
	return rc;
}

/* Beside the journals. */
static void name_state(const struct device *dev, char path[256])
{
	snprintf(path, 256, "%s-state", dev->rings.path);
}

/* A daemon that has died has left what its guest had set. Here, as the claim is the main thread's to give up. */
static void net_leave(struct device *dev)
{
	char path[256];

	leave_pair(to_net(dev));
	name_state(dev, path);
	if (device_rings_are_claimed(&dev->rings))
		(void)unlink(path);
}

static void net_close(struct device *dev)
{
	struct net_device *net = to_net(dev);

	if (dev->is_forgotten)
		tap_remove(&net->tap);
	else
		tap_close(&net->tap);
}

/* ---- what we offer --------------------------------------------------------------------------------------------- */

/* More than workers gain nothing, and each costs memory. */
static unsigned int max_queues(const struct net_device *net)
{
	const struct device_host *host = net->dev.host;

	if (net->pair)
		return 1;
	return host->nr_workers < TAP_MAX_QUEUES ? host->nr_workers : TAP_MAX_QUEUES;
}

static int net_offer(struct device *dev, struct errbuf *err)
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

	if (!net->pair) /* it tells the hotplug script, too, that the interface is there */
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
	int rc = xb_read_u32_or(xb->store, xb->otherend, "xdp-headroom", 0, 0, NET_RX_MAX_HEADROOM_BYTES, &bytes, err);

	if (rc)
		return rc;
	net_state_edit(&net->state)->xdp_headroom_bytes = bytes;
	net_state_commit(&net->state);
	return 0;
}

static int net_reconfigure(struct device *dev, struct errbuf *err)
{
	return take_headroom(to_net(dev), err);
}

static int net_publish(struct device *dev, struct errbuf *err)
{
	return take_headroom(to_net(dev), err);
}

/* ---- what the guest chose -------------------------------------------------------------------------------------- */

struct net_peer {
	uint32_t rx_copy, nr_queues, sg, gso_tcpv4, gso_tcpv6, no_csum_ipv4, csum_ipv6, filters_multicast;
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
};

/*
 * Not feature-rx-notify: Mini-OS does notify of its buffers, and does not say so. What was offered is asked of the
 * store: the daemon that did so may have had more workers.
 */
static int check_peer(const struct device *dev, const struct net_peer *peer, struct errbuf *err)
{
	const struct xb_device *xb = &dev->xb;
	uint32_t max_queues;
	int rc;

	if (!peer->rx_copy)
		return errbuf_set(err, -EOPNOTSUPP,
				  "%s/request-rx-copy: not 1: pages are not given away, but copied", xb->otherend);
	rc = xb_read_u32_or(xb->store, xb->dir, "multi-queue-max-queues", 1, 1, TAP_MAX_QUEUES, &max_queues, err);
	if (rc == 0 && peer->nr_queues > max_queues)
		rc = errbuf_set(err, -EINVAL, "%s/multi-queue-num-queues: %u: expected at most %u, as was offered",
				xb->otherend, peer->nr_queues, max_queues);
	return rc;
}

static void take_limits(struct net_device *net, const struct net_peer *peer)
{
	net_policy_filter_multicast(&net->policy, peer->filters_multicast);
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

/* A single queue's nodes are the frontend's own, as they were before there could be several. */
static int read_queue(struct net_device *net, unsigned int queue, struct errbuf *err)
{
	struct device_ring *rings = &net->dev.rings.ring[queue * NET_NR_RINGS];
	char below[32] = "", dir[XB_DIR_MAX + sizeof(below)];
	int rc = 0;

	if (net->nr_queues > 1)
		snprintf(below, sizeof(below), "/queue-%u", queue);
	snprintf(dir, sizeof(dir), "%s%s", net->dev.xb.otherend, below);
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

static int net_accept(struct device *dev, struct errbuf *err)
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
		take_limits(net, &peer);
	return rc;
}

/* ---- the queues ------------------------------------------------------------------------------------------------ */

/* It is ours, but somebody may have deleted it. What takes the kernel's lock over all interfaces is done here. */
static int net_lock(struct device *dev, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	int rc;

	if (net->pair)
		return 0;
	rc = tap_is_there(&net->tap) ? 0 : net_open(dev, err);
	if (rc == 0)
		rc = tap_set_queues(&net->tap, net->nr_queues, err);
	if (rc == 0)
		rc = tap_set_offloads(&net->tap, vnet_tap_offloads(&net->limits.takes), err);
	if (rc == 0)
		tap_set_carrier(&net->tap, true);
	return rc;
}

/* What the guest has set is for the daemon that takes the connection up, if there may be one. */
static int begin_state(struct net_device *net, struct errbuf *err)
{
	const struct journal_identity *whose = &net->dev.rings.ring[0].identity;
	char path[256];
	int rc;

	name_state(&net->dev, path);
	rc = net_state_open(&net->state, path, err);
	if (rc == 0 && net->dev.is_resuming)
		rc = net_state_resume(&net->state, whose, net->nr_queues, err);
	else if (rc == 0)
		net_state_begin(&net->state, whose);
	return rc ? rc : take_headroom(net, err);
}

static void end_state(struct net_device *net, bool may_go_on)
{
	if (may_go_on)
		net_state_close(&net->state);
	else
		net_state_remove(&net->state);
}

static void on_started(void *owner, int rc, const struct errbuf *err)
{
	struct net_device *net = owner;

	if (rc) {
		net->queues = NULL;
		end_state(net, net->dev.is_resuming);
	}
	device_connected(&net->dev, rc, err);
}

static void on_failed(void *owner, const char *reason)
{
	device_fail(&((struct net_device *)owner)->dev, reason);
}

static void on_stopped(void *owner, uint32_t nr_orphans)
{
	struct net_device *net = owner;

	net_capture_put(&net->capture);
	net_queues_count(net->queues, &net->counted_before);
	net->queues = NULL;
	end_state(net, net->dev.stop_how == QUEUE_HAND_OVER);
	if (net->dev.stop_how == QUEUE_CLOSE)
		tap_set_carrier(&net->tap, false);
	else
		tap_close(&net->tap); /* before the claim is given up: the next daemon opens it */
	device_disconnected(&net->dev, nr_orphans);
}

static void net_connect(struct device *dev)
{
	struct net_device *net = to_net(dev);
	const struct net_queues_params params = {
		.host = dev->host,
		.rings = &dev->rings,
		.nr_queues = net->nr_queues,
		.has_ctrl_ring = net->has_ctrl_ring,
		.state = &net->state,
		.pair = net->pair,
		.tap = &net->tap,
		.limits = net->limits,
		.policy = &net->policy,
		.has_one_port = net->has_one_port,
		.is_resumed = dev->is_resuming,
	};
	const struct net_queue_events events = {
		.loop = dev->host->loop,
		.owner = net,
		.started = on_started,
		.failed = on_failed,
		.stopped = on_stopped,
	};
	struct errbuf err;
	int rc = begin_state(net, &err);

	if (rc == 0) {
		net->queues = net_queues_start(&params, &events);
		if (!net->queues)
			rc = errbuf_set(&err, -ENOMEM, "no memory for %u queues", net->nr_queues);
	}
	if (rc)
		on_started(net, rc, &err);
}

static void net_changed(struct device *dev)
{
	if (!to_net(dev)->pair)
		net_policy_look(&to_net(dev)->policy, dev);
}

static void net_disconnect(struct device *dev, enum queue_stop how)
{
	net_queues_stop(to_net(dev)->queues, how);
}

static int start_capture(struct net_device *net, struct net_capture *capture, struct errbuf *err)
{
	int rc = net_queues_capture(net->queues, capture);

	if (rc)
		return errbuf_set(err, rc, "no memory");
	net_capture_put(&net->capture);
	net->capture = net_capture_get(capture);
	return 0;
}

static int net_capture(struct device *dev, int64_t format, int socket, int lost, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	struct net_capture *capture = net_capture_new(socket, lost);
	int rc;

	if (!capture)
		return errbuf_set(err, -ENOMEM, "no memory");
	if (format != NET_CAPTURE_FORMAT)
		rc = errbuf_set(err, -EINVAL,
				"captures are of format %d, not %lld (is pvring of the daemon's version?)",
				NET_CAPTURE_FORMAT, (long long)format);
	else if (net->capture && net_capture_has_reader(net->capture))
		rc = errbuf_set(err, -EBUSY, "%s: somebody captures it already", net->name);
	else
		rc = start_capture(net, capture, err);
	net_capture_put(&capture);
	return rc;
}

/* ---- status ---------------------------------------------------------------------------------------------------- */

static void net_status(struct device *dev, json_t *object)
{
	struct net_device *net = to_net(dev);
	struct net_counters counters = net->counted_before;

	if (net->queues) {
		net_queues_count(net->queues, &counters);
		json_object_set_new(object, "queue_frames", net_queues_frames(net->queues));
	}
	json_object_set_new(object, "interface", text_json(net->pair ? "" : net->name));
	json_object_set_new(object, "bridge", text_json(net->bridge));
	json_object_set_new(object, "pair", text_json(net->pair ? net->pair->name : ""));
	json_object_set_new(object, "mac", text_json(net->mac));
	json_object_set_new(object, "queues", json_integer(net->queues ? net->nr_queues : 0));
	net_policy_status(&net->policy, object);
	net_counters_status(&counters, object);
}

const struct device_class net_class = {
	.kind = "vif",
	.device_bytes = sizeof(struct net_device),
	.peer_node = NET_MULTICAST_NODE,
	.parse = net_parse,
	.target = net_target,
	.open = net_open,
	.offer = net_offer,
	.accept = net_accept,
	.lock = net_lock,
	.connect = net_connect,
	.publish = net_publish,
	.reconfigure = net_reconfigure,
	.changed = net_changed,
	.disconnect = net_disconnect,
	.leave = net_leave,
	.close = net_close,
	.capture = net_capture,
	.tidy = stray_remove_all,
	.status = net_status,
};
