// SPDX-License-Identifier: MIT
#include "frontend/user/net_front.h"

#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>

enum netfront_state netfront_state(const struct netfront *front)
{
	return front->state;
}

const char *netfront_why(const struct netfront *front)
{
	return front->why.text;
}

const struct net_identity *netfront_identity(const struct netfront *front)
{
	return &front->identity;
}

const struct net_features *netfront_sends(const struct netfront *front)
{
	return &front->queue.tx.takes;
}

uint32_t netfront_nr_out(const struct netfront *front)
{
	return front->queue.tx.nr_frames_out;
}

struct netfront_counters netfront_counters(const struct netfront *front)
{
	return front->counters;
}

int netfront_send(struct netfront *front, const struct net_outgoing *frame, const struct net_piece *pieces,
		  unsigned int nr_pieces)
{
	struct net_piece cut[NET_TX_MAX_PIECES];

	if (front->state != NETFRONT_CONNECTED)
		return -ESHUTDOWN;
	if (!pieces) {
		nr_pieces = net_tx_cut(frame->len_bytes, cut);
		pieces = cut;
	}
	return net_tx_send(&front->queue.tx, frame, pieces, nr_pieces);
}

void netfront_push(struct netfront *front)
{
	if (front->state == NETFRONT_CONNECTED && net_tx_push(&front->queue.tx))
		front_port_notify(&front->queue.tx_port);
}

static int broken(struct netfront *front, const char *why)
{
	if (front->state != NETFRONT_BROKEN)
		errbuf_set(&front->why, 0, "the backend gave %s", why);
	front->state = NETFRONT_BROKEN;
	return -EPROTO;
}

static void note_sent(struct netfront *front, const struct net_sent *sent)
{
	struct netfront_counters *counters = &front->counters;

	if (sent->rc == 0) {
		counters->tx_frames++;
		counters->tx_bytes += sent->len_bytes;
	} else if (sent->rc == -ENOBUFS) {
		counters->tx_dropped++;
	} else {
		counters->tx_errors++;
	}
	if (front->config.sent)
		front->config.sent(front->config.arg, sent);
}

static int take_answers(struct netfront *front)
{
	struct net_tx *tx = &front->queue.tx;
	const char *why = NULL;
	struct net_sent sent;
	enum ring_pop got;
	int nr = 0;

	while ((got = net_tx_take(tx, &sent, &why)) == RING_GOT) {
		note_sent(front, &sent);
		nr++;
	}
	front->counters.tx_slots = tx->nr_slots;
	return got == RING_BROKEN ? broken(front, why) : nr;
}

static void note_received(struct netfront *front, enum net_step step)
{
	struct net_assembly *frame = &front->queue.rx.assembly;
	struct netfront_counters *counters = &front->counters;

	if (step != NET_FRAME) {
		counters->rx_errors++;
		return;
	}
	counters->rx_frames++;
	counters->rx_bytes += frame->len_bytes;
	front->config.received(front->config.arg, frame->bytes, frame->len_bytes, &frame->meta);
}

static int take_frames(struct netfront *front, unsigned int max)
{
	struct net_rx *rx = &front->queue.rx;
	enum ring_pop got = RING_EMPTY;
	const char *why = NULL;
	enum net_step step;
	unsigned int nr = 0;

	while (nr < max && (got = net_rx_take(rx, &step, &why)) == RING_GOT) {
		note_received(front, step);
		nr++;
	}
	front->counters.rx_slots = rx->nr_slots;
	if (got == RING_BROKEN)
		return broken(front, why);
	if (net_rx_push(rx))
		front_port_notify(net_queue_rx_port(&front->queue));
	return nr;
}

int netfront_poll(struct netfront *front, unsigned int max)
{
	struct net_queue *queue = &front->queue;
	int nr_answers, nr_frames;

	assert(max > 0);
	if (front->state == NETFRONT_BROKEN)
		return -EPROTO;
	if (front->state == NETFRONT_CLOSED)
		return -ESHUTDOWN;
	do {
		nr_answers = take_answers(front);
		if (nr_answers < 0)
			return nr_answers;
		nr_frames = take_frames(front, max);
		if (nr_frames < 0)
			return nr_frames;
	} while (nr_answers + nr_frames == 0 &&
		 (ring_front_final_check(&queue->tx.ring) || ring_front_final_check(&queue->rx.ring)));
	return nr_answers + nr_frames;
}

int netfront_fd(const struct netfront *front)
{
	return front->epoll_fd;
}

/* The backend's state changed, or somebody touched our directory. */
static void look_at_backend(struct netfront *front)
{
	enum xb_action action;
	struct errbuf err;
	int rc;

	rc = front_device_look(&front->device, &action, &err);
	if (rc == 0 && (action == XB_ACT_NONE || action == XB_ACT_CONNECT || action == XB_ACT_REFRESH))
		return;
	if (rc == 0 && action == XB_ACT_PROTOCOL_ERROR) {
		(void)broken(front, "a state that makes no sense");
		return;
	}
	if (front->state != NETFRONT_CONNECTED)
		return;
	if (rc)
		front->why = err;
	else
		errbuf_set(&front->why, 0, "the backend closes the vif (%s)", xb_action_name(action));
	front->state = NETFRONT_CLOSING;
}

int netfront_take_events(struct netfront *front)
{
	struct epoll_event event[3];
	int nr = epoll_wait(front->epoll_fd, event, 3, 0);

	for (int i = 0; i < nr; i++) {
		switch (event[i].data.u32) {
		case NETFRONT_TX_PORT:
			front_port_take_event(&front->queue.tx_port);
			break;
		case NETFRONT_RX_PORT:
			front_port_take_event(&front->queue.rx_port);
			break;
		case NETFRONT_XENSTORE:
			look_at_backend(front);
			break;
		}
	}
	return front->state == NETFRONT_BROKEN ? -EPROTO : 0;
}

int netfront_wait(struct netfront *front, int timeout_ms)
{
	struct epoll_event event;

	if (front->state == NETFRONT_BROKEN || front->state == NETFRONT_CLOSED)
		return front->state == NETFRONT_BROKEN ? -EPROTO : -ESHUTDOWN;
	if (epoll_wait(front->epoll_fd, &event, 1, timeout_ms) <= 0)
		return 0;
	return netfront_take_events(front);
}
