// SPDX-License-Identifier: MIT
/* The life of a vif: its interface, its queues, and what there is to say of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/net/net.h"
#include "backend/net/rx.h"
#include "backend/net/stray.h"
#include "backend/net/tx.h"
#include "xenbus/node.h"

/* ---- its interface --------------------------------------------------------------------------------------------- */

static const char *net_target(const struct device *dev)
{
	const struct net_device *net = container_of(dev, struct net_device, dev);

	if (net->pair)
		return net->pair->name;
	return net->null.is_wanted ? net->bridge : net->name;
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

	if (!net_has_interface(net)) {
		tap_remove(&net->tap);
		return net->null.is_wanted ? net_null_open(&net->null, err) : 0;
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
	device_rings_path_of(&dev->rings, NET_STATE_ENDING, path);
}

static void name_static(struct net_device *net)
{
	device_rings_path_of(&net->dev.rings, NET_STATIC_ENDING, net->static_path);
}

/* A daemon that has died has left what its guest had set. Here, as the claim is the main thread's to give up. */
static void net_leave(struct device *dev)
{
	net_leave_pair(to_net(dev));
	if (device_rings_are_claimed(&dev->rings))
		stray_remove_beside(&dev->rings);
}

static void net_close(struct device *dev)
{
	struct net_device *net = to_net(dev);

	net_null_close(&net->null);
	if (dev->is_forgotten)
		tap_remove(&net->tap);
	else
		tap_close(&net->tap);
}

/* ---- the queues ------------------------------------------------------------------------------------------------ */

/* It is ours, but somebody may have deleted it. What takes the kernel's lock over all interfaces is done here. */
static int net_lock(struct device *dev, struct errbuf *err)
{
	struct net_device *net = to_net(dev);
	int rc;

	if (!net_has_interface(net))
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

	name_static(net);
	if (!net->dev.is_resuming)
		(void)unlink(net->static_path);
	name_state(&net->dev, path);
	rc = net_state_open(&net->state, path, err);
	if (rc == 0 && net->dev.is_resuming)
		rc = net_state_resume(&net->state, whose, net->nr_queues, err);
	else if (rc == 0)
		net_state_begin(&net->state, whose);
	if (rc == 0)
		net_set_headroom(net, net->headroom_bytes);
	return rc;
}

static void end_state(struct net_device *net, bool may_go_on)
{
	if (may_go_on) {
		net_state_close(&net->state);
	} else {
		net_state_remove(&net->state);
		(void)unlink(net->static_path);
	}
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
		.static_path = net->static_path,
		.budget = &dev->guest->persistent,
		.pair = net->pair,
		.null = net->null.is_wanted ? &net->null : NULL,
		.tap = &net->tap,
		.limits = net->limits,
		.policy = &net->policy,
		.capture = dev->capture,
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
	net_policy_look(&to_net(dev)->policy, dev);
}

static void net_disconnect(struct device *dev, enum queue_stop how)
{
	net_queues_stop(to_net(dev)->queues, how);
}

static int net_capture(struct device *dev, struct capture *capture)
{
	return net_queues_capture(to_net(dev)->queues, capture);
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
	json_object_set_new(object, "interface", text_json(net_has_interface(net) ? net->name : ""));
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
	.is_among_tasks = true,
	.worker_scratch = { .turn = NET_RX_SCRATCH_PAGES, .flight = NET_TX_SCRATCH_PAGES },
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
	.capture_format = NET_CAPTURE_FORMAT,
	.tidy = stray_remove_all,
	.status = net_status,
};
