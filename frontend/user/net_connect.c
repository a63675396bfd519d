// SPDX-License-Identifier: MIT
/* A network front from nothing to Connected, and back. */
#include "frontend/user/net_front.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/base/clock.h"
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
	front->epoll_fd = -1;
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
	if (front->epoll_fd >= 0)
		close(front->epoll_fd);
	front->epoll_fd = -1;
	front->counters = netfront_counters(front); /* those of the queues, before they go */
	for (unsigned int i = 0; i < NETFRONT_MAX_QUEUES; i++)
		release_queue(&front->queue[i]);
	front->nr_queues = 0;
	net_control_fini(&front->control);
	if (front->gntshr)
		xengntshr_close(front->gntshr);
	front->gntshr = NULL;
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
	uint32_t domid = front->device.xb.domid;
	int rc;

	rc = front_tx_open(&queue->tx, front->gntshr, domid, config->nr_tx_buffers,
			 net_features_common(config->features, offer), err);
	if (rc == 0)
		rc = front_rx_open(&queue->rx, front->gntshr, domid, config->nr_rx_buffers, config->features, err);
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
	return net_control_open(&front->control, front->gntshr, xb->domid, err);
}

static int prepare(struct netfront *front, struct errbuf *err)
{
	struct front_device *dev = &front->device;
	struct net_offer offer;
	int rc;

	rc = net_offer_read(&dev->store, dev->xb.otherend, &offer, err);
	if (rc == 0)
		rc = net_identity_read(&dev->store, dev->xb.dir, dev->xb.otherend, &front->identity, err);
	if (rc)
		return rc;
	front->gntshr = xengntshr_open(NULL, 0);
	if (!front->gntshr) {
		rc = errno ? -errno : -EIO;
		return errbuf_set(err, rc, "granting pages: %s: is xen-gntalloc loaded?", strerror(-rc));
	}
	rc = make_queues(front, &offer, err);
	return rc || !front->config.has_control ? rc : make_control(front, &offer, err);
}

/* What an earlier life, perhaps another frontend's, left there and a backend would read. */
static int unpublish(struct xb_store *store, const char *dir, struct errbuf *err)
{
	static const char *const names[] = {
		"tx-ring-ref",	    "rx-ring-ref",
		"event-channel",    "event-channel-tx",
		"event-channel-rx", "multi-queue-num-queues",
		"ctrl-ring-ref",    "event-channel-ctrl",
		"xdp-headroom",	    "request-multicast-control",
	};
	char path[XB_PATH_MAX];
	int rc = 0;

	for (unsigned int i = 0; rc == 0 && i < NETFRONT_MAX_QUEUES; i++) {
		rc = xb_path(path, sizeof(path), err, "%s/queue-%u", dir, i);
		if (rc == 0)
			rc = xb_remove(store, path, err);
	}
	for (unsigned int i = 0; rc == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
		rc = xb_path(path, sizeof(path), err, "%s/%s", dir, names[i]);
		if (rc == 0)
			rc = xb_remove(store, path, err);
	}
	return rc;
}

/* dir: of the device, or of the queue where there are several. */
static int publish_queue(struct xb_store *store, const char *dir, const struct net_queue *queue, struct errbuf *err)
{
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

/* A single queue's nodes stand in the device's directory, where they were before there could be several. */
static int publish_queues(struct xb_store *store, const char *dir, const struct netfront *front, struct errbuf *err)
{
	char path[XB_PATH_MAX];
	int rc;

	if (front->nr_queues == 1)
		return publish_queue(store, dir, &front->queue[0], err);
	rc = xb_write(store, dir, "multi-queue-num-queues", err, "%u", front->nr_queues);
	for (unsigned int i = 0; rc == 0 && i < front->nr_queues; i++) {
		rc = xb_path(path, sizeof(path), err, "%s/queue-%u", dir, i);
		if (rc == 0)
			rc = publish_queue(store, path, &front->queue[i], err);
	}
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
		rc = publish_queues(store, dir, front, err);
	if (rc == 0 && front->config.has_control)
		rc = publish_control(store, dir, &front->control, err);
	for (unsigned int i = 0; rc == 0 && i < sizeof(nodes) / sizeof(nodes[0]); i++)
		rc = xb_write(store, dir, nodes[i].name, err, "%d", nodes[i].value);
	return rc;
}

static int add_source(struct netfront *front, void *source, int fd, struct errbuf *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = source };
	int rc;

	if (front->epoll_fd >= 0 && epoll_ctl(front->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	rc = -errno;
	return errbuf_set(err, rc, "epoll: %s", strerror(-rc));
}

static int add_ports(struct netfront *front, struct net_queue *queue, struct errbuf *err)
{
	int rc = add_source(front, &queue->tx_port, front_port_fd(&queue->tx_port), err);

	if (rc == 0 && queue->has_rx_port)
		rc = add_source(front, &queue->rx_port, front_port_fd(&queue->rx_port), err);
	return rc;
}

static int make_fd(struct netfront *front, struct errbuf *err)
{
	int store_fd = front_device_fd(&front->device, err);
	int rc;

	if (store_fd < 0)
		return store_fd;
	front->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	rc = add_source(front, NETFRONT_XENSTORE, store_fd, err);
	for (unsigned int i = 0; rc == 0 && i < front->nr_queues; i++)
		rc = add_ports(front, &front->queue[i], err);
	return rc;
}

static uint64_t deadline_of(const struct netfront *front)
{
	return clock_in_ms(front->config.timeout_ms);
}

/*
 * Network backends wait for Connected, and are there themselves when the toolstack's script has done its part. How far
 * connect came decides what a failure has to undo in xenstore.
 */
static int connect_steps(struct netfront *front, bool *is_published, struct errbuf *err)
{
	uint64_t deadline = deadline_of(front);
	struct front_device *dev = &front->device;
	struct errbuf ignored;
	int rc;

	rc = front_device_open(dev, "vif", front->config.devid, err);
	if (rc)
		return rc;
	rc = front_device_begin(dev, deadline, err);
	if (rc == 0)
		rc = prepare(front, err);
	if (rc)
		return rc;
	*is_published = true;
	rc = front_device_publish(dev, publish, front, XB_CONNECTED, err);
	if (rc == 0)
		rc = front_device_await_connected(dev, deadline, err);
	if (rc == 0)
		rc = make_fd(front, err);
	if (rc)
		return rc;
	(void)xb_clear_error(&dev->store, dev->xb.dir, &ignored);
	/* The pages to receive in were posted when there was nobody to be told. */
	for (unsigned int i = 0; i < front->nr_queues; i++)
		front_port_notify(net_queue_rx_port(&front->queue[i]));
	return 0;
}

int netfront_connect(struct netfront *front, struct errbuf *err)
{
	bool is_published = false;
	struct front_device *dev = &front->device;
	int rc;

	assert(front->state == NETFRONT_CLOSED);
	front->counters = (struct netfront_counters){ 0 };
	rc = connect_steps(front, &is_published, err);
	if (rc == 0) {
		front->state = NETFRONT_CONNECTED;
		return 0;
	}
	if (is_published) /* the backend may have mapped the rings */
		front_device_give_up(dev, deadline_of(front), rc, err);
	release(front);
	return rc;
}

int netfront_disconnect(struct netfront *front, struct errbuf *err)
{
	int rc;

	if (front->state == NETFRONT_CLOSED)
		return 0;
	rc = front_device_close(&front->device, deadline_of(front), err);
	release(front);
	return rc;
}
