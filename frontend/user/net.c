// SPDX-License-Identifier: MIT
#include "frontend/user/net_front.h"

#include <assert.h>
#include <errno.h>

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
	return &front->queue[0].tx.takes;
}

unsigned int netfront_nr_queues(const struct netfront *front)
{
	return front->nr_queues;
}

uint32_t netfront_nr_out(const struct netfront *front)
{
	uint32_t nr = 0;

	for (unsigned int i = 0; i < front->nr_queues; i++)
		nr += front->queue[i].tx.nr_frames_out;
	return nr;
}

struct netfront_counters netfront_counters(const struct netfront *front)
{
	struct netfront_counters counters = front->counters;

	for (unsigned int i = 0; i < front->nr_queues; i++) {
		counters.tx_slots += front->queue[i].tx.nr_slots;
		counters.rx_slots += front->queue[i].rx.nr_slots;
	}
	return counters;
}

int netfront_send(struct netfront *front, unsigned int queue, const struct net_outgoing *frame,
		  const struct net_piece *pieces, unsigned int nr_pieces)
{
	struct net_piece cut[NET_TX_MAX_PIECES];

	assert(queue < front->nr_queues || front->state != NETFRONT_CONNECTED);
	if (front->state != NETFRONT_CONNECTED)
		return -ESHUTDOWN;
	if (!pieces) {
		nr_pieces = front_tx_cut(frame->len_bytes, cut);
		pieces = cut;
	}
	return front_tx_send(&front->queue[queue].tx, frame, pieces, nr_pieces);
}

int netfront_change_group(struct netfront *front, bool is_added, const uint8_t address[6])
{
	if (front->state != NETFRONT_CONNECTED)
		return -ESHUTDOWN;
	if (!front->filters_multicast)
		return -EOPNOTSUPP;
	return front_tx_change_group(&front->queue[0].tx, is_added, address);
}

void netfront_push(struct netfront *front)
{
	if (front->state != NETFRONT_CONNECTED)
		return;
	for (unsigned int i = 0; i < front->nr_queues; i++) {
		if (front_tx_push(&front->queue[i].tx))
			front_port_notify(&front->queue[i].tx_port);
	}
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

	if (sent->is_group_change) {
		counters->refused_groups += sent->rc != 0;
	} else if (sent->rc == 0) {
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

static int take_answers(struct netfront *front, struct net_queue *queue)
{
	const char *why = NULL;
	struct net_sent sent;
	enum ring_pop got;
	int nr = 0;

	while ((got = front_tx_take(&queue->tx, &sent, &why)) == RING_GOT) {
		note_sent(front, &sent);
		nr++;
	}
	return got == RING_BROKEN ? broken(front, why) : nr;
}

static void note_received(struct netfront *front, struct net_queue *queue, enum net_step step)
{
	struct net_assembly *frame = &queue->rx.assembly;
	struct netfront_counters *counters = &front->counters;

	if (step != NET_FRAME) {
		counters->rx_errors++;
		return;
	}
	counters->rx_frames++;
	counters->rx_bytes += frame->len_bytes;
	front->config.received(front->config.arg, queue - front->queue, frame->bytes, frame->len_bytes, &frame->meta);
}

static int take_frames(struct netfront *front, struct net_queue *queue, unsigned int max)
{
	enum ring_pop got = RING_EMPTY;
	const char *why = NULL;
	enum net_step step;
	unsigned int nr = 0;

	while (nr < max && (got = front_rx_take(&queue->rx, &step, &why)) == RING_GOT) {
		note_received(front, queue, step);
		nr++;
	}
	if (got == RING_BROKEN)
		return broken(front, why);
	if (front_rx_push(&queue->rx))
		front_port_notify(net_queue_rx_port(queue));
	return nr;
}

static int poll_queue(struct netfront *front, struct net_queue *queue, unsigned int max)
{
	int nr_answers, nr_frames;

	do {
		nr_answers = take_answers(front, queue);
		if (nr_answers < 0)
			return nr_answers;
		nr_frames = take_frames(front, queue, max);
		if (nr_frames < 0)
			return nr_frames;
	} while (nr_answers + nr_frames == 0 &&
		 (ring_front_final_check(&queue->tx.ring) || ring_front_final_check(&queue->rx.ring)));
	return nr_answers + nr_frames;
}

int netfront_poll(struct netfront *front, unsigned int max)
{
	int nr = 0;

	assert(max > 0);
	if (front->state == NETFRONT_BROKEN)
		return -EPROTO;
	if (front->state == NETFRONT_CLOSED)
		return -ESHUTDOWN;
	for (unsigned int i = 0; i < front->nr_queues; i++) {
		int rc = poll_queue(front, &front->queue[i], max);

		if (rc < 0)
			return rc;
		nr += rc;
	}
	return nr;
}

uint8_t *netfront_control_page(struct netfront *front, uint32_t *gref)
{
	*gref = front->control.page.refs[0];
	return grant_pool_page(&front->control.page, 0);
}

int netfront_control(struct netfront *front, const struct xen_netif_ctrl_request *message,
		     struct xen_netif_ctrl_response *answer, struct errbuf *err)
{
	if (front->state != NETFRONT_CONNECTED)
		return errbuf_set(err, -ESHUTDOWN, "the vif is not connected");
	return net_control_ask(&front->control, message, front->config.timeout_ms, answer, err);
}

int netfront_fd(const struct netfront *front)
{
	return front->device.epoll_fd;
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

static int take_events(struct netfront *front, int timeout_ms)
{
	bool has_news;
	int rc = front_device_take_events(&front->device, timeout_ms, &has_news);

	if (has_news)
		look_at_backend(front);
	return front->state == NETFRONT_BROKEN ? -EPROTO : rc;
}

int netfront_take_events(struct netfront *front)
{
	return take_events(front, 0);
}

int netfront_wait(struct netfront *front, int timeout_ms)
{
	if (front->state == NETFRONT_BROKEN || front->state == NETFRONT_CLOSED)
		return front->state == NETFRONT_BROKEN ? -EPROTO : -ESHUTDOWN;
	return take_events(front, timeout_ms);
}
