// SPDX-License-Identifier: MIT
/* On vif 0, which has nothing behind it and gives frames; on any other what becomes of a frame is not known. */
#include "tests/fuzz/guest/guest.h"

#include <unistd.h>

#include "common/base/clock.h"
#include "tests/fuzz/guest/dice.h"
#include "tests/fuzz/guest/net_frames.h"

#define MAX_FRAMES    600
#define ONE_SPOILT_OF 12
#define NO_GREF	      1000000 /* more than there are */

static struct netfront *front;
static unsigned int nr_spoilt;
static bool is_known; /* what becomes of a good frame */

/* By page, which is the id of the slot that has it. */
static struct queue_state {
	bool is_out[NR_PAGES];
	enum expected expected[NR_PAGES];
	unsigned int nr_out, nr_extras_out, next;
} states[NETFRONT_MAX_QUEUES];

/* ---- to the rings, and back ------------------------------------------------------------------------------------ */

static void put(struct net_queue *queue, struct queue_state *state, const struct frame *frame)
{
	bool has_extra = frame->piece[0].flags & NETTXF_extra_info;

	for (unsigned int i = 0; i < frame->nr_pieces; i++) {
		ring_front_put(&queue->tx.ring, &frame->piece[i]);
		state->is_out[frame->piece[i].id] = true;
		state->expected[frame->piece[i].id] = frame->expected;
		if (i == 0 && has_extra)
			ring_front_put(&queue->tx.ring, &frame->extra);
	}
	state->nr_extras_out += has_extra;
	state->nr_out += frame->nr_pieces;
	state->next = (state->next + frame->nr_pieces) % NR_PAGES;
}

static void publish(struct net_queue *queue)
{
	(void)ring_front_push(&queue->tx.ring);
	front_port_notify(&queue->tx_port);
}

static bool take_answer(struct queue_state *state, const netif_tx_response_t *answer)
{
	if (answer->status == NETIF_RSP_NULL)
		return state->nr_extras_out-- > 0 || does_not_hold("an answer to an extra that was not sent");
	if (answer->id >= NR_PAGES || !state->is_out[answer->id])
		return does_not_hold("an answer to %u, which is not out", answer->id);
	state->is_out[answer->id] = false;
	state->nr_out--;
	if (state->expected[answer->id] == MUST_SUCCEED && is_known && answer->status != NETIF_RSP_OKAY)
		return does_not_hold("a good frame was refused: %d", answer->status);
	if (state->expected[answer->id] == MUST_FAIL && answer->status == NETIF_RSP_OKAY)
		return does_not_hold("a bad frame was sent");
	return true;
}

static bool take_answers(struct net_queue *queue, struct queue_state *state)
{
	netif_tx_response_t answer;
	enum ring_pop got;

	while ((got = ring_front_pop(&queue->tx.ring, &answer)) == RING_GOT) {
		if (!take_answer(state, &answer))
			return false;
	}
	return got == RING_EMPTY || does_not_hold("an index of answers beyond what was asked");
}

/* A place for a frame that there is none in: what would go there is lost, and nothing else. */
static void spoil_place(struct ring_front *ring)
{
	netif_rx_request_t *place = ring_slot(ring->shared, &ring->layout, ring->req_prod - 1);

	if (ring->req_prod != ring->req_pushed && ring->req_prod % 16 == 0)
		place->gref = NO_GREF;
}

static bool take_frames(struct net_queue *queue)
{
	const char *why = NULL;
	enum net_step step;
	enum ring_pop got;

	while ((got = front_rx_take(&queue->rx, &step, &why)) == RING_GOT)
		spoil_place(&queue->rx.ring);
	if (front_rx_push(&queue->rx))
		front_port_notify(net_queue_rx_port(queue));
	return got == RING_EMPTY || does_not_hold("%s", why);
}

static bool look(struct net_queue *queue, struct queue_state *state)
{
	return take_answers(queue, state) && take_frames(queue);
}

static bool wait_for_all(struct net_queue *queue, struct queue_state *state, unsigned int most_out)
{
	uint64_t end_ns = clock_in_ms(ANSWER_MS);

	if (state->nr_out + state->nr_extras_out > most_out)
		publish(queue);
	while (state->nr_out + state->nr_extras_out > most_out) {
		if (!look(queue, state))
			return false;
		if (netfront_state(front) != NETFRONT_CONNECTED)
			return does_not_hold("it ended the connection: %s", netfront_why(front));
		if (clock_now_ns() > end_ns)
			return does_not_hold("%u slots have no answer", state->nr_out + state->nr_extras_out);
		if (!ring_front_final_check(&queue->tx.ring))
			netfront_wait(front, 10);
	}
	return true;
}

