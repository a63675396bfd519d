// SPDX-License-Identifier: MIT
/* A network front from nothing to Connected, and back. */
#include "frontend/user/net_front.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/user/nodes.h"
#include "xenbus/node.h"

static uint32_t buffers_of(uint32_t wanted)
{
	uint32_t nr = NET_TX_MAX_BUFFERS;

	while (wanted && nr > wanted)
		nr /= 2;
	return nr;
}

static void init_queue(struct net_queue *queue)
{
	front_tx_init(&queue->tx);
	front_rx_init(&queue->rx);
	front_port_init(&queue->tx_port);
	front_port_init(&queue->rx_port);
	queue->has_rx_port = false;
}

struct netfront *netfront_new(const struct netfront_config *config)
{
	struct netfront *front = calloc(1, sizeof(*front));

	if (!front)
		return NULL;
	front->config = *config;
	front->config.features = net_features_settle(config->features);
	front->config.nr_tx_buffers = buffers_of(config->nr_tx_buffers);
	front->config.nr_rx_buffers = buffers_of(config->nr_rx_buffers);
	front_device_init(&front->device);
	net_control_init(&front->control);
	for (unsigned int i = 0; i < NETFRONT_MAX_QUEUES; i++)
		init_queue(&front->queue[i]);
	return front;
}

static void release_queue(struct net_queue *queue)
{
	front_port_fini(&queue->tx_port);
	front_port_fini(&queue->rx_port);
	front_tx_fini(&queue->tx);
	front_rx_fini(&queue->rx);
	init_queue(queue);
}

/* The backend has let go, or never will. */
static void release(struct netfront *front)
{
	front->counters = netfront_counters(front); /* those of the queues, before they go */
	for (unsigned int i = 0; i < NETFRONT_MAX_QUEUES; i++)
		release_queue(&front->queue[i]);
	front->nr_queues = 0;
	net_control_fini(&front->control);
	front_device_fini(&front->device);
	front->state = NETFRONT_CLOSED;
	front->why.text[0] = '\0';
}

void netfront_free(struct netfront *front)
{
	if (!front)
		return;
	release(front);
	free(front);
}

static int make_queue(struct netfront *front, struct net_queue *queue, const struct net_offer *offer,
		      struct errbuf *err)
{
	const struct netfront_config *config = &front->config;
	xengntshr_handle *gntshr = front->device.gntshr;
	uint32_t domid = front->device.xb.domid;
	int rc;

	rc = front_tx_open(&queue->tx, gntshr, domid, config->nr_tx_buffers,
			   net_features_common(config->features, offer), err);
	if (rc == 0)
		rc = front_rx_open(&queue->rx, gntshr, domid, config->nr_rx_buffers, config->features, err);
	if (rc == 0)
		rc = front_port_open(&queue->tx_port, domid, err);
	if (rc || config->shares_event_channel || !offer->can_split_event_channels)
		return rc;
	queue->has_rx_port = true;
	return front_port_open(&queue->rx_port, domid, err);
}

static int make_queues(struct netfront *front, const struct net_offer *offer, struct errbuf *err)
{
	uint32_t nr_wanted = front->config.nr_queues ? front->config.nr_queues : 1;
	int rc = 0;

	front->filters_multicast = front->config.filters_multicast && offer->filters_multicast;
	front->nr_queues = nr_wanted < offer->max_queues ? nr_wanted : offer->max_queues;
	for (unsigned int i = 0; rc == 0 && i < front->nr_queues; i++)
		rc = make_queue(front, &front->queue[i], offer, err);
	return rc;
}

static int make_control(struct netfront *front, const struct net_offer *offer, struct errbuf *err)
{
	struct xb_device *xb = &front->device.xb;

	if (!offer->has_ctrl_ring)
		return errbuf_set(err, -EOPNOTSUPP, "%s/feature-ctrl-ring is not 1: it has no control ring",
				  xb->otherend);
	return net_control_open(&front->control, front->device.gntshr, xb->domid, err);
}

static int prepare(void *arg, struct errbuf *err)
{
	struct netfront *front = arg;
	struct front_device *dev = &front->device;
	struct net_offer offer;
	int rc;

	rc = net_offer_read(&dev->store, dev->xb.otherend, &offer, err);
	if (rc == 0)
		rc = net_identity_read(&dev->store, dev->xb.dir, dev->xb.otherend, &front->identity, err);
	if (rc)
		return rc;
	rc = make_queues(front, &offer, err);
	return rc || !front->config.has_control ? rc : make_control(front, &offer, err);
}

