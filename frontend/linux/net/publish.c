// SPDX-License-Identifier: GPL-2.0-only
/* Everything that the backend is told by xenstore, in one transaction. */
#include "frontend/linux/net/net.h"
#include "frontend/linux/nodes.h"

/* What an earlier connection, perhaps another driver's, left there and a backend would read. */
static int unpublish(struct xenbus_transaction xbt, const struct vif *vif)
{
	static const char *const names[] = {
		"tx-ring-ref", "rx-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx",
		"multi-queue-num-queues", "ctrl-ring-ref", "event-channel-ctrl", "xdp-headroom",
		"request-multicast-control",
	};
	char queue[16];
	unsigned int i;
	int rc;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		rc = xenbus_rm(xbt, vif->xdev->nodename, names[i]);
		if (rc && rc != -ENOENT)
			return rc;
	}
	for (i = 0; i < VIF_MAX_QUEUES; i++) {
		snprintf(queue, sizeof(queue), "queue-%u", i);
		rc = xenbus_rm(xbt, vif->xdev->nodename, queue);
		if (rc && rc != -ENOENT)
			return rc;
	}
	return 0;
}

static int publish_queue(struct xenbus_transaction xbt, const char *dir, const struct vif_queue *q)
{
	int rc;

	rc = xenbus_printf(xbt, dir, "tx-ring-ref", "%u", q->tx.ring_ref);
	if (!rc)
		rc = xenbus_printf(xbt, dir, "rx-ring-ref", "%u", q->rx.ring_ref);
	if (!rc)
		rc = xenbus_printf(xbt, dir, q->rx.port ? "event-channel-tx" : "event-channel", "%u", q->tx.port);
	if (!rc && q->rx.port)
		rc = xenbus_printf(xbt, dir, "event-channel-rx", "%u", q->rx.port);
	return rc;
}

/* A single queue's nodes stand in the device's directory, where they were before there could be several. */
static int publish_queues(struct xenbus_transaction xbt, const struct vif *vif)
{
	const char *dir = vif->xdev->nodename;
	unsigned int i;
	char *path;
	int rc;

	if (vif->nr_queues == 1)
		return publish_queue(xbt, dir, &vif->queue[0]);
	rc = xenbus_printf(xbt, dir, "multi-queue-num-queues", "%u", vif->nr_queues);
	for (i = 0; !rc && i < vif->nr_queues; i++) {
		path = kasprintf(GFP_KERNEL, "%s/queue-%u", dir, i);
		if (!path)
			return -ENOMEM;
		rc = publish_queue(xbt, path, &vif->queue[i]);
		kfree(path);
	}
	return rc;
}

static int publish_features(struct xenbus_transaction xbt, const struct vif *vif)
{
	const struct {
		const char *name;
		unsigned int value;
	} nodes[] = {
		{ "request-rx-copy", 1 },
		{ "feature-rx-notify", 1 },
		{ "feature-sg", 1 },
		{ "feature-gso-tcpv4", 1 },
		{ "feature-gso-tcpv6", 1 },
		{ "feature-no-csum-offload", 0 },
		{ "feature-ipv6-csum-offload", 1 },
		{ "request-multicast-control", vif->terms.filters_multicast && vif_param_multicast },
	};
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < ARRAY_SIZE(nodes); i++)
		rc = xenbus_printf(xbt, vif->xdev->nodename, nodes[i].name, "%u", nodes[i].value);
	if (!rc && vif->terms.has_control)
		rc = xenbus_printf(xbt, vif->xdev->nodename, "ctrl-ring-ref", "%u", vif->control.ring_ref);
	if (!rc && vif->terms.has_control)
		rc = xenbus_printf(xbt, vif->xdev->nodename, "event-channel-ctrl", "%u", vif->control.port);
	return rc;
}

static int publish(struct xenbus_transaction xbt, const void *arg)
{
	const struct vif *vif = arg;
	int rc;

	rc = unpublish(xbt, vif);
	if (!rc)
		rc = publish_queues(xbt, vif);
	return rc ? rc : publish_features(xbt, vif);
}

/* A driver that comes after us may know nothing of a control ring, say, whose grant it would leave to the backend. */
void vif_unpublish(struct vif *vif)
{
	unpublish(XBT_NIL, vif);
}

int vif_publish(struct vif *vif, const char **what)
{
	*what = "writing what the backend is to know";
	return nodes_change(publish, vif);
}