/* ---- the control ring ------------------------------------------------------------------------------------------ */

/* Numbers are about as large as they may be; the page has grants of ours, or anything. */
static bool ask_control(struct net_queue *queue)
{
	struct xen_netif_ctrl_request message = { .type = (uint16_t)dice_below(12) };
	struct xen_netif_ctrl_response answer;
	uint32_t gref, *page = (uint32_t *)netfront_control_page(front, &gref);
	struct errbuf err;

	for (unsigned int i = 0; i < 64; i++)
		page[i] = dice_one_in(2) ? queue->tx.buffers.refs[i / 2] : (uint32_t)dice_below(4);
	for (unsigned int i = 0; i < 3; i++)
		message.data[i] = dice_one_in(2) ? gref : (uint32_t)(dice_one_in(4) ? dice_u64() : dice_below(40));
	return !netfront_control(front, &message, &answer, &err) || does_not_hold("control: %s", err.text);
}

/* ---------------------------------------------------------------------------------------------------------------- */

static bool ask(unsigned int nr_frames)
{
	for (unsigned int i = 0; i < nr_frames; i++) {
		unsigned int number = i % front->nr_queues;
		struct net_queue *queue = &front->queue[number];
		struct queue_state *state = &states[number];
		struct frame frame;

		begin_step(i + 1);
		if (!wait_for_all(queue, state, NR_PAGES - MAX_PIECES - 1))
			return false;
		choose_frame(&frame, front, queue, state->next);
		if (dice_one_in(ONE_SPOILT_OF)) {
			spoil_frame(&frame, queue);
			nr_spoilt++;
		}
		put(queue, state, &frame);
		if (dice_one_in(6))
			publish(queue);
		if (dice_one_in(6) && !look(queue, state))
			return false;
		if (front->config.has_control && dice_one_in(30) && !ask_control(queue))
			return false;
	}
	return true;
}

static bool wait_for_everything(void)
{
	for (unsigned int i = 0; i < front->nr_queues; i++) {
		if (!wait_for_all(&front->queue[i], &states[i], 0))
			return false;
	}
	return true;
}

/* By what no frame has, or no index is. */
static bool break_off(void)
{
	struct net_queue *queue = &front->queue[0];
	struct ring_front *ring = &queue->tx.ring;
	uint64_t end_ns = clock_in_ms(ANSWER_MS);
	struct frame frame;

	if (dice_one_in(2)) {
		peer_store_release(&ring->shared->req_prod, ring->req_pushed + ring->layout.nr_slots + 1);
	} else {
		choose_frame(&frame, front, queue, states[0].next);
		break_frame(&frame);
		put(queue, &states[0], &frame);
		(void)ring_front_push(ring);
	}
	front_port_notify(&queue->tx_port);
	while (netfront_state(front) == NETFRONT_CONNECTED) {
		if (clock_now_ns() > end_ns)
			return does_not_hold("what is impossible has not ended the connection");
		netfront_wait(front, 100);
	}
	return true;
}

static bool leave(enum leaving leaving)
{
	struct errbuf err;

	if (!wait_for_everything() || (leaving == BY_A_BAD_INDEX && !break_off()))
		return false;
	return !netfront_disconnect(front, &err) || does_not_hold("closing: %s", err.text);
}

static void received(void *arg, unsigned int queue, uint8_t *bytes, uint32_t len_bytes, const struct net_meta *meta)
{
}

bool guest_net(uint32_t devid)
{
	const struct netfront_config config = {
		.devid = devid,
		.timeout_ms = ANSWER_MS,
		.nr_queues = (uint32_t)dice_from(1, 2),
		.features = { true, true, true, true, true },
		.shares_event_channel = dice_one_in(2),
		.has_control = devid == 0,
		.received = received,
	};
	unsigned int nr = (unsigned int)dice_from(1, MAX_FRAMES);
	enum leaving leaving = choose_leaving();
	struct errbuf err;

	is_known = devid == 0;
	front = netfront_new(&config);
	if (!front || netfront_connect(front, &err))
		return does_not_hold("cannot connect: %s", front ? err.text : "no memory");
	if (!ask(nr))
		return false;
	say("%u frames, %u of them bad", nr, nr_spoilt);
	if (leaving != WITHOUT_A_WORD)
		return leave(leaving);
	publish(&front->queue[0]);
	_exit(0);
}