static int unpublish(struct xb_store *store, const char *dir, struct errbuf *err)
{
	static const char *const names[] = {
		"tx-ring-ref",	    "rx-ring-ref",
		"event-channel",    "event-channel-tx",
		"event-channel-rx", "multi-queue-num-queues",
		"ctrl-ring-ref",    "event-channel-ctrl",
		"xdp-headroom",	    "request-multicast-control",
	};

	return front_unpublish(store, dir, names, sizeof(names) / sizeof(names[0]), err);
}

static int publish_queue(struct xb_store *store, const char *dir, const void *arg, unsigned int number,
			 struct errbuf *err)
{
	const struct netfront *front = arg;
	const struct net_queue *queue = &front->queue[number];
	int rc;

	rc = xb_write(store, dir, "tx-ring-ref", err, "%u", queue->tx.ring_pages.refs[0]);
	if (rc == 0)
		rc = xb_write(store, dir, "rx-ring-ref", err, "%u", queue->rx.ring_pages.refs[0]);
	if (rc == 0)
		rc = xb_write(store, dir, queue->has_rx_port ? "event-channel-tx" : "event-channel", err, "%d",
			      queue->tx_port.number);
	if (rc == 0 && queue->has_rx_port)
		rc = xb_write(store, dir, "event-channel-rx", err, "%d", queue->rx_port.number);
	return rc;
}

static int publish_control(struct xb_store *store, const char *dir, const struct net_control *control,
			   struct errbuf *err)
{
	int rc = xb_write(store, dir, "ctrl-ring-ref", err, "%u", control->queue.pages.refs[0]);

	return rc ? rc : xb_write(store, dir, "event-channel-ctrl", err, "%d", control->queue.port.number);
}

/* Everything this frontend tells its backend. */
static int publish(struct xb_store *store, const char *dir, void *arg, struct errbuf *err)
{
	const struct netfront *front = arg;
	const struct net_features *takes = &front->config.features;
	const struct {
		const char *name;
		bool value;
	} nodes[] = {
		{ "request-rx-copy", true },
		{ "feature-rx-notify", true },
		{ "feature-sg", takes->sg },
		{ "feature-gso-tcpv4", takes->gso_tcpv4 },
		{ "feature-gso-tcpv6", takes->gso_tcpv6 },
		{ "feature-no-csum-offload", !takes->csum_ipv4 },
		{ "feature-ipv6-csum-offload", takes->csum_ipv6 },
		{ "request-multicast-control", front->filters_multicast },
	};
	int rc = unpublish(store, dir, err);

	if (rc == 0)
		rc = front_publish_queues(store, dir, front, front->nr_queues, publish_queue, err);
	if (rc == 0 && front->config.has_control)
		rc = publish_control(store, dir, &front->control, err);
	for (unsigned int i = 0; rc == 0 && i < sizeof(nodes) / sizeof(nodes[0]); i++)
		rc = xb_write(store, dir, nodes[i].name, err, "%d", nodes[i].value);
	return rc;
}

static int add_ports(struct netfront *front, struct net_queue *queue, struct errbuf *err)
{
	int rc = front_device_add_port(&front->device, &queue->tx_port, err);

	if (rc == 0 && queue->has_rx_port)
		rc = front_device_add_port(&front->device, &queue->rx_port, err);
	return rc;
}

static int connected(void *arg, struct errbuf *err)
{
	struct netfront *front = arg;
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < front->nr_queues; i++)
		rc = add_ports(front, &front->queue[i], err);
	/* The pages to receive in were posted when there was nobody to be told. */
	for (unsigned int i = 0; rc == 0 && i < front->nr_queues; i++)
		front_port_notify(net_queue_rx_port(&front->queue[i]));
	return rc;
}

/* Network backends wait for Connected, and are there themselves when the toolstack's script has done its part. */
static const struct front_steps steps = {
	.kind = "vif",
	.prepare = prepare,
	.publish = publish,
	.published = XB_CONNECTED,
	.connected = connected,
};

int netfront_connect(struct netfront *front, struct errbuf *err)
{
	int rc;

	assert(front->state == NETFRONT_CLOSED);
	front->counters = (struct netfront_counters){ 0 };
	rc = front_device_connect(&front->device, &steps, front->config.devid, front->config.timeout_ms, front, err);
	if (rc)
		release(front);
	else
		front->state = NETFRONT_CONNECTED;
	return rc;
}

int netfront_disconnect(struct netfront *front, struct errbuf *err)
{
	int rc;

	if (front->state == NETFRONT_CLOSED)
		return 0;
	rc = front_device_close(&front->device, front->config.timeout_ms, err);
	release(front);
	return rc;
}
