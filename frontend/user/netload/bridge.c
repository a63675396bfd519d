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
#include "frontend/user/netload/vnet.h"

#define BATCH	64
#define TICK_MS 1000 /* a signal may come just before the poll */

struct bridge {
	int tap_fd;
	bool has_pending; /* a frame that the ring had no room for */
	struct net_outgoing pending;
	uint8_t frame[NET_MAX_RECEIVED_BYTES]; /* its bytes */
};

void netload_bridge_received(void *arg, uint8_t *bytes, uint32_t len_bytes, const struct net_meta *meta)
{
	struct netload *nl = arg;
	struct bridge *bridge = nl->job;
	struct virtio_net_hdr hdr;

	if (vnet_from_meta(bytes, len_bytes, meta, &hdr) || tap_write(bridge->tap_fd, &hdr, bytes, len_bytes))
		nl->totals.undelivered++;
}

/* 1: a frame is pending; 0: there is none to be had. */
static int read_one(struct netload *nl)
{
	struct bridge *bridge = nl->job;
	struct virtio_net_hdr hdr;
	ssize_t len;

	for (;;) {
		len = tap_read(bridge->tap_fd, &hdr, bridge->frame, sizeof(bridge->frame));
		if (len < 0)
			return len == -EAGAIN || len == -EINTR ? 0 : (int)len;
		bridge->pending = (struct net_outgoing){ .bytes = bridge->frame, .len_bytes = len };
		if (!vnet_to_meta(bridge->frame, len, &hdr, netfront_sends(nl->front), &bridge->pending.meta))
			break;
		nl->totals.unsent++;
	}
	bridge->has_pending = true;
	return 1;
}

/* How many frames went to the ring, or -errno of the tap. */
static int send_some(struct netload *nl)
{
	struct bridge *bridge = nl->job;
	int rc, nr = 0;

	while (nr < BATCH) {
		rc = bridge->has_pending ? 1 : read_one(nl);
		if (rc < 0)
			return rc;
		if (rc == 0)
			break;
		rc = netfront_send(nl->front, &bridge->pending, NULL, 0);
		if (rc == -EAGAIN)
			break;
		bridge->has_pending = false;
		nr += rc == 0;
		nl->totals.unsent += rc != 0;
	}
	netfront_push(nl->front);
	return nr;
}

/* Until either side has something. While a frame waits for room, the tap's next one does not matter. */
static void wait_for_either(struct netload *nl)
{
	struct bridge *bridge = nl->job;
	struct pollfd fds[] = {
		{ .fd = netfront_fd(nl->front), .events = POLLIN },
		{ .fd = bridge->has_pending ? -1 : bridge->tap_fd, .events = POLLIN },
	};

	if (poll(fds, 2, TICK_MS) > 0 && fds[0].revents)
		(void)netfront_take_events(nl->front);
}

static int run(struct netload *nl)
{
	int nr_sent, nr_polled;

	while (!netload_stop) {
		nr_sent = send_some(nl);
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
	bridge->tap_fd =
		tap_open(nl->config->tap, vnet_offloads(netfront_sends(nl->front)), netfront_identity(nl->front), &err);
	if (bridge->tap_fd >= 0) {
		printf("connected\n");
		fflush(stdout);
		exit_code = run(nl);
		close(bridge->tap_fd);
	} else {
		netload_error("%s", err.text);
	}
	nl->job = NULL;
	free(bridge);
	return exit_code;
}
