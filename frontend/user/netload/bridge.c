// SPDX-License-Identifier: MIT
/* --tap: frames from the tap to the vif and from the vif to the tap, each as soon as there is room. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/user/netload/netload.h"
#include "frontend/user/netload/tap.h"

#define BATCH	64
#define TICK_MS 1000 /* a signal may come just before the poll */

/* A queue of the tap and the vif's of the same number: a flow that comes by one goes on by the other. */
struct lane {
	int tap_fd;
	bool has_pending; /* a frame that the ring had no room for */
	struct net_outgoing pending;
	uint8_t frame[NET_MAX_RECEIVED_BYTES]; /* its bytes */
};

struct bridge {
	unsigned int nr_lanes;
	struct lane lane[NETFRONT_MAX_QUEUES];
};

void netload_bridge_received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes,
			     const struct net_meta *meta)
{
	struct netload *nl = arg;
	struct bridge *bridge = nl->job;
	struct virtio_net_hdr hdr;

	if (vnet_from_netif(meta, bytes, len_bytes, &hdr)) {
		nl->totals.undelivered++;
		return;
	}
	vnet_blank_large(meta, bytes, len_bytes);
	if (netload_tap_write(bridge->lane[queue].tap_fd, &hdr, bytes, len_bytes))
		nl->totals.undelivered++;
}

static struct net_takes what_is_taken(const struct netload *nl)
{
	const struct net_features *features = netfront_sends(nl->front);

	return (struct net_takes){ features->csum_ipv4, features->csum_ipv6, features->gso_tcpv4,
				   features->gso_tcpv6 };
}

/* 1: a frame is pending; 0: there is none to be had. */
static int read_one(struct netload *nl, struct lane *lane)
{
	struct net_takes takes = what_is_taken(nl);
	struct virtio_net_hdr hdr;
	ssize_t len;

	for (;;) {
		len = netload_tap_read(lane->tap_fd, &hdr, lane->frame, sizeof(lane->frame));
		if (len < 0)
			return len == -EAGAIN || len == -EINTR ? 0 : (int)len;
		lane->pending = (struct net_outgoing){ .bytes = lane->frame, .len_bytes = len };
		if (!vnet_to_netif(&hdr, lane->frame, len, &takes, &lane->pending.meta))
			break;
		nl->totals.unsent++;
	}
	lane->has_pending = true;
	return 1;
}

/* How many frames went to the ring, or -errno of the tap. */
static int send_some(struct netload *nl, unsigned int queue)
{
	struct lane *lane = &((struct bridge *)nl->job)->lane[queue];
	int rc, nr = 0;

	while (nr < BATCH) {
		rc = lane->has_pending ? 1 : read_one(nl, lane);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		rc = netfront_send(nl->front, queue, &lane->pending, NULL, 0);
		if (rc == -EAGAIN)
			break;
		lane->has_pending = false;
		nr += rc == 0;
		nl->totals.unsent += rc != 0;
	}
	return nr;
}

static int send_all_lanes(struct netload *nl)
{
	const struct bridge *bridge = nl->job;
	int nr_sent = 0;

	for (unsigned int i = 0; i < bridge->nr_lanes; i++) {
		int rc = send_some(nl, i);

		if (rc < 0)
			return rc;
		nr_sent += rc;
	}
	netfront_push(nl->front);
	return nr_sent;
}

/* Until either side has something. While a frame waits for room, its tap's next one does not matter. */
static void wait_for_either(struct netload *nl)
{
	const struct bridge *bridge = nl->job;
	struct pollfd fds[1 + NETFRONT_MAX_QUEUES] = { { .fd = netfront_fd(nl->front), .events = POLLIN } };

	for (unsigned int i = 0; i < bridge->nr_lanes; i++)
		fds[1 + i] = (struct pollfd){
			.fd = bridge->lane[i].has_pending ? -1 : bridge->lane[i].tap_fd,
			.events = POLLIN,
		};
	if (poll(fds, 1 + bridge->nr_lanes, TICK_MS) > 0 && fds[0].revents)
		(void)netfront_take_events(nl->front);
}

static int run(struct netload *nl)
{
	int nr_sent, nr_polled;

	while (!netload_stop) {
		nr_sent = send_all_lanes(nl);
		if (nr_sent < 0) {
			netload_error("%s: %s", nl->config->tap, strerror(-nr_sent));
			return EXIT_IO;
		}
		nr_polled = netfront_poll(nl->front, BATCH);
		if (!netload_goes_on(nl))
			return netfront_state(nl->front) == NETFRONT_BROKEN ? EXIT_IO : EXIT_OK;
		if (nr_sent == 0 && nr_polled == 0)
			wait_for_either(nl);
	}
	return EXIT_OK;
}

static int open_lanes(struct netload *nl, struct errbuf *err)
{
	unsigned int nr_queues = netfront_nr_queues(nl->front);
	const struct net_takes takes = what_is_taken(nl);
	unsigned int offloads = vnet_tap_offloads(&takes);
	struct bridge *bridge = nl->job;

	while (bridge->nr_lanes < nr_queues) {
		int fd = netload_tap_open(nl->config->tap, nr_queues > 1, offloads, netfront_identity(nl->front), err);

		if (fd < 0)
			return fd;
		bridge->lane[bridge->nr_lanes++].tap_fd = fd;
	}
	return 0;
}

static void close_lanes(struct bridge *bridge)
{
	while (bridge->nr_lanes > 0)
		close(bridge->lane[--bridge->nr_lanes].tap_fd);
}

int netload_bridge(struct netload *nl)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));
	int exit_code = EXIT_USAGE;
	struct errbuf err;

	if (!bridge) {
		netload_error("out of memory");
		return EXIT_USAGE;
	}
	nl->job = bridge;
	if (open_lanes(nl, &err) == 0) {
		printf("connected\n");
		fflush(stdout);
		exit_code = run(nl);
	} else {
		netload_error("%s", err.text);
	}
	close_lanes(bridge);
	nl->job = NULL;
	free(bridge);
	return exit_code;
}
